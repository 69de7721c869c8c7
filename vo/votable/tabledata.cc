// SPDX-License-Identifier: MIT
#include "vo/votable/tabledata.h"

#include "vo/votable/encoding.h"
#include "vo/votable/numbers.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace skymount::vo {
namespace {

/// The next word of `rest`: blanks part words, and so do commas, which some services write.
std::string_view next_word(std::string_view& rest) {
  const auto parts = [](char c) { return is_blank(c) || c == ','; };
  std::size_t from = 0;
  while (from < rest.size() && parts(rest[from])) ++from;
  std::size_t to = from;
  while (to < rest.size() && !parts(rest[to])) ++to;
  const std::string_view word = rest.substr(from, to - from);
  rest.remove_prefix(to);
  return word;
}

std::optional<bool> parse_boolean(std::string_view word) {
  if (word == "1" || same_word(word, "t") || same_word(word, "true")) return true;
  if (word == "0" || same_word(word, "f") || same_word(word, "false")) return false;
  return std::nullopt;
}

void read_booleans(const CellRules& rules, std::string_view text, Value& out) {
  std::vector<std::int64_t> values;
  const auto add = [&](std::string_view word) {
    const auto value = parse_boolean(word);
    values.push_back(value ? (*value ? 1 : 0) : kUnknownBoolean);
  };
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    if (word.size() == 1 || parse_boolean(word)) {
      add(word);
    } else {
      for (std::size_t i = 0; i < word.size(); ++i) add(word.substr(i, 1));  // "TFFT"
    }
  }
  rules.store(out, std::move(values));
}

void read_bits(const CellRules& rules, std::string_view text, Value& out) {
  std::vector<std::int64_t> bits;
  for (const char c : text) {
    if (is_blank(c)) continue;
    if (c != '0' && c != '1') {
      out = std::monostate{};
      return;
    }
    bits.push_back(c - '0');
  }
  if (rules.is_array || bits.empty()) {
    rules.store(out, std::move(bits));
  } else {
    rules.store(out, bits.front());
  }
}

void read_integers(const CellRules& rules, std::string_view text, Value& out) {
  std::vector<std::int64_t> values;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    const auto value = read_integer(word);
    if (!value) {
      out = std::monostate{};
      return;
    }
    values.push_back(*value);
  }
  rules.store(out, std::move(values));
}

void read_reals(const CellRules& rules, std::string_view text, Value& out) {
  std::vector<double> values;
  for (std::string_view word = next_word(text); !word.empty(); word = next_word(text)) {
    values.push_back(parse_real(word).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  rules.store(out, std::move(values));
}

/// Strings of `width` characters, packed without separators; blanks fill them up.
std::vector<std::string> split_strings(std::string_view text, std::uint64_t width) {
  std::vector<std::string> out;
  std::size_t from = 0, at = 0;
  std::uint64_t characters = 0;
  while (at < text.size()) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    if (++characters < width && at < text.size()) continue;
    std::string_view one = text.substr(from, at - from);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    out.emplace_back(one);
    from = at;
    characters = 0;
  }
  return out;
}

void read_text(const CellRules& rules, std::string_view text, Value& out) {
  std::string converted;
  if (!is_utf8(text)) {
    converted = to_utf8(text);
    text = converted;
  }
  // Strings so many and so short are no table's; in one piece they cost no memory beyond the text.
  constexpr std::uint64_t kMostStrings = 1'000'000;
  if (!rules.is_array || text.size() / rules.width > kMostStrings) {
    rules.store(out, text);
  } else if (text.empty() || text == rules.null_text) {
    out = std::monostate{};
  } else {
    rules.store(out, split_strings(text, rules.width));
  }
}

/// What archives put where there is no number.
bool says_null(std::string_view word) {
  static constexpr std::string_view kNulls[] = {"null", "none", "nan", "n/a", "na", "nil", "\\n", "undef",
                                                "-",    "--",   "---", "?",   "*",  ".",   "...", "masked"};
  return std::any_of(std::begin(kNulls), std::end(kNulls),
                     [&](std::string_view null) { return same_word(word, null); });
}

}  // namespace

bool misfits(const CellRules& rules, std::string_view text) {
  if (rules.is_text || rules.is_array || rules.is_complex || rules.type == Datatype::bit) return false;
  const std::string_view word = trim(text);
  if (word.empty() || says_null(word)) return false;
  if (rules.type == Datatype::boolean) return !parse_boolean(word);
  const bool real = rules.type == Datatype::float32 || rules.type == Datatype::float64;
  return real ? !parse_real(word) : !read_integer(word);
}

void read_cell(const CellRules& rules, std::string_view text, Value& out) {
  if (rules.is_text) return read_text(rules, text, out);
  if (rules.type == Datatype::bit) return read_bits(rules, text, out);
  const bool real = rules.type == Datatype::float32 || rules.type == Datatype::float64;
  if (rules.is_complex || (real && rules.is_array)) return read_reals(rules, text, out);
  if (real) return rules.store(out, parse_real(text).value_or(std::numeric_limits<double>::quiet_NaN()));
  if (rules.type == Datatype::boolean) {
    if (rules.is_array) return read_booleans(rules, text, out);
    const auto value = parse_boolean(trim(text));
    if (value) {
      out = *value;
    } else {
      out = std::monostate{};
    }
    return;
  }
  if (rules.is_array) return read_integers(rules, text, out);
  const auto value = read_integer(text);
  if (value) {
    rules.store(out, *value);
  } else {
    out = std::monostate{};
  }
}

}  // namespace skymount::vo
