// SPDX-License-Identifier: MIT
//
// One request in flight, shared by two threads: the I/O thread brings header and body in, the caller takes them out and
// watches the clock. The caller never waits for the I/O thread: when its time is over it leaves, and whatever arrives
// afterwards is dropped.
#pragma once

#include "vo/http/transport.h"

#include <condition_variable>
#include <mutex>

namespace skymount::vo {

class Exchange {
 public:
  using Steady = FetchContext::Steady;

  /// Above this much unread body the transfer is paused: some writes of the reader's to its disk, so that a slow reader
  /// costs memory of one piece and a fast one never waits for the I/O thread. With half of it a scan took 15 % longer.
  static constexpr std::size_t kHighWater = 1024 * 1024;

  Exchange(HttpRequest asked, Priority urgency) : request(std::move(asked)), priority(urgency) {}

  const HttpRequest request;
  const Priority priority;

  // --- the I/O thread's side
  void connecting();
  void sent();
  /// The header of the final answer (not of a 100 Continue).
  void header(HttpResponse response);
  enum class Taken { yes, full, unwanted };
  /// full: nothing was taken, come again after resume. unwanted: nobody listens any more, end the transfer.
  Taken body(ByteView piece);
  void finished(std::optional<WireFailure> failure);
  bool abandoned() const;

  // --- the caller's side
  struct Limits {
    std::chrono::milliseconds connect, first_byte, stall;
  };
  /// Runs the callbacks until the answer is complete or something ends it. `resume` is called when a paused transfer
  /// may go on. Queueing for a connection counts against ctx.deadline alone.
  WireResult wait(const HttpClient::OnHeader& on_header, const HttpClient::OnBody& on_body, const Limits& limits,
                  const FetchContext& ctx, const std::function<void()>& resume);
  /// False when the I/O thread still works on it.
  bool done() const;

 private:
  struct Alarm {
    Steady::time_point at;
    WireFailure::Kind kind;
  };
  Alarm next_alarm(const Limits& limits, const FetchContext& ctx) const;
  WireFailure alarm_failure(WireFailure::Kind kind, const Limits& limits) const;
  WireResult leave(std::unique_lock<std::mutex>& lock, WireFailure failure);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Steady::time_point> connecting_since_, sent_at_;
  Steady::time_point last_byte_{};  // or when the caller came back for more, if that was later
  std::optional<HttpResponse> response_;
  Bytes buffer_;  // what the caller has not taken yet
  std::uint64_t received_ = 0;
  bool paused_ = false;
  bool done_ = false;
  bool abandoned_ = false;
  std::optional<WireFailure> failure_;
};

}  // namespace skymount::vo
