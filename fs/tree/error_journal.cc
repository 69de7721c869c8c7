// SPDX-License-Identifier: MIT
#include "fs/tree/error_journal.h"

#include "cache/base/log.h"
#include "fs/tree/errno_map.h"
#include "fs/tree/readable.h"

#include <ctime>

namespace skymount::fs {
namespace {

constexpr std::size_t kLines = 1000;       // a morning's worth; about 200 KB
constexpr std::size_t kRemembered = 4096;  // files with a standing error

}  // namespace

std::string utc_text(WallTime when) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

void ErrorJournal::record(std::string_view operation, std::string_view path, const Error& error) {
  std::string words(errno_name(error.code()));
  words.append(" ").append(operation).append(" ").append(printable(path)).append(": ").append(readable(error.what()));
  log(LogLevel::info, words);
  state_.with([&](State& state) {
    ++state.total;
    if (!state.lines.empty() && state.lines.back().words == words) {
      ++state.lines.back().times;
      state.lines.back().when = clock_.now();
      return;
    }
    state.lines.push_back({clock_.now(), std::move(words), std::string(path)});
    if (state.lines.size() > kLines) state.lines.pop_front();
  });
}

std::string ErrorJournal::text() const {
  return state_.with([](const State& state) {
    std::string out;
    for (const Line& line : state.lines) {
      out += utc_text(line.when) + " " + line.words;
      if (line.times > 1) out += " (" + std::to_string(line.times) + " times)";
      out += '\n';
    }
    return out;
  });
}

std::size_t ErrorJournal::count() const {
  return state_.with([](const State& state) { return state.total; });
}

std::optional<ErrorJournal::Failure> ErrorJournal::latest_below(std::string_view prefix) const {
  return state_.with([&](const State& state) -> std::optional<Failure> {
    for (auto line = state.lines.rbegin(); line != state.lines.rend(); ++line) {
      if (line->path.starts_with(prefix)) return Failure{line->when, line->words};
    }
    return std::nullopt;
  });
}

void ErrorJournal::remember_for(std::uint64_t ino, const Error& error) {
  state_.with([&](State& state) {
    if (state.last.size() >= kRemembered) state.last.clear();
    state.last[ino] = std::string(errno_name(error.code())) + ": " + readable(error.what());
  });
}

void ErrorJournal::forget_for(std::uint64_t ino) {
  state_.with([&](State& state) { state.last.erase(ino); });
}

std::string ErrorJournal::last_for(std::uint64_t ino) const {
  return state_.with([&](const State& state) {
    const auto it = state.last.find(ino);
    return it == state.last.end() ? std::string() : it->second;
  });
}

}  // namespace skymount::fs
