// SPDX-License-Identifier: MIT
#include "vo/fits/wall/workers.h"

#include "cache/base/log.h"
#include "vo/fits/wall/worker_process.h"

#include <condition_variable>
#include <mutex>
#include <vector>

namespace skymount::vo {
namespace {

// A worker may have leaked or been led astray without showing it: it does not live for ever.
constexpr unsigned kJobsOfOne = 200;

struct Worker {
  std::unique_ptr<WorkerProcess> process;
  unsigned jobs = 0;
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
    Result<Worker> worker = acquire(most, ctx);
    if (!worker) return fail(worker.error());
    bool well = false;
    const Result<void> outcome = talk(*worker->process, job, payload, read, take, ctx, soon, well);
    if (!well) {
      if (!outcome && outcome.error().code() == Code::corrupt)
        log(LogLevel::warning, "a FITS worker was ended: " + outcome.error().what());
      worker->process.reset();  // before the place is free, so that there are never more than allowed
    }
    release(well ? std::move(*worker) : Worker{});
    return outcome;
  }

  unsigned started() const {
    std::lock_guard lock(mutex_);
    return started_;
  }

 private:
  Result<Worker> acquire(unsigned most, const FetchContext& ctx) {
    std::vector<Worker> over;  // ends after the lock
    std::unique_lock lock(mutex_);
    const auto until = std::min(ctx.deadline, FetchContext::Steady::now() + std::chrono::hours(24));
    if (!free_.wait_until(lock, ctx.stop, until, [&] { return busy_ < most; })) {
      return fail(ctx.stopped() ? Code::cancelled : Code::timed_out, "other cutouts are computed first");
    }
    ++busy_;
    while (!idle_.empty()) {
      Worker worker = std::move(idle_.back());
      idle_.pop_back();
      if (worker.process->ready()) return worker;
      over.push_back(std::move(worker));
    }
    ++started_;
    lock.unlock();
    Result<std::unique_ptr<WorkerProcess>> process = WorkerProcess::start(options_.program, options_.memory_bytes);
    if (process) return Worker{std::move(*process), 0};
    release({});
    return fail(process.error());
  }

  void release(Worker worker) {
    std::lock_guard lock(mutex_);
    --busy_;
    if (worker.process && ++worker.jobs < kJobsOfOne) idle_.push_back(std::move(worker));
    free_.notify_all();  // not all of them may take this place
  }

  /// `well`: the worker is at rest and may have another job.
  Result<void> talk(WorkerProcess& process, FrameKind job, ByteView payload, const ServeRange& read, const Take& take,
                    const FetchContext& ctx, const Soon& soon, bool& well) {
    if (Result<void> sent = process.send(job, payload, ctx, options_.silence); !sent) return sent;
    for (;;) {
      Result<Frame> frame = process.receive(ctx, options_.silence);
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
  std::condition_variable_any free_;
  std::vector<Worker> idle_;
  unsigned busy_ = 0, started_ = 0;
};

Workers::Workers(WorkerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Workers::~Workers() = default;

Result<void> Workers::run(FrameKind job, ByteView payload, const ServeRange& read, const Take& take,
                          const FetchContext& ctx, const Soon& soon) {
  return impl_->run(job, payload, read, take, ctx, soon);
}

unsigned Workers::started() const {
  return impl_->started();
}

}  // namespace skymount::vo
