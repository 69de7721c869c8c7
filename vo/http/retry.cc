// SPDX-License-Identifier: MIT
//
// The loop of tries. An answer that asks to come back is swallowed here while another try is left; the last one goes to
// the caller, who reads the archive's words in it.
#include "vo/http/retry.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <random>

namespace skymount::vo {
namespace {

// An error page that is to be tried again is read to its end so that its connection can be used again, unless it is
// longer.
constexpr std::size_t kSwallow = 64 * 1024;

double real_random() {
  thread_local std::mt19937 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

WallTime system_now() {
  return SystemClock().now();
}

// What overflows a number or a time point is very long, not absent.
constexpr std::int64_t kLongestRetryAfter = 30 * 86400;
// An origin may have itself left alone for an hour, as CDS does after too many requests; a year is a mistake.
constexpr std::chrono::hours kLongestRest{1};
// Nobody sleeps longer in a call, even in one without a deadline: most calls stand for a person who would rather be
// told.
constexpr std::chrono::minutes kLongestSleep{2};

/// Seconds or a date (RFC 9110 10.2.3); nothing when absent or unreadable.
std::optional<std::chrono::seconds> retry_after(const HttpResponse& response, WallTime now) {
  const auto text = response.headers.get("Retry-After");
  if (!text) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (end == text->data() + text->size() && error != std::errc::invalid_argument) {
    if (error == std::errc::result_out_of_range) seconds = text->starts_with('-') ? 0 : kLongestRetryAfter;
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLongestRetryAfter));
  }
  const auto date = parse_http_date(*text);
  if (!date) return std::nullopt;
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  return std::chrono::seconds(std::clamp<std::int64_t>(*date - now_s, 0, kLongestRetryAfter));
}

bool is_safe(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool asks_for_retry(const HttpRequest& request, const HttpResponse& response) {
  switch (response.status) {
    case 429:
    case 503: return is_safe(request) || response.headers.get("Retry-After").has_value();
    case 500:
    case 502:
    case 504: return is_safe(request);
    default: return false;
  }
}

bool may_try_again(const HttpRequest& request, WireFailure::Kind kind) {
  if (kind == WireFailure::Kind::connect) return true;
  return kind == WireFailure::Kind::broken && is_safe(request);
}

/// Sleeps until `until` or ctx.stop; false when stopped.
bool sleep_until(FetchContext::Steady::time_point until, const FetchContext& ctx) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, ctx.stop, until, [] { return false; });
  return !ctx.stopped();
}

WireFailure cancelled(const HttpRequest& request) {
  return {WireFailure::Kind::cancelled, Error(Code::cancelled, request.url.redacted() + ": cancelled")};
}

std::string story(unsigned tries, FetchContext::Steady::duration time) {
  if (tries <= 1) return {};
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return " (" + std::to_string(tries) + " tries in " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
         " s)";
}

}  // namespace

/// One try: its result, and whether the answer was swallowed because it asks to come back.
struct RetryingTransport::Attempt {
  WireResult result;
  bool swallowed = false;
  bool header_given = false;
  std::optional<std::chrono::seconds> come_back;
  int status = 0;
};

RetryingTransport::RetryingTransport(std::shared_ptr<Transport> wire, RetryPolicy policy)
    : wire_(std::move(wire)), policy_(std::move(policy)), breaker_(policy_.breaker) {}

std::optional<WireFailure> RetryingTransport::wait_for_turn(const HttpRequest& request, const FetchContext& ctx) {
  if (policy_.requests_per_second <= 0) return std::nullopt;
  const auto step =
      std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(1 / policy_.requests_per_second));
  Steady::time_point turn;
  {
    std::lock_guard lock(pace_mutex_);
    turn = std::max(Steady::now(), next_turn_);
    if (turn > ctx.deadline)
      return WireFailure{
          WireFailure::Kind::deadline,
          Error(Code::timed_out, request.url.redacted() + ": too many requests are waiting for their turn "
                                                          "(requests_per_second)")};
    next_turn_ = turn + step;
  }
  if (!sleep_until(turn, ctx)) return cancelled(request);
  return std::nullopt;
}

std::chrono::milliseconds RetryingTransport::pause_before(unsigned next_try) const {
  const auto full = std::min<std::chrono::milliseconds>(policy_.first_pause * (1LL << std::min(next_try - 2, 16U)),
                                                        policy_.longest_pause);
  const double random = policy_.random ? policy_.random() : real_random();
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(full.count()) * (1 - random / 2)));
}

/// What the origin asked of one call holds for all: they wait for it, or are told.
std::optional<WireFailure> RetryingTransport::wait_for_rest(const HttpRequest& request, const std::string& origin,
                                                            const FetchContext& ctx) {
  while (const auto rest = breaker_.rest(origin)) {
    if (rest->until >= ctx.deadline || rest->until > Steady::now() + kLongestSleep) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(rest->until - Steady::now());
      return WireFailure{WireFailure::Kind::unavailable,
                         Error(Code::unavailable, request.url.redacted() + ": " + rest->reason +
                                                      "; it is asked again in " + std::to_string(left.count()) + " s")};
    }
    // Not all at once when it is over: within a tenth of it, at most a second.
    const auto left = rest->until - Steady::now();
    const double random = policy_.random ? policy_.random() : real_random();
    const auto late = std::chrono::duration_cast<Steady::duration>(
        std::min<Steady::duration>(left / 10, std::chrono::seconds(1)) * random);
    if (!sleep_until(std::min(rest->until + late, ctx.deadline), ctx)) return cancelled(request);
  }
  return std::nullopt;
}

void RetryingTransport::note_rest(const std::string& origin, const Attempt& answer, unsigned number) {
  const bool too_many = answer.status == 429;
  if (!answer.swallowed || (!answer.come_back && !too_many)) return;
  const std::chrono::milliseconds pause = answer.come_back
                                              ? std::min<std::chrono::milliseconds>(*answer.come_back, kLongestRest)
                                              : pause_before(number + 1);
  if (pause.count() <= 0) return;
  breaker_.asked_to_wait(origin, "the archive asks to be left alone (HTTP " + std::to_string(answer.status) + ")",
                         Steady::now() + pause);
}

RetryingTransport::Attempt RetryingTransport::attempt(const HttpRequest& request, bool last,
                                                      const HttpClient::OnHeader& on_header,
                                                      const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  Attempt out;
  std::size_t swallowed = 0;
  const auto header = [&](const HttpResponse& response) -> Result<void> {
    out.status = response.status;
    if (asks_for_retry(request, response)) {
      out.come_back = retry_after(response, policy_.wall_now ? policy_.wall_now() : system_now());
      out.swallowed = !last || out.come_back;
      if (out.swallowed) return {};
    }
    out.header_given = true;
    return on_header ? on_header(response) : Result<void>();
  };
  const auto body = [&](ByteView piece) -> Result<void> {
    if (!out.swallowed) return on_body ? on_body(piece) : Result<void>();
    swallowed += piece.size();
    if (swallowed > kSwallow) return fail(Code::unavailable, "not read");
    return {};
  };
  out.result = wire_->exchange(request, header, body, ctx);
  return out;
}

WireResult RetryingTransport::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                       const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  using Kind = WireFailure::Kind;
  const std::string origin = request.url.origin();
  const auto began = Steady::now();
  for (unsigned number = 1;; ++number) {
    if (auto failure = wait_for_rest(request, origin, ctx)) return tl::unexpected<WireFailure>(std::move(*failure));
    if (auto failure = wait_for_turn(request, ctx)) return tl::unexpected<WireFailure>(std::move(*failure));
    if (auto open = breaker_.enter(origin); !open)
      return wire_failure(Kind::unavailable, Code::unavailable, request.url.redacted() + ": " + open.error().what());
    const bool last = number >= policy_.tries;
    Attempt now = attempt(request, last, on_header, on_body, ctx);
    const Kind* kind = now.result ? nullptr : &now.result.error().kind;
    if (now.status != 0)
      breaker_.answered(origin);
    else if (kind != nullptr && (*kind == Kind::connect || *kind == Kind::first_byte))
      breaker_.failed(origin, now.result.error().error.what());
    else
      breaker_.undecided(origin);

    note_rest(origin, now, number);
    const bool gone = kind != nullptr && (*kind == Kind::cancelled || *kind == Kind::deadline);
    const bool again = now.swallowed ? !gone : kind != nullptr && !now.header_given && may_try_again(request, *kind);
    if (!again) {
      if (kind != nullptr && number > 1) {
        const Error& error = now.result.error().error;
        return wire_failure(*kind, error.code(), error.what() + story(number, Steady::now() - began));
      }
      return std::move(now.result);
    }
    const auto until =
        Steady::now() + (now.come_back ? std::chrono::milliseconds(*now.come_back) : pause_before(number + 1));
    if (now.swallowed && now.come_back && (last || until >= ctx.deadline || *now.come_back > kLongestSleep))
      return wire_failure(Kind::unavailable, Code::unavailable,
                          request.url.redacted() + ": HTTP " + std::to_string(now.status) +
                              ", the archive asks to come back in " + std::to_string(now.come_back->count()) + " s" +
                              story(number, Steady::now() - began));
    if (last || until >= ctx.deadline) {
      if (now.swallowed)
        return wire_failure(
            Kind::unavailable, Code::unavailable,
            request.url.redacted() + ": HTTP " + std::to_string(now.status) + story(number, Steady::now() - began));
      const Error& error = now.result.error().error;
      return wire_failure(*kind, error.code(), error.what() + story(number, Steady::now() - began));
    }
    if (!sleep_until(until, ctx)) return tl::unexpected<WireFailure>(cancelled(request));
  }
}

}  // namespace skymount::vo
