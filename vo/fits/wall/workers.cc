// SPDX-License-Identifier: MIT
#include "vo/fits/wall/workers.h"

#include "cache/base/log.h"
#include "vo/fits/wall/worker_process.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace skymount::vo {
namespace {

// A worker may have leaked or been led astray without showing it: it does not live for ever.
constexpr unsigned kJobsOfOne = 200;

// How soon whoever waits for a place notices that a job stalls.
constexpr std::chrono::milliseconds kLook{100};
// How soon it is noticed that a worker without a job has ended or has been idle for too long.
constexpr std::chrono::milliseconds kLookAtIdle{2'000};

using Steady = FetchContext::Steady;

struct Worker {
  std::unique_ptr<WorkerProcess> process;
  unsigned jobs = 0;
  Steady::time_point since{};  ///< idle
};

/// One that is under way.
struct Job {
  std::optional<Steady::time_point> waits_since;  ///< for a file's bytes
};

}  // namespace

class Workers::Impl {
 public:
  explicit Impl(WorkerOptions options) : options_(std::move(options)) {}

  Result<void> run(FrameKind job, ByteView payload, const ServeRange& read, const Take& take, const FetchContext& ctx,
                   const Soon& soon) {
    if (payload.size() > kLongestFrame) return fail(Code::too_large, "a FITS header too long to be looked at");
    // A slow archive's pixels keep nobody from what needs none: where a region lies, a picture of what is here.
    const unsigned most = options_.most + (job == FrameKind::pixels ? 0 : 1);
    std::list<Job>::iterator place;
    Result<Worker> worker = acquire(most, ctx, place);
    if (!worker) return fail(worker.error());
    bool well = false;
    const ServeRange told = [&](ByteRange range) {
      set_waiting(*place, Steady::now());
      Result<SharedBytes> bytes = read(range);
      set_waiting(*place, std::nullopt);
      return bytes;
    };
    const Result<void> outcome = talk(*worker->process, job, payload, told, take, ctx, soon, well);
    if (!well) {
      if (!outcome && outcome.error().code() == Code::corrupt)
        log(LogLevel::warning, "a FITS worker was ended: " + outcome.error().what());
      worker->process.reset();  // before the place is free, so that there are never more than allowed
    }
    release(well ? std::move(*worker) : Worker{}, place);
    return outcome;
  }

  unsigned living() const {
    std::lock_guard lock(mutex_);
    return static_cast<unsigned>(jobs_.size() + idle_.size());
  }

  unsigned started() const {
    std::lock_guard lock(mutex_);
    return started_;
  }

 private:
  void set_waiting(Job& job, std::optional<Steady::time_point> since) {
    std::lock_guard lock(mutex_);
    job.waits_since = since;
  }

  /// A job that waits for an archive computes nothing: its worker stays, its place is another's. Not of any number:
  /// each has its memory.
  bool has_place(unsigned most) const {
    const auto long_ago = Steady::now() - options_.stalled;
    const auto stalls = [&](const Job& job) { return job.waits_since && *job.waits_since <= long_ago; };
    const auto stalled = static_cast<unsigned>(std::count_if(jobs_.begin(), jobs_.end(), stalls));
    return jobs_.size() < most + std::min(stalled, options_.most_stalled);
  }

  bool wait_for_place(std::unique_lock<std::mutex>& lock, unsigned most, const FetchContext& ctx) {
    while (!has_place(most)) {
      const auto now = Steady::now();
      if (ctx.stopped() || now >= ctx.deadline) return false;
      free_.wait_until(lock, ctx.stop, std::min(ctx.deadline, now + kLook), [&] { return has_place(most); });
    }
    return true;
  }

  Result<Worker> acquire(unsigned most, const FetchContext& ctx, std::list<Job>::iterator& place) {
    std::vector<Worker> over;  // ends after the lock
    std::unique_lock lock(mutex_);
    if (!wait_for_place(lock, most, ctx)) {
      return fail(ctx.stopped() ? Code::cancelled : Code::timed_out, "other cutouts are computed first");
    }
    place = jobs_.insert(jobs_.end(), Job{});
    while (!idle_.empty()) {
      Worker worker = std::move(idle_.back());
      idle_.pop_back();
      if (worker.process->ready()) return worker;
      over.push_back(std::move(worker));
    }
    ++started_;
    lock.unlock();
    Result<std::unique_ptr<WorkerProcess>> process = WorkerProcess::start(options_.program, options_.memory_bytes);
    if (process) return Worker{std::move(*process), 0, {}};
    release({}, place);
    return fail(process.error());
  }

  void release(Worker worker, std::list<Job>::iterator place) {
    std::lock_guard lock(mutex_);
    jobs_.erase(place);
    if (worker.process && ++worker.jobs < kJobsOfOne) {
      worker.since = Steady::now();
      // No more than can be at work together, whatever stalled meanwhile.
      if (idle_.size() <= options_.most) idle_.push_back(std::move(worker));
      if (!reaper_.joinable()) reaper_ = std::jthread([this](const std::stop_token& over) { reap(over); });
      idlers_.notify_all();
    }
    free_.notify_all();  // not all of them may take this place
  }

  /// Ends what was idle for long, and buries what ended by itself. Sleeps while there is nothing idle.
  void reap(const std::stop_token& over) {
    std::unique_lock lock(mutex_);
    while (!over.stop_requested()) {
      idlers_.wait(lock, over, [&] { return !idle_.empty(); });
      std::vector<Worker> ended;
      const auto long_ago = Steady::now() - options_.idle;
      for (auto it = idle_.begin(); it != idle_.end();) {
        const bool living = it->since > long_ago && it->process->ready();
        if (!living) ended.push_back(std::move(*it));
        it = living ? it + 1 : idle_.erase(it);
      }
      if (!ended.empty()) {
        lock.unlock();
        ended.clear();  // waits for their ends
        lock.lock();
      }
      idlers_.wait_for(lock, over, std::min(kLookAtIdle, options_.idle), [] { return false; });
    }
  }

  /// `well`: the worker is at rest and may have another job.
  Result<void> talk(WorkerProcess& process, FrameKind job, ByteView payload, const ServeRange& read, const Take& take,
                    const FetchContext& ctx, const Soon& soon, bool& well) {
    const auto silence = job == FrameKind::region ? std::min(options_.silence, options_.region_silence) : options_.silence;
    if (Result<void> sent = process.send(job, payload, ctx, silence); !sent) return sent;
    for (;;) {
      Result<Frame> frame = process.receive(ctx, silence);
      if (!frame) return fail(frame.error());
      switch (frame->kind) {
        case FrameKind::done: well = frame->payload.empty(); return {};
        case FrameKind::failed: {
          const auto failure = unpack_failure(frame->payload);
          well = failure.has_value();
          if (failure) return fail(*failure);
          return fail(broken());
        }
        case FrameKind::want:
          if (Result<void> served = serve(process, *frame, read, soon, ctx); !served) return served;
          break;
        default:
          if (Result<void> taken = take(frame->kind, frame->payload); !taken) return taken;
      }
    }
  }

  Result<void> serve(WorkerProcess& process, const Frame& frame, const ServeRange& read, const Soon& soon,
                     const FetchContext& ctx) const {
    const auto wanted = unpack_wanted(frame.payload);
    if (!wanted) return fail(broken());
    for (const ByteRange& range : *wanted) {
      if (soon && wanted->size() > 1) soon(range);
    }
    for (const ByteRange& range : *wanted) {
      const Result<SharedBytes> bytes = read(range);
      if (!bytes) return fail(bytes.error());
      if (Result<void> sent = process.send(FrameKind::bytes, bytes->view(), ctx, options_.silence); !sent) return sent;
    }
    return {};
  }

  static Error broken() {
    return {Code::corrupt, "the program that looks into FITS files answered nonsense to this one"};
  }

  const WorkerOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable_any free_, idlers_;
  std::vector<Worker> idle_;
  std::list<Job> jobs_;
  unsigned started_ = 0;
  std::jthread reaper_;  // last: it uses the members above
};

Workers::Workers(WorkerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Workers::~Workers() = default;

Result<void> Workers::run(FrameKind job, ByteView payload, const ServeRange& read, const Take& take,
                          const FetchContext& ctx, const Soon& soon) {
  return impl_->run(job, payload, read, take, ctx, soon);
}

unsigned Workers::living() const {
  return impl_->living();
}

unsigned Workers::started() const {
  return impl_->started();
}

}  // namespace skymount::vo
