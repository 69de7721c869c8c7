// SPDX-License-Identifier: MIT
//
// An answer that runs on a thread of its own and is read from another: what open_remote starts, a source may finish,
// without asking twice for bytes that are already on their way.
#pragma once

#include "vo/http/client.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace skymount::vo {

class RunningAnswer {
 public:
  /// Sends at once. `ctx.deadline` bounds the time to the header; the body is bounded by the client's stall time, and
  /// by `patience` while it is not read and the buffer is full (a file that was opened and never read must not keep one
  /// of the few connections).
  RunningAnswer(std::shared_ptr<HttpClient> client, HttpRequest request, const FetchContext& ctx,
                std::chrono::milliseconds patience = std::chrono::seconds(60));
  /// Ends the transfer.
  ~RunningAnswer();
  RunningAnswer(const RunningAnswer&) = delete;
  RunningAnswer& operator=(const RunningAnswer&) = delete;

  /// Waits for the header. Errors as HttpClient::send, for the caller's own ctx too.
  Result<HttpResponse> header(const FetchContext& ctx);
  /// The next piece of the body, empty at its end.
  Result<Bytes> next(const FetchContext& ctx);

 private:
  void run(std::shared_ptr<HttpClient> client, HttpRequest request);
  Result<void> take(ByteView piece);
  /// Waits until `ready()`; cancelled or timed_out as ctx says.
  template <class Ready>
  Result<void> wait(std::unique_lock<std::mutex>& lock, const FetchContext& ctx, Ready ready);

  const std::string where_;  // for messages
  std::stop_source stop_;
  FetchContext context_;  // the thread's own after the start
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<HttpResponse> response_;
  Bytes buffer_;
  FetchContext::Steady::time_point last_read_;
  bool ended_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace skymount::vo
