// SPDX-License-Identifier: MIT
//
// A caller that waits: finished exactly once, by whoever comes first: the work, its deadline, the caller's own wish to
// stop (Ctrl-C), or the end of the mount, when the last reference goes.
#pragma once

#include "cache/base/executor.h"
#include "cache/base/fetch_context.h"
#include "cache/base/result.h"
#include "fs/deadlines.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

namespace skymount::fs {

template <class T>
using Done = std::function<void(Result<T>)>;

template <class T>
class Waiting : public std::enable_shared_from_this<Waiting<T>> {
 public:
  static std::shared_ptr<Waiting> start(Done<T> done, const FetchContext& ctx, Deadlines& deadlines) {
    auto waiting = std::shared_ptr<Waiting>(new Waiting(std::move(done)));
    const std::weak_ptr<Waiting> weak = waiting;
    waiting->listed_ = deadlines.callers().begin(ctx.cause, ctx.deadline);
    if (ctx.deadline != FetchContext::Steady::time_point::max()) {
      deadlines.at(ctx.deadline, [weak, cause = ctx.cause] {
        if (auto self = weak.lock())
          self->finish(fail(Code::timed_out, "the time budget ended; the work goes on behind"));
      });
    }
    waiting->on_stop_.emplace(ctx.stop, [weak] {
      if (auto self = weak.lock()) self->finish(fail(Code::cancelled, "interrupted"));
    });
    return waiting;
  }
  ~Waiting() { finish(fail(Code::cancelled, "the mount is closing")); }

  /// False when somebody else was first; the result is then dropped.
  bool finish(Result<T> result) {
    if (finished_.exchange(true)) return false;
    listed_.reset();
    done_(std::move(result));
    return true;
  }
  bool finished() const { return finished_; }

 private:
  explicit Waiting(Done<T> done) : done_(std::move(done)) {}
  Done<T> done_;
  std::atomic<bool> finished_{false};
  std::shared_ptr<void> listed_;  // before the stop callback, which may finish at once
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

/// Runs `work` on `lane` for a caller that waits; one that has left by then costs nothing.
template <class T, class Work>
void park(Executor& lane, std::shared_ptr<Waiting<T>> waiting, Work work) {
  lane.submit([waiting = std::move(waiting), work = std::move(work)] {
    if (!waiting->finished()) work(*waiting);
  });
}

}  // namespace skymount::fs
