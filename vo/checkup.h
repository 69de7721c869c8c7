// SPDX-License-Identifier: MIT
//
// Is an archive well, and which part of it is not? A fixed sequence of small questions, each built on those before it
// and asked through the same code as a mount asks. A part that cannot be asked because an earlier one failed is
// skipped and says so; nothing here throws away an answer because another one was bad.
#pragma once

#include "cache/base/clock.h"
#include "vo/archive_options.h"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

enum class Verdict {
  ok,
  warn,     ///< works, but not as well as it could
  bad,      ///< does not work
  skipped,  ///< not asked, or nothing to ask
};
/// "ok", "warn", "not well", "skipped".
std::string_view to_text(Verdict verdict);

struct CheckStep {
  std::string name;  ///< dns, connect, tls, tap, obscore, maxrec, geometry, links, batch, auth, ranges, clock, routes
  Verdict verdict = Verdict::ok;
  std::string words;   ///< what was found
  std::string advice;  ///< what to do; empty when there is nothing to do
  std::chrono::milliseconds took{0};
  unsigned requests = 0;
};

struct CheckupOptions {
  std::chrono::milliseconds step{15'000};                   ///< budget of each step: a person waits
  std::chrono::milliseconds slow_after{5'000};              ///< an answer that takes longer is worth a word
  std::function<void(const CheckStep&)> on_step = nullptr;  ///< told each as it is done
};

/// No more HTTP requests than this, whatever happens; redirects are not counted.
inline constexpr unsigned kMostCheckRequests = 15;

/// Blocks. Asks the network only. Steps always come in the same order and number.
std::vector<CheckStep> check_archive(const ArchiveOptions& archive, const Clock& clock, const CheckupOptions& options);

/// No step is bad.
bool is_well(const std::vector<CheckStep>& steps);

}  // namespace skymount::vo
