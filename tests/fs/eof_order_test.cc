// SPDX-License-Identifier: MIT
#include "fs/eof_order.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace skymount::fs {
namespace {

using namespace std::chrono_literals;

TEST(EofOrder, AnAnswerFromBeyondTheEndWaitsForTheOneThatHoldsIt) {
  Deadlines deadlines;
  const auto eof = std::make_shared<EofOrder>(1000);
  std::atomic<bool> answered{false};
  EXPECT_TRUE(eof->spans_end({900, 200}));
  EXPECT_FALSE(eof->spans_end({900, 100}));
  EXPECT_TRUE(eof->is_beyond({1100, 100}));
  EXPECT_FALSE(eof->is_beyond({1000, 100})) << "there an empty answer says the right size";
  eof->begin();
  eof->after_end([&] { answered = true; }, deadlines);
  std::this_thread::sleep_for(60ms);
  EXPECT_FALSE(answered) << "however long the read of the end takes";
  eof->end();
  EXPECT_TRUE(answered);
}

TEST(EofOrder, WithoutAReadOfTheEndNobodyWaitsLong) {
  Deadlines deadlines;
  const auto eof = std::make_shared<EofOrder>(1000);
  std::promise<void> answered;
  eof->after_end([&] { answered.set_value(); }, deadlines);
  EXPECT_EQ(answered.get_future().wait_for(5s), std::future_status::ready);
}

TEST(EofOrder, OnceTheEndIsToldAnswersAreImmediate) {
  Deadlines deadlines;
  const auto eof = std::make_shared<EofOrder>(1000);
  eof->begin();
  eof->end();
  bool answered = false;
  eof->after_end([&] { answered = true; }, deadlines);
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace skymount::fs
