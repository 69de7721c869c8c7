// SPDX-License-Identifier: MIT
#include "vo/votable/cell_rules.h"

#include "vo/votable/numbers.h"

#include <algorithm>
#include <cmath>

namespace skymount::vo {
namespace {

bool is_text_type(Datatype type) {
  return type == Datatype::character || type == Datatype::unicode_char || type == Datatype::unknown;
}

}  // namespace

CellRules::CellRules(const Field& field)
    : type(field.datatype),
      size(field.arraysize),
      is_text(is_text_type(field.datatype)),
      is_complex(field.datatype == Datatype::float_complex || field.datatype == Datatype::double_complex),
      is_array(is_text_type(field.datatype) ? field.arraysize.fixed.size() + (field.arraysize.variable ? 1 : 0) > 1
                                            : !field.arraysize.scalar()),
      width(field.arraysize.fixed.empty() ? 1 : std::max<std::uint64_t>(1, field.arraysize.fixed.front())) {
  if (!field.null_text) return;
  if (is_text) {
    null_text = *field.null_text;
  } else {
    null_integer = read_integer(*field.null_text);
    null_real = parse_real(*field.null_text);
    if (!null_real && null_integer) null_real = static_cast<double>(*null_integer);
  }
}

void CellRules::store(Value& out, std::int64_t value) const {
  if (null_integer == value) {
    out = std::monostate{};
  } else {
    out = value;
  }
}

void CellRules::store(Value& out, double value) const {
  if (std::isnan(value) || null_real == value) {
    out = std::monostate{};
  } else {
    out = value;
  }
}

void CellRules::store(Value& out, std::string_view utf8) const {
  if (utf8.empty() || utf8 == null_text) {
    out = std::monostate{};
  } else if (auto* text = std::get_if<std::string>(&out)) {
    text->assign(utf8);  // keeps its memory from row to row
  } else {
    out.emplace<std::string>(utf8);
  }
}

void CellRules::store(Value& out, std::vector<std::int64_t> values) const {
  const auto is_null_element = [&](std::int64_t v) {
    return type == Datatype::boolean ? v == kUnknownBoolean : null_integer == v;
  };
  if (std::all_of(values.begin(), values.end(), is_null_element)) {
    out = std::monostate{};
  } else {
    out = std::move(values);
  }
}

void CellRules::store(Value& out, std::vector<double> values) const {
  bool any = false;
  for (double& v : values) {
    if (null_real == v) v = std::numeric_limits<double>::quiet_NaN();
    any = any || !std::isnan(v);
  }
  if (any) {
    out = std::move(values);
  } else {
    out = std::monostate{};
  }
}

void CellRules::store(Value& out, std::vector<std::string> values) const {
  if (std::all_of(values.begin(), values.end(), [](const std::string& v) { return v.empty(); })) {
    out = std::monostate{};
  } else {
    out = std::move(values);
  }
}

}  // namespace skymount::vo
