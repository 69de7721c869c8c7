// SPDX-License-Identifier: MIT
#include "vo/votable/fields.h"

#include "vo/votable/datatype.h"
#include "vo/votable/numbers.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace skymount::vo {
namespace {

constexpr std::array<std::pair<std::string_view, Datatype>, 16> kWords = {{
    {"boolean", Datatype::boolean},
    {"bit", Datatype::bit},
    {"unsignedByte", Datatype::unsigned_byte},
    {"short", Datatype::short_int},
    {"int", Datatype::int32},
    {"long", Datatype::int64},
    {"char", Datatype::character},
    {"unicodeChar", Datatype::unicode_char},
    {"float", Datatype::float32},
    {"double", Datatype::float64},
    {"floatComplex", Datatype::float_complex},
    {"doubleComplex", Datatype::double_complex},
    {"string", Datatype::character},  // aliases from here on
    {"timestamp", Datatype::character},
    {"integer", Datatype::int32},
    {"byte", Datatype::unsigned_byte},
}};

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, value);
  if (ec != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

std::string_view after_colon(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

/// Matches columns by what `read` makes of them; an empty name matches nothing.
template <class Read>
std::optional<std::size_t> find_field(const std::vector<Field>& fields, std::string_view wanted, Read read) {
  if (wanted.empty()) return std::nullopt;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (same_word(read(fields[i]), wanted)) return i;
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t ArraySize::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t axis : fixed) {
    if (axis != 0 && product > std::numeric_limits<std::uint64_t>::max() / axis) {
      return std::numeric_limits<std::uint64_t>::max();  // no limit lets it pass
    }
    product *= axis;
  }
  return product;
}

ArraySize ArraySize::parse(std::string_view text) {
  ArraySize any;
  any.variable = true;
  text = trim(text);
  // A separator for string arrays: 's' and one character, after the sizes. Admitted by the schema.
  if (text.size() > 2 && text[text.size() - 2] == 's') text.remove_suffix(2);
  if (text.empty() || text == "1") return {};

  ArraySize size;
  while (true) {
    const std::size_t cross = text.find('x');
    std::string_view axis = trim(text.substr(0, cross));
    if (cross == std::string_view::npos && axis.ends_with('*')) {
      axis.remove_suffix(1);
      size.variable = true;
      if (axis.empty()) return size;
      const auto limit = whole_number(axis);
      if (!limit) return any;
      size.limit = *limit;
      return size;
    }
    const auto length = whole_number(axis);
    // 16 axes: no array has so many, and a hostile list must not grow.
    if (!length || size.fixed.size() >= 16) return any;
    size.fixed.push_back(*length);
    if (cross == std::string_view::npos) return size;
    text.remove_prefix(cross + 1);
  }
}

Datatype datatype_of(std::string_view word) {
  word = trim(word);
  for (const auto& [name, type] : kWords) {
    if (same_word(name, word)) return type;
  }
  return Datatype::unknown;
}

std::string_view word_of(Datatype type) {
  for (const auto& [name, known] : kWords) {
    if (known == type) return name;
  }
  return "char";
}

std::uint64_t bytes_of(Datatype type) {
  switch (type) {
    case Datatype::boolean:
    case Datatype::unsigned_byte:
    case Datatype::character: return 1;
    case Datatype::short_int:
    case Datatype::unicode_char: return 2;
    case Datatype::int32:
    case Datatype::float32: return 4;
    case Datatype::int64:
    case Datatype::float64:
    case Datatype::float_complex: return 8;
    case Datatype::double_complex: return 16;
    case Datatype::bit:
    case Datatype::unknown: return 0;
  }
  return 0;
}

void settle_type(Field& field) {
  field.datatype = datatype_of(field.datatype_text);
  field.arraysize = ArraySize::parse(field.arraysize_text);
  const bool own_word =
      field.datatype == Datatype::character && !same_word(trim(field.datatype_text), word_of(Datatype::character));
  if ((own_word || field.datatype == Datatype::unknown) && field.arraysize_text.empty()) {
    field.arraysize.variable = true;  // text of any length
  }
}

std::string arraysize_word(const Field& field) {
  if (!field.arraysize_text.empty() || field.arraysize.scalar()) return field.arraysize_text;
  if (field.datatype == Datatype::unknown || (!field.datatype_text.empty() && field.datatype == Datatype::character &&
                                              !same_word(field.datatype_text, "char"))) {
    return {};  // an alias brings its own arraysize
  }
  std::string out;
  for (const std::uint64_t axis : field.arraysize.fixed) {
    if (!out.empty()) out += 'x';
    out += std::to_string(axis);
  }
  if (!field.arraysize.variable) return out;
  if (!out.empty()) out += 'x';
  if (field.arraysize.limit > 0) out += std::to_string(field.arraysize.limit);
  return out + '*';
}

std::optional<std::size_t> TableMeta::column(std::string_view name) const {
  if (const auto found = find_field(fields, name, [](const Field& f) -> std::string_view { return f.name; })) {
    return found;
  }
  return find_field(fields, name, [](const Field& f) -> std::string_view { return f.id; });
}

std::optional<std::size_t> TableMeta::column_by_utype(std::string_view utype) const {
  return find_field(fields, after_colon(utype), [](const Field& f) { return after_colon(f.utype); });
}

std::optional<std::size_t> TableMeta::column_by_ucd(std::string_view ucd) const {
  return find_field(fields, ucd, [](const Field& f) -> std::string_view { return f.ucd; });
}

}  // namespace skymount::vo
