// SPDX-License-Identifier: MIT
#include "vo/blame.h"

#include "cache/base/text.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

// How errors of archives begin (vo/protocol/dali); what stands before was put there by us, and may repeat the question.
constexpr std::array<std::string_view, 3> kArchiveSays = {"the archive says: ", "HTTP ", "not a VOTable: "};

// As databases and services word it when a value is the trouble: PostgreSQL, SQL Server, Oracle, DALI's UsageError.
constexpr std::array<std::string_view, 14> kAboutValues = {
    "out of range",      "invalid input",  "invalid value",  "illegal value", "bad value",
    "wrong value",       "cannot be cast", "cannot cast",    "not a valid",   "could not convert",
    "conversion failed", "invalid date",   "invalid number", "usageerror"};

}  // namespace

Error blamed(Error error) {
  if (error.code() != Code::invalid) return error;
  std::size_t from = std::string::npos;
  for (const std::string_view begin : kArchiveSays) from = std::min(from, error.what().find(begin));
  if (from == std::string::npos) return error;
  const std::string words = lower(error.what().substr(from));
  const bool value = std::any_of(kAboutValues.begin(), kAboutValues.end(),
                                 [&](std::string_view phrase) { return words.find(phrase) != std::string::npos; });
  return value ? error : Error(Code::corrupt, error.what());
}

}  // namespace skymount::vo
