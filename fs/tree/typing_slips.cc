// SPDX-License-Identifier: MIT
#include "fs/tree/typing_slips.h"

#include "vo/query/grammar.h"

#include <algorithm>

namespace skymount::fs {
namespace {

// A name longer than that was made by a program.
constexpr std::size_t kLongest = 80;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// Each key as one would type it.
std::string_view example_of(std::string_view key) {
  static constexpr std::pair<std::string_view, std::string_view> kExamples[] = {
      {"pos", "RA,DEC"}, {"time", "1888..1900"}, {"band", "400nm..700nm"}, {"type", "image"},
      {"target", "M31"}, {"limit", "100"},       {"calib", "2"},           {"id", "IDENTIFIER"},
  };
  for (const auto& [name, value] : kExamples) {
    if (name == key) return value;
  }
  return "TEXT";
}

std::string all_keys() {
  std::string out;
  for (const std::string_view key : vo::query_keys()) out += (out.empty() ? "" : ", ") + std::string(key);
  return out;
}

/// "M31", "NGC 1234", "3C273": letters and digits, as no program calls its files.
bool may_be_object(std::string_view name) {
  return std::any_of(name.begin(), name.end(), is_digit) && std::any_of(name.begin(), name.end(), is_letter) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_digit(c) || is_letter(c) || c == ' ' || c == '+' || c == '-'; });
}

std::string is_no_question(std::string_view name, const std::string& meant) {
  return "'" + std::string(name) + "' is no question; did you mean " + meant + "?";
}

}  // namespace

std::string typing_slip(std::string_view name) {
  if (name.empty() || name.size() > kLongest) return "";
  if (name.front() == '=')
    return "before '=' a key is missing in '" + std::string(name) + "'; there are: " + all_keys();
  if (name.front() == ',') {
    const std::string_view rest = name.substr(std::min(name.find_first_not_of(','), name.size()));
    if (!vo::looks_like_term(rest)) return "";
    return "'" + std::string(name) + "' begins with a comma; did you mean " + std::string(rest) + "?";
  }
  const std::string key = lower(name);
  if (std::find(vo::query_keys().begin(), vo::query_keys().end(), key) != vo::query_keys().end())
    return "'" + std::string(name) + "' needs a value: " + key + "=" + std::string(example_of(key));
  if (!is_digit(name.front()) && !is_letter(name.front()) && name.front() != '+' && name.front() != '-') return "";
  if (name.find(',') != std::string_view::npos) {
    const std::string position = "pos=" + std::string(name);
    return vo::parse_component(position) ? is_no_question(name, position) : "";
  }
  if (is_digit(name.front()) && vo::parse_component("time=" + std::string(name)))
    return is_no_question(name, "time=" + std::string(name));
  return may_be_object(name) ? is_no_question(name, "target=" + std::string(name)) : "";
}

}  // namespace skymount::fs
