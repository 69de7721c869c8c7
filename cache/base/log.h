// SPDX-License-Identifier: MIT
//
// The daemon's own log, for its operator. What a user must know goes to errors.log in the mount instead (fs/control_files).
// spdlog lives in log.cc alone. Text from archives passes through printable() first.
#pragma once

#include <string>
#include <string_view>

namespace skymount {

enum class LogLevel { debug, info, warning, error };

/// Where lines go: standard error until told otherwise. Thread-safe.
void log_to_file(const std::string& path);
void log_at_least(LogLevel level);
void log(LogLevel level, std::string_view message);

/// `text` with control bytes and what is not UTF-8 as \xNN, so that no archive can forge a line, move a terminal's cursor or
/// make a log unreadable; hidden words (cache/base/hidden_words) as "***".
std::string printable(std::string_view text);

}  // namespace skymount
