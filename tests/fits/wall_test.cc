// SPDX-License-Identifier: MIT
//
// The wall holds on both sides: a worker can do nothing but compute, and one that crashes, hangs or talks nonsense
// costs its job an error and the next job nothing.
#include "tests/fits/fits_files.h"
#include "vo/fits/wall/workers.h"
#include "vo/fits/worker/sandbox.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace skymount::vo {
namespace {

using ::testing::HasSubstr;

FetchContext patient() {
  return FetchContext::within(std::chrono::seconds(20), "test");
}

Result<SharedBytes> nothing_to_read(ByteRange) {
  return fail(Code::unavailable, "nothing to read");
}

RegionJob any_region() {
  RegionJob job;
  job.cards = test::card("SIMPLE  =                    T") + test::card("END");
  job.outline = {{1, 1}};
  return job;
}

Result<void> ask(Workers& workers, const FetchContext& ctx = patient()) {
  return workers.run(
      FrameKind::region, pack(any_region()), nothing_to_read, [](FrameKind, ByteView) -> Result<void> { return {}; },
      ctx);
}

/// tests/fits/bad_worker.cc: what it does wrong is told in the place of the memory that it may have.
Workers bad(std::uint64_t how) {
  WorkerOptions options{SKYMOUNT_BAD_WORKER, 2};
  options.memory_bytes = how;
  options.silence = std::chrono::milliseconds(300);
  return Workers(options);
}

TEST(Wall, AWorkerThatCrashesIsReplaced) {
  Workers workers = bad(1);
  for (unsigned i = 1; i <= 3; ++i) {
    const Result<void> outcome = ask(workers);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), Code::corrupt);
    EXPECT_THAT(outcome.error().what(), HasSubstr("crashed"));
    EXPECT_EQ(workers.started(), i);
  }
}

TEST(Wall, AWorkerThatComputesForEverIsEnded) {
  Workers workers = bad(2);
  const auto begun = std::chrono::steady_clock::now();
  const Result<void> outcome = ask(workers);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::corrupt);
  EXPECT_THAT(outcome.error().what(), HasSubstr("too long"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

TEST(Wall, TheCallersTimeAndWishEndAJob) {
  WorkerOptions options{SKYMOUNT_BAD_WORKER, 2};
  options.memory_bytes = 2;
  options.silence = std::chrono::seconds(60);
  Workers workers(options);
  EXPECT_EQ(ask(workers, FetchContext::within(std::chrono::milliseconds(100), "test")).error().code(), Code::timed_out);
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  EXPECT_EQ(ask(workers, FetchContext::within(std::chrono::seconds(20), "test", stop.get_token())).error().code(),
            Code::cancelled);
}

TEST(Wall, NonsenseIsAnErrorWhateverItIs) {
  // 3: no frame; 4: a frame of 4 GB; 5: wants the whole address space; 6: an unknown failure; 7: ends without a word.
  for (const std::uint64_t how : {3, 4, 5, 6, 7}) {
    SCOPED_TRACE(how);
    Workers workers = bad(how);
    const Result<void> outcome = ask(workers);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), Code::corrupt) << outcome.error().what();
  }
}

TEST(Wall, AProgramThatIsNotThereIsSaid) {
  Workers workers({"/nowhere/skymount-fits"});
  const Result<void> outcome = ask(workers);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), Code::unsupported);
  EXPECT_THAT(outcome.error().what(), HasSubstr("/nowhere/skymount-fits"));
}

TEST(Wall, OneWorkerServesManyJobsAndThreeServeAnyNumberOfCallers) {
  Workers workers({SKYMOUNT_FITS});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(workers).error().code(), Code::unsupported) << "no coordinates in there";
  EXPECT_EQ(workers.started(), 1U);
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([&] { EXPECT_EQ(ask(workers).error().code(), Code::unsupported); });
  callers.clear();
  EXPECT_LE(workers.started(), 3U);
}

const Workers::Take kNothingToTake = [](FrameKind, ByteView) -> Result<void> { return {}; };

/// A job that wants ten bytes of a file.
Result<void> want_bytes(Workers& workers, const ServeRange& read) {
  return workers.run(FrameKind::pixels, {}, read, kNothingToTake, patient());
}

Result<SharedBytes> at_once(ByteRange range) {
  return SharedBytes(Bytes(range.length));
}

TEST(Wall, WhoWaitsForASlowArchiveKeepsNobodyWaiting) {
  WorkerOptions options{SKYMOUNT_BAD_WORKER, 2};
  options.memory_bytes = 99;
  options.most_stalled = 3;
  options.stalled = std::chrono::milliseconds(200);
  Workers workers(options);
  std::atomic<bool> go_on = false;
  std::atomic<int> waiting = 0;
  const ServeRange slowly = [&](ByteRange range) {
    ++waiting;
    go_on.wait(false);
    return at_once(range);
  };
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back([&] { EXPECT_TRUE(want_bytes(workers, slowly)); });
  const auto begun = std::chrono::steady_clock::now();
  while (waiting < 4 && std::chrono::steady_clock::now() - begun < std::chrono::seconds(10)) std::this_thread::yield();
  EXPECT_EQ(waiting, 4) << "two, then two in the places of those that stall";
  const Result<void> outcome = want_bytes(workers, at_once);
  EXPECT_TRUE(outcome) << outcome.error().what();
  EXPECT_EQ(workers.living(), 5U);
  go_on = true;
  go_on.notify_all();
  callers.clear();
  EXPECT_LE(workers.living(), 3U) << "what stalled leaves nothing behind";
}

TEST(Wall, AWorkerThatIsStoppedHoldsUpAQuestionForARegionForSecondsOnly) {
  WorkerOptions options{SKYMOUNT_BAD_WORKER, 2};
  options.memory_bytes = 2;
  options.region_silence = std::chrono::milliseconds(200);
  Workers workers(options);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(workers).error().code(), Code::corrupt);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
}

/// "CapEff" of /proc/PID/status, or "" when there is no such process.
std::string status_of(pid_t pid, const std::string& field) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  return "";
}

std::vector<pid_t> children() {
  std::vector<pid_t> out;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream in(task.path() / "children");
    for (pid_t pid = 0; in >> pid;) out.push_back(pid);
  }
  return out;
}

TEST(Wall, AnIdleWorkerEndsAndLeavesNoZombie) {
  WorkerOptions options{SKYMOUNT_BAD_WORKER, 2};
  options.memory_bytes = 99;
  options.idle = std::chrono::milliseconds(300);
  Workers workers(options);
  ASSERT_TRUE(want_bytes(workers, at_once));
  EXPECT_EQ(workers.living(), 1U);
  EXPECT_EQ(children().size(), 1U);
  for (int i = 0; i < 100 && !children().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(children().empty());
  EXPECT_EQ(workers.living(), 0U);
}

TEST(Wall, AWorkerHasNoCapabilitiesWhoeverStartsIt) {
  WorkerOptions options{SKYMOUNT_BAD_WORKER, 2};
  options.memory_bytes = 99;
  Workers workers(options);
  const std::string own = status_of(getpid(), "CapBnd");
  ASSERT_TRUE(want_bytes(workers, at_once));
  ASSERT_EQ(children().size(), 1U);
  const pid_t worker = children().front();
  for (const char* set : {"CapEff", "CapPrm", "CapInh", "CapAmb"})
    EXPECT_EQ(status_of(worker, set), "0000000000000000") << set;
  EXPECT_EQ(status_of(worker, "NoNewPrivs"), "1");
  EXPECT_EQ(status_of(getpid(), "CapBnd"), own) << "what starts it keeps its own";
}

/// VmData, in bytes: the stacks of threads that are gone and what tests before this one have had count, too.
std::uint64_t data_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmData:")) return std::strtoull(line.c_str() + 7, nullptr, 10) * 1024;
  }
  return 0;
}
std::uint64_t inherited = 0;

/// How a process ends that entered the sandbox and then did this.
template <class Deed>
int after_entering(Deed deed) {
  int ends[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 3);
    malloc_trim(0);
    inherited = data_of_process();
    if (!enter_sandbox(3, inherited + (32 << 20), inherited + (512 << 20))) _exit(99);
    deed();
    _exit(0);
  }
  close(ends[0]);
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Sandbox, LeavesNothingButComputing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need what the sandbox takes away";
#endif
  EXPECT_EQ(after_entering([] {}), 0);
  const auto killed = [](int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS; };
  EXPECT_TRUE(killed(after_entering([] { open("/etc/passwd", O_RDONLY); }))) << "files";
  EXPECT_TRUE(killed(after_entering([] { socket(AF_INET, SOCK_STREAM, 0); }))) << "network";
  EXPECT_TRUE(killed(after_entering([] { fork(); }))) << "processes";
  EXPECT_TRUE(killed(after_entering([] { kill(getppid(), 0); }))) << "other processes";
  EXPECT_TRUE(killed(after_entering([] { write(2, "x", 1); }))) << "other descriptors";
  EXPECT_TRUE(killed(after_entering([] {
    mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }))) << "executable memory";
  EXPECT_EQ(after_entering([] {
              if (std::malloc(128 << 20) != nullptr) _exit(1);  // over the 32 MB that it may have beside what it had
              if (std::malloc(8 << 20) == nullptr) _exit(2);
            }),
            0)
      << "memory";
  EXPECT_EQ(after_entering([] {
              if (!allow_memory(inherited + (384 << 20))) _exit(1);  // up to 512 MB more
              void* held = std::malloc(128 << 20);
              if (held == nullptr) _exit(2);
              std::free(held);
              if (allow_memory(inherited + (513 << 20))) _exit(3);
              if (!allow_memory(inherited + (32 << 20)) || std::malloc(128 << 20) != nullptr) _exit(4);
            }),
            0)
      << "more memory for a job, within bounds, and back";
}

}  // namespace
}  // namespace skymount::vo
