// SPDX-License-Identifier: MIT
//
// How "50 GB", "1 d" and "3 deg" become numbers, and how a value of the wrong kind is told what was expected.
#include "fs/config/values.h"

#include "vo/http/url.h"
#include "vo/query/sky.h"

#include <charconv>
#include <cmath>

namespace skymount::fs {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

/// "NUMBER [blank] UNIT" times the unit's factor.
std::optional<double> parse_with_unit(std::string_view text, std::initializer_list<Unit> units) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (const Unit& unit : units)
    if (text == unit.name) return value * unit.factor;
  return std::nullopt;
}

constexpr std::uint64_t kLongestDurationMs =
    10ULL * 366 * 24 * 3600 * 1000;  // ten years: "for ever", far from overflow

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto bytes = parse_with_unit(text, {{"B", 1},
                                            {"kB", 1e3},
                                            {"KB", 1e3},
                                            {"MB", 1e6},
                                            {"GB", 1e9},
                                            {"TB", 1e12},
                                            {"KiB", 1024.0},
                                            {"MiB", 1048576.0},
                                            {"GiB", 1073741824.0},
                                            {"TiB", 1099511627776.0}});
  if (!bytes || *bytes > 1e18) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto ms =
      parse_with_unit(text, {{"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}, {"w", 6.048e8}});
  if (!ms || *ms > static_cast<double>(kLongestDurationMs)) return std::nullopt;
  return std::chrono::milliseconds(std::llround(*ms));
}

const Setting* SettingReader::find(const std::string& name) const {
  const auto found = settings_.find(name);
  return found == settings_.end() ? nullptr : &found->second;
}

void SettingReader::mistake(const Setting& setting, Code code, const std::string& words) {
  if (!first_) first_ = Error(code, setting.where() + ": " + setting.label() + " " + words);
}

void SettingReader::wrong_kind(const Setting& setting, const std::string& wanted) {
  mistake(setting, Code::invalid, "must be " + wanted + ", not " + kind_of(setting.value));
}

Result<void> SettingReader::result() const {
  if (first_) return fail(*first_);
  return {};
}

void SettingReader::text(const std::string& name, std::string& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  const auto* value = std::get_if<std::string>(&setting->value);
  if (value == nullptr) return wrong_kind(*setting, "a text in quotes");
  out = *value;
}

void SettingReader::texts(const std::string& name, std::vector<std::string>& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  const auto* value = std::get_if<std::vector<std::string>>(&setting->value);
  if (value == nullptr) return wrong_kind(*setting, "a list of texts");
  out = *value;
}

void SettingReader::choice(const std::string& name, std::initializer_list<std::string_view> allowed, std::string& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  std::string listed;
  const auto* value = std::get_if<std::string>(&setting->value);
  for (std::string_view word : allowed) {
    if (value != nullptr && *value == word) {
      out = *value;
      return;
    }
    listed += (listed.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  }
  wrong_kind(*setting, "one of " + listed);
}

void SettingReader::flag(const std::string& name, bool& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  const auto* value = std::get_if<bool>(&setting->value);
  if (value == nullptr) return wrong_kind(*setting, "true or false");
  out = *value;
}

void SettingReader::whole(const std::string& name, std::uint64_t low, std::uint64_t high, std::uint64_t& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  const auto* value = std::get_if<std::int64_t>(&setting->value);
  if (value == nullptr || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
      static_cast<std::uint64_t>(*value) > high)
    return wrong_kind(*setting, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  out = static_cast<std::uint64_t>(*value);
}

void SettingReader::number(const std::string& name, double low, double high, double& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  double value = NAN;
  if (const auto* whole = std::get_if<std::int64_t>(&setting->value)) value = static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&setting->value)) value = *number;
  if (!(value >= low && value <= high)) return wrong_kind(*setting, "a number in its bounds");
  out = value;
}

void SettingReader::seconds(const std::string& name, std::chrono::milliseconds& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  double value = NAN;
  if (const auto* whole = std::get_if<std::int64_t>(&setting->value)) value = static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&setting->value)) value = *number;
  if (!(value >= 0.001 && value <= 86'400)) return wrong_kind(*setting, "seconds as a number, at most 86400");
  out = std::chrono::milliseconds(std::llround(value * 1000));
}

void SettingReader::duration(const std::string& name, std::chrono::milliseconds& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  const auto* value = std::get_if<std::string>(&setting->value);
  const auto parsed = value == nullptr ? std::nullopt : parse_duration(*value);
  if (!parsed) return wrong_kind(*setting, "a time with unit (ms, s, min, h, d, w) such as \"10 min\"");
  out = *parsed;
}

void SettingReader::size(const std::string& name, std::uint64_t& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  std::optional<std::uint64_t> parsed;
  if (const auto* value = std::get_if<std::string>(&setting->value)) parsed = parse_size(*value);
  if (const auto* whole = std::get_if<std::int64_t>(&setting->value); whole != nullptr && *whole >= 0)
    parsed = static_cast<std::uint64_t>(*whole);
  if (!parsed) return wrong_kind(*setting, "a size with unit (B, kB, MB, GB, TB, KiB, MiB, GiB) such as \"50 GB\"");
  out = *parsed;
}

void SettingReader::angle(const std::string& name, double& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  std::string spelled;
  if (const auto* value = std::get_if<std::string>(&setting->value)) spelled = *value;
  if (const auto* whole = std::get_if<std::int64_t>(&setting->value)) spelled = std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&setting->value)) spelled = std::to_string(*number);
  const Result<double> parsed = vo::parse_angle(spelled);
  if (!parsed) return wrong_kind(*setting, "an angle such as \"3 deg\" or \"20 arcmin\"");
  out = *parsed;
}

void SettingReader::url(const std::string& name, std::string& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  const auto* value = std::get_if<std::string>(&setting->value);
  if (value == nullptr) return wrong_kind(*setting, "an http or https URL");
  if (good_url(*setting, *value)) out = *value;
}

void SettingReader::urls(const std::string& name, std::vector<std::string>& out) {
  const Setting* setting = find(name);
  if (setting == nullptr) return;
  std::vector<std::string> values;
  if (const auto* one = std::get_if<std::string>(&setting->value)) values = {*one};
  if (const auto* list = std::get_if<std::vector<std::string>>(&setting->value)) values = *list;
  if (values.empty()) return wrong_kind(*setting, "an http or https URL, or a list of them");
  for (const std::string& value : values)
    if (!good_url(*setting, value)) return;
  out = std::move(values);
}

bool SettingReader::good_url(const Setting& setting, const std::string& value) {
  const Result<vo::Url> parsed = vo::Url::parse(value);
  if (!parsed) {
    mistake(setting, Code::invalid, "is no URL that can be asked: " + parsed.error().what());
    return false;
  }
  const std::size_t host_at = value.find("://") + 3;
  const std::size_t userinfo = value.find('@', host_at);
  if (userinfo == std::string::npos || userinfo >= value.find_first_of("/?#", host_at)) return true;
  mistake(setting, Code::denied, "holds a user name or password before '@', and secrets are refused in this file");
  return false;
}

void read_lifetimes(SettingReader& read, vo::Lifetimes& out) {
  read.duration("ttl.listings", out.listings);
  read.duration("ttl.links", out.links);
  read.duration("ttl.negative", out.negative);
}

}  // namespace skymount::fs
