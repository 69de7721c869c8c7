// SPDX-License-Identifier: MIT
#include "vo/votable/value.h"

#include "vo/votable/numbers.h"

namespace skymount::vo {
namespace {

struct TextOf {
  std::string out;

  void operator()(std::monostate) {}
  void operator()(bool value) { out = value ? "true" : "false"; }
  void operator()(std::int64_t value) { append_number(out, value); }
  void operator()(double value) { append_number(out, value); }
  void operator()(const std::string& value) { out = value; }
  template <class T>
  void operator()(const std::vector<T>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += ' ';
      if constexpr (std::is_same_v<T, std::string>) {
        out += values[i];
      } else {
        append_number(out, values[i]);
      }
    }
  }
};

}  // namespace

std::string to_text(const Value& value) {
  TextOf text;
  std::visit(text, value);
  return std::move(text.out);
}

std::optional<double> to_number(const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string>(&value)) return parse_real(*text);
  return std::nullopt;
}

}  // namespace skymount::vo
