// SPDX-License-Identifier: MIT
#include "vo/service_failures.h"

#include "cache/base/log.h"
#include "vo/fits/header_scan.h"
#include "vo/fits/promised_size.h"
#include "vo/http/redact.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// So many orders refused in a row, all of which could be met: the service understands none.
constexpr int kRefusals = 3;
// Services with an address for each file: what is remembered of them does not grow for ever.
constexpr std::size_t kMostServices = 1000;
// Looked at of an answer that may be still on its way.
constexpr std::uint64_t kLook = 4_MiB;

std::string key_of(const ServiceCall& service) {
  return service.access_url.substr(0, service.access_url.find_first_of("?#"));
}

}  // namespace

bool is_failure_of_the_service(Code code) {
  return code == Code::unavailable || code == Code::timed_out || code == Code::corrupt;
}

std::optional<Error> ServiceFailures::failure(const ServiceCall& service) const {
  const WallTime now = clock_.now();
  return states_.with([&](const auto& states) -> std::optional<Error> {
    const auto it = states.find(key_of(service));
    return it == states.end() || !it->second.why || now >= it->second.until ? std::nullopt : it->second.why;
  });
}

void ServiceFailures::failed(const ServiceCall& service, const Error& why) {
  const WallTime now = clock_.now();
  log(LogLevel::info, "the service " + redact_text(key_of(service)) + " is left alone for a while: " + why.what());
  states_.with([&](auto& states) {
    if (states.size() >= kMostServices) {
      std::erase_if(states, [&](const auto& state) { return now >= state.second.until; });
      if (states.size() >= kMostServices) states.clear();
    }
    states.insert_or_assign(key_of(service), State{why, now + left_alone_, 0});
  });
}

void ServiceFailures::refused(const ServiceCall& service, const Error& why) {
  const int times = states_.with([&](auto& states) {
    if (states.size() >= kMostServices) states.clear();
    return ++states[key_of(service)].refusals;
  });
  if (times >= kRefusals) failed(service, why);
}

void ServiceFailures::worked(const ServiceCall& service) {
  states_.with([&](auto& states) { states.erase(key_of(service)); });
}

Result<void> can_be_a_cutout(cache::ContentReader& answer, const FetchContext& ctx) {
  std::optional<Error> failure;
  bool all_seen = true;
  const auto read = [&](ByteRange range) -> std::optional<SharedBytes> {
    if (range.end() > kLook) {
      all_seen = false;
      return std::nullopt;
    }
    Result<SharedBytes> bytes = answer.read_alone(range, ctx);
    if (bytes) return std::move(*bytes);
    failure = bytes.error();
    return std::nullopt;
  };
  const Result<void> whole = holds_what_its_headers_promise(answer.size(), read);
  if (failure) return fail(*failure);
  if (!whole || !all_seen) return whole;
  bool any_header = false;
  for (std::uint64_t at = 0; at < answer.size();) {
    HeaderScan scan;
    for (std::uint64_t look = 10 * kFitsBlock;; look = kLook - at) {
      const auto bytes = read({at, std::min(answer.size() - at, look)});
      scan = bytes ? scan_header(bytes->view()) : HeaderScan{};
      if (scan.state != HeaderState::needs_more || at >= kLook || look >= kLook - at) break;
    }
    if (scan.state != HeaderState::complete) break;
    if (scan.header.data_bytes > 0) return {};
    any_header = true;
    at += std::max(scan.header.unit_bytes, kFitsBlock);
  }
  if (failure) return fail(*failure);
  if (any_header) return fail(Code::no_data, "the service sent FITS headers without data");
  return {};
}

}  // namespace skymount::vo
