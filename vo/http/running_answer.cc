// SPDX-License-Identifier: MIT
//
// A pipe of one buffer between the sending thread and the reader.
#include "vo/http/running_answer.h"

#include <algorithm>

namespace skymount::vo {
namespace {

constexpr std::size_t kBuffer = 1024 * 1024;

}  // namespace

RunningAnswer::RunningAnswer(std::shared_ptr<HttpClient> client, HttpRequest request, const FetchContext& ctx,
                             std::chrono::milliseconds patience)
    : where_(request.url.redacted()), context_(ctx), patience_(patience), last_read_(FetchContext::Steady::now()) {
  context_.stop = stop_.get_token();
  thread_ = std::thread([this, client = std::move(client), request = std::move(request)]() mutable {
    run(std::move(client), std::move(request));
  });
}

RunningAnswer::~RunningAnswer() {
  stop_.request_stop();
  {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  thread_.join();
}

void RunningAnswer::run(std::shared_ptr<HttpClient> client, HttpRequest request) {
  const auto header = [this](const HttpResponse& response) -> Result<void> {
    context_.deadline = FetchContext::Steady::time_point::max();  // read again by the transfer, on this thread
    std::lock_guard lock(mutex_);
    response_ = response;
    changed_.notify_all();
    return {};
  };
  auto result = client->send(
      request, header, [this](ByteView piece) { return take(piece); }, context_);
  std::lock_guard lock(mutex_);
  if (!result) error_ = std::move(result.error());
  ended_ = true;
  changed_.notify_all();
}

Result<void> RunningAnswer::take(ByteView piece) {
  std::unique_lock lock(mutex_);
  while (buffer_.size() >= kBuffer) {
    if (stop_.stop_requested()) return fail(Code::cancelled, where_ + ": nobody wants this answer any more");
    const auto until = last_read_ + patience_;
    if (FetchContext::Steady::now() >= until)
      return fail(Code::timed_out, where_ + ": the answer was not read for too long");
    changed_.wait_until(lock, until);
  }
  buffer_.insert(buffer_.end(), piece.begin(), piece.end());
  changed_.notify_all();
  return {};
}

template <class Ready>
Result<void> RunningAnswer::wait(std::unique_lock<std::mutex>& lock, const FetchContext& ctx, Ready ready) {
  while (!ready()) {
    if (ctx.stopped()) return fail(Code::cancelled, where_ + ": cancelled");
    if (ctx.expired())
      return fail(Code::timed_out, where_ + ": the time for this call ended while it waited for the archive");
    changed_.wait_until(lock, std::min(ctx.deadline, FetchContext::Steady::now() + std::chrono::hours(1)));
  }
  return {};
}

Result<HttpResponse> RunningAnswer::header(const FetchContext& ctx) {
  const std::stop_callback wake(ctx.stop, [this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  if (auto waited = wait(lock, ctx, [this] { return response_ || ended_; }); !waited)
    return fail(std::move(waited.error()));
  if (response_) return *response_;
  return fail(error_ ? *error_ : Error(Code::corrupt, "an answer without a header"));
}

Result<Bytes> RunningAnswer::next(const FetchContext& ctx) {
  const std::stop_callback wake(ctx.stop, [this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  last_read_ = FetchContext::Steady::now();
  if (auto waited = wait(lock, ctx, [this] { return !buffer_.empty() || ended_; }); !waited)
    return fail(std::move(waited.error()));
  Bytes piece;
  piece.swap(buffer_);
  last_read_ = FetchContext::Steady::now();
  changed_.notify_all();
  if (piece.empty() && error_) return fail(*error_);
  return piece;
}

}  // namespace skymount::vo
