// SPDX-License-Identifier: MIT
//
// See the header. An origin without failures has no entry, so the map holds only the sick.
#include "vo/http/circuit_breaker.h"

#include <algorithm>

namespace skymount::vo {

Result<void> CircuitBreaker::enter(const std::string& name, Steady::time_point now) {
  std::lock_guard lock(mutex_);
  const auto it = origins_.find(name);
  if (it == origins_.end() || it->second.failures < policy_.failures) return {};
  Origin& origin = it->second;
  if (now < origin.closed_until || origin.probing) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(std::max(origin.closed_until - now, Steady::duration(1)));
    return fail(Code::unavailable, name + " did not answer " + std::to_string(origin.failures) + " times in a row (" +
                                       origin.reason + "); next try in " + std::to_string(left.count()) + " s");
  }
  origin.probing = true;
  return {};
}

void CircuitBreaker::answered(const std::string& name) {
  std::lock_guard lock(mutex_);
  origins_.erase(name);
}

void CircuitBreaker::failed(const std::string& name, std::string reason, Steady::time_point now) {
  std::lock_guard lock(mutex_);
  Origin& origin = origins_[name];
  ++origin.failures;
  origin.reason = std::move(reason);
  origin.failed_at = now;
  if (origin.failures < policy_.failures) return;
  // Callers that were under way when it closed report late; only a probe makes the rest longer.
  if (origin.rest.count() != 0 && !origin.probing) return;
  origin.rest = origin.rest.count() == 0 ? policy_.first_rest : std::min(origin.rest * 2, policy_.longest_rest);
  origin.closed_until = now + origin.rest;
  origin.probing = false;
}

void CircuitBreaker::undecided(const std::string& name) {
  std::lock_guard lock(mutex_);
  if (const auto it = origins_.find(name); it != origins_.end()) it->second.probing = false;
}

void CircuitBreaker::asked_to_wait(const std::string& name, std::string reason, Steady::time_point until,
                                   Steady::time_point now) {
  std::lock_guard lock(mutex_);
  Asked& asked = rests_[name];
  // The longest of several answers that came at once.
  if (until <= asked.rest.until) return;
  asked = {{until, std::move(reason)}, now};
}

std::optional<CircuitBreaker::Rest> CircuitBreaker::rest(const std::string& name, Steady::time_point now) {
  std::lock_guard lock(mutex_);
  const auto it = rests_.find(name);
  if (it == rests_.end()) return std::nullopt;
  if (now < it->second.rest.until) return it->second.rest;
  rests_.erase(it);
  return std::nullopt;
}

std::vector<SickOrigin> CircuitBreaker::sick(Steady::time_point now) const {
  using std::chrono::duration_cast, std::chrono::milliseconds;
  std::lock_guard lock(mutex_);
  std::vector<SickOrigin> out;
  for (const auto& [name, origin] : origins_) {
    const auto wait = std::max(origin.closed_until - now, Steady::duration(0));
    out.push_back({name, origin.failures, origin.reason, duration_cast<milliseconds>(now - origin.failed_at),
                   origin.closed_until == Steady::time_point{} ? milliseconds(0) : duration_cast<milliseconds>(wait)});
  }
  for (const auto& [name, asked] : rests_) {
    if (asked.rest.until <= now) continue;
    const auto left = duration_cast<milliseconds>(asked.rest.until - now);
    const auto same = std::find_if(out.begin(), out.end(), [&](const SickOrigin& s) { return s.origin == name; });
    if (same == out.end()) {
      out.push_back({name, 0, asked.rest.reason, duration_cast<milliseconds>(now - asked.at), left});
    } else {
      same->until_next_try = std::max(same->until_next_try, left);
    }
  }
  return out;
}

}  // namespace skymount::vo
