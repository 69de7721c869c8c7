// SPDX-License-Identifier: MIT
#include "cache/base/log.h"

#include "cache/base/hidden_words.h"
#include "cache/base/text.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace skymount {
namespace {

std::shared_ptr<spdlog::logger>& current() {
  static std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("skymount", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return logger;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void log_to_file(const std::string& path) {
  try {
    auto made = std::make_shared<spdlog::logger>("skymount", std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
    made->set_level(current()->level());
    made->flush_on(spdlog::level::warn);
    current() = made;
  } catch (const spdlog::spdlog_ex& e) {
    current()->error("cannot log to {}: {}", path, e.what());
  }
}

void log_at_least(LogLevel level) {
  current()->set_level(to_spdlog(level));
}

void log(LogLevel level, std::string_view message) {
  current()->log(to_spdlog(level), "{}", without_hidden_words(message));
}

std::string printable(std::string_view given) {
  const std::string shown = without_hidden_words(given);
  std::string_view text = shown;
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    // U+0080 to U+009F, C2 80 to C2 9F in UTF-8, are control characters too: U+009B moves a terminal's cursor.
    const bool c1 = length == 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 0 || c1 || is_control(text.front())) {
      const auto byte = static_cast<unsigned char>(text.front());
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace skymount
