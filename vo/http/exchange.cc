// SPDX-License-Identifier: MIT
//
// The timers live on the caller's side: a thread that waits anyway can as well watch the clock, and it can leave at
// once even when the I/O thread is busy.
#include "vo/http/exchange.h"

#include <algorithm>
#include <utility>

namespace skymount::vo {
namespace {

std::string seconds_text(std::chrono::milliseconds time) {
  const auto tenths = time.count() / 100;
  return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : "") + " s";
}

/// The two buffers of a data transfer: one is filled while the other one is taken. A thread that fetches one range
/// after the other keeps them, so that their pages are not made anew for each (30,000 page faults in 256 MiB).
struct Buffers {
  Bytes filling, taken;
};
thread_local Buffers kept_buffers;

/// The thread's buffers while it lives. Metadata is small and gets none.
class LentBuffers : public Buffers {
 public:
  explicit LentBuffers(Traffic traffic) : lent_(traffic == Traffic::data) {
    if (!lent_) return;
    static_cast<Buffers&>(*this) = std::exchange(kept_buffers, {});
    // The last piece comes on top of the mark, and curl's are up to 128 KiB. What is not written costs no memory.
    filling.reserve(Exchange::kHighWater + 128 * 1024);
    taken.reserve(Exchange::kHighWater + 128 * 1024);
  }
  ~LentBuffers() {
    filling.clear();
    taken.clear();
    if (lent_) kept_buffers = {std::move(filling), std::move(taken)};
  }
  LentBuffers(const LentBuffers&) = delete;
  LentBuffers& operator=(const LentBuffers&) = delete;

 private:
  const bool lent_;
};

}  // namespace

void Exchange::connecting() {
  std::lock_guard lock(mutex_);
  if (!connecting_since_) connecting_since_ = Steady::now();
  changed_.notify_all();
}

void Exchange::sent() {
  std::lock_guard lock(mutex_);
  sent_at_ = Steady::now();
  changed_.notify_all();
}

void Exchange::header(HttpResponse response) {
  std::lock_guard lock(mutex_);
  response.final_url = request.url;
  response_ = std::move(response);
  last_byte_ = Steady::now();
  changed_.notify_all();
}

Exchange::Taken Exchange::body(ByteView piece) {
  std::lock_guard lock(mutex_);
  if (abandoned_ || failure_) return Taken::unwanted;
  if (request.max_body != 0 && received_ + piece.size() > request.max_body) {
    failure_ = WireFailure{WireFailure::Kind::refused,
                           Error(Code::too_large, request.url.redacted() + ": the answer is larger than the " +
                                                      std::to_string(request.max_body) + " bytes allowed for it")};
    changed_.notify_all();
    return Taken::unwanted;
  }
  if (buffer_.size() >= kHighWater) {
    paused_ = true;
    return Taken::full;
  }
  buffer_.insert(buffer_.end(), piece.begin(), piece.end());
  received_ += piece.size();
  last_byte_ = Steady::now();
  changed_.notify_all();
  return Taken::yes;
}

void Exchange::finished(std::optional<WireFailure> failure) {
  std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(failure);
  done_ = true;
  changed_.notify_all();
}

bool Exchange::abandoned() const {
  std::lock_guard lock(mutex_);
  return abandoned_;
}

bool Exchange::done() const {
  std::lock_guard lock(mutex_);
  return done_;
}

Exchange::Alarm Exchange::next_alarm(const Limits& limits, const FetchContext& ctx) const {
  Alarm next{ctx.deadline, WireFailure::Kind::deadline};
  const auto consider = [&](Steady::time_point at, WireFailure::Kind kind) {
    if (at < next.at) next = {at, kind};
  };
  if (response_)
    consider(last_byte_ + limits.stall, WireFailure::Kind::stall);
  else if (sent_at_)
    consider(*sent_at_ + limits.first_byte, WireFailure::Kind::first_byte);
  else if (connecting_since_)
    consider(*connecting_since_ + limits.connect, WireFailure::Kind::connect);
  return next;
}

WireFailure Exchange::alarm_failure(WireFailure::Kind kind, const Limits& limits) const {
  std::string what = request.url.redacted() + ": ";
  switch (kind) {
    case WireFailure::Kind::connect: what += "no connection within " + seconds_text(limits.connect); break;
    case WireFailure::Kind::first_byte:
      what += "no answer within " + seconds_text(limits.first_byte) + " after the request was sent";
      break;
    case WireFailure::Kind::stall:
      what += "nothing came for " + seconds_text(limits.stall) + ", after " + std::to_string(received_) + " bytes";
      break;
    default:
      what += !connecting_since_ && !sent_at_ ? "the time for this call ended while it waited for a free connection"
              : !response_                    ? "the time for this call ended before the answer began"
                           : "the time for this call ended after " + std::to_string(received_) + " bytes of the answer";
  }
  return {kind, Error(Code::timed_out, std::move(what))};
}

WireResult Exchange::leave(std::unique_lock<std::mutex>& lock, WireFailure failure) {
  abandoned_ = true;
  buffer_ = {};
  lock.unlock();
  return tl::unexpected<WireFailure>(std::move(failure));
}

WireResult Exchange::wait(const HttpClient::OnHeader& on_header, const HttpClient::OnBody& on_body,
                          const Limits& limits, const FetchContext& ctx, const std::function<void()>& resume) {
  // Declared before the lock, hence destroyed after it: its destructor waits for a callback that wants the lock.
  const std::stop_callback wake(ctx.stop, [this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  bool header_given = false;
  LentBuffers buffers(request.traffic);
  Bytes& taken = buffers.taken;
  std::unique_lock lock(mutex_);
  if (buffer_.empty()) buffer_.swap(buffers.filling);
  for (;;) {
    if (ctx.stopped())
      return leave(lock,
                   {WireFailure::Kind::cancelled, Error(Code::cancelled, request.url.redacted() + ": cancelled")});
    if (ctx.expired()) return leave(lock, alarm_failure(WireFailure::Kind::deadline, limits));
    if (response_ && !header_given) {
      header_given = true;
      const HttpResponse& answer = *response_;  // not changed again once it is set
      lock.unlock();
      Result<void> wanted = on_header ? on_header(answer) : Result<void>();
      lock.lock();
      if (!wanted) return leave(lock, {WireFailure::Kind::refused, std::move(wanted.error())});
      last_byte_ = std::max(last_byte_, Steady::now());
      continue;
    }
    if (!buffer_.empty() && header_given) {
      taken.clear();
      taken.swap(buffer_);
      const bool was_paused = std::exchange(paused_, false);
      lock.unlock();
      if (was_paused) resume();
      Result<void> wanted = on_body ? on_body(taken) : Result<void>();
      lock.lock();
      if (!wanted) return leave(lock, {WireFailure::Kind::refused, std::move(wanted.error())});
      last_byte_ = std::max(last_byte_, Steady::now());
      continue;
    }
    if (failure_) return leave(lock, *failure_);
    if (done_) {
      buffer_.swap(buffers.filling);
      return std::move(*response_);
    }
    const Alarm alarm = next_alarm(limits, ctx);
    if (Steady::now() >= alarm.at) return leave(lock, alarm_failure(alarm.kind, limits));
    // time_point::max() overflows inside some implementations of wait_until; a spare look every hour is free.
    changed_.wait_until(lock, std::min(alarm.at, Steady::now() + std::chrono::hours(1)));
  }
}

}  // namespace skymount::vo
