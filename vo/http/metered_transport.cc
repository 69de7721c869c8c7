// SPDX-License-Identifier: MIT
#include "vo/http/metered_transport.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace skymount::vo {
namespace {

std::int64_t minute_of(WallTime when) {
  return std::chrono::floor<std::chrono::minutes>(when.time_since_epoch()).count();
}

std::string clock_text(std::int64_t minute) {
  const std::time_t seconds = static_cast<std::time_t>(minute) * 60;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[20];
  std::strftime(text, sizeof text, "%H:%M UTC", &utc);
  return text;
}

std::string amount(std::uint64_t bytes) {
  char text[40];
  if (bytes < 10'000'000)
    std::snprintf(text, sizeof text, "%llu bytes", static_cast<unsigned long long>(bytes));
  else
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

}  // namespace

MeteredTransport::MeteredTransport(std::shared_ptr<Transport> below, std::uint64_t bytes_per_hour,
                                   std::function<WallTime()> now)
    : below_(std::move(below)), limit_(bytes_per_hour), now_(std::move(now)) {}

WallTime MeteredTransport::now() const {
  return now_ ? now_() : SystemClock().now();
}

void MeteredTransport::came(std::uint64_t bytes) {
  const std::int64_t minute = minute_of(now());
  std::lock_guard lock(mutex_);
  Minute& slot = minutes_[static_cast<std::size_t>(minute) % kMinutes];
  if (slot.number != minute) slot = {minute, 0};
  slot.bytes += bytes;
}

std::optional<Error> MeteredTransport::used_up() const {
  const std::int64_t current = minute_of(now());
  std::array<Minute, kMinutes> hour;
  {
    std::lock_guard lock(mutex_);
    hour = minutes_;
  }
  const auto oldest = current - static_cast<std::int64_t>(kMinutes);
  std::sort(hour.begin(), hour.end(), [](const Minute& a, const Minute& b) { return a.number < b.number; });
  std::uint64_t sum = 0;
  for (const Minute& minute : hour) sum += minute.number > oldest && minute.number <= current ? minute.bytes : 0;
  if (sum < limit_) return std::nullopt;
  // It opens again when so many of the oldest minutes are an hour old that less than the limit remains.
  std::int64_t opens = current + static_cast<std::int64_t>(kMinutes);
  std::uint64_t left = sum;
  for (const Minute& minute : hour) {
    if (minute.number <= oldest || minute.number > current) continue;
    left -= minute.bytes;
    if (left >= limit_) continue;
    opens = minute.number + static_cast<std::int64_t>(kMinutes);
    break;
  }
  return Error(Code::over_quota,
               amount(sum) + " came from this archive within an hour, and [limits] bytes_per_hour = " +
                   std::to_string(limit_) + "; it is asked again at " + clock_text(opens) + " (in " +
                   std::to_string(std::max<std::int64_t>(1, opens - current)) + " min). What is here stays readable");
}

WireResult MeteredTransport::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                      const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  const auto refusal = [&](const Error& why) { return Error(why).during(request.url.redacted()); };
  if (const auto why = used_up())
    return tl::unexpected<WireFailure>(WireFailure{WireFailure::Kind::unavailable, refusal(*why)});
  const auto body = [&](ByteView piece) -> Result<void> {
    if (const auto why = used_up()) return fail(refusal(*why));
    came(piece.size());
    return on_body ? on_body(piece) : Result<void>();
  };
  return below_->exchange(request, on_header, body, ctx);
}

}  // namespace skymount::vo
