// SPDX-License-Identifier: MIT
//
// One cell of a VOTable as a C++ value. Null, NaN-as-null and empty text follow protocol practice: an empty cell is
// null.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace skymount::vo {

/// monostate is null. Integers of any width are int64, float and double are double, complex numbers are pairs in a
/// double array, bits are an int64 array of 0 and 1, arrays of strings are a vector of strings.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                           std::vector<double>, std::vector<std::string>>;
using Row = std::vector<Value>;

inline bool is_null(const Value& value) {
  return std::holds_alternative<std::monostate>(value);
}
/// The value as people write it; numbers shortest-round-trip; arrays with single blanks; null is empty.
std::string to_text(const Value& value);
/// The number in it: an integer, a double, or text that reads as one.
std::optional<double> to_number(const Value& value);

}  // namespace skymount::vo
