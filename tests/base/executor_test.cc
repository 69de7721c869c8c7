// SPDX-License-Identifier: MIT
#include "cache/base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

namespace skymount {
namespace {

TEST(Executor, RunsAsManyAtOnceAsItHasThreadsAndQueuesTheRest) {
  std::latch three(3);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> done{0};
  Executor executor("test", 3);
  for (int i = 0; i < 8; ++i) {
    executor.submit([&] {
      if (!three.try_wait()) three.count_down();
      open.wait();
      ++done;
    });
  }
  three.wait();  // would hang if fewer than three ran at once
  EXPECT_EQ(executor.queued(), 5U);
  gate.set_value();
  while (done < 8) std::this_thread::yield();
}

TEST(Executor, DropsWhatHasNotBegunAtItsEnd) {
  auto witness = std::make_shared<int>(0);
  std::promise<void> started;
  std::promise<void> gate;
  {
    Executor executor("test", 1);
    executor.submit([&] {
      started.set_value();
      gate.get_future().wait();
    });
    started.get_future().wait();
    executor.submit([witness] { ++*witness; });
    executor.shutdown();
    EXPECT_EQ(witness.use_count(), 1) << "the dropped job must let go of what it holds at once";
    gate.set_value();
  }
  EXPECT_EQ(*witness, 0);
}

TEST(Executor, OutlivesAJobThatThrows) {
  std::promise<void> ran;
  Executor executor("test", 1);
  executor.submit([] { throw std::runtime_error("oops"); });
  executor.submit([&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

}  // namespace
}  // namespace skymount
