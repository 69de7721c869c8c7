// SPDX-License-Identifier: MIT
#include "vo/votable/binary.h"

#include "vo/votable/datatype.h"
#include "vo/votable/encoding.h"
#include "vo/votable/numbers.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace skymount::vo {
namespace {

template <class T>
T big_endian(const char* bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  return value;
}

/// The double that a person would write for this float: 0.1, not 0.10000000149. It still reads back to the same float,
/// and equals what TABLEDATA would have said.
double widened(float value) {
  const double exact = value;
  constexpr double kWhole = 1 << 24;  // whole numbers up to here are spelled with all their digits
  if (!std::isfinite(value) || (std::abs(exact) <= kWhole && exact == std::trunc(exact))) return exact;
  char text[32];
  const auto [stop, ec] = std::to_chars(text, text + sizeof text, value);
  double short_value = exact;
  if (ec == std::errc{}) std::from_chars(text, stop, short_value);
  return short_value;
}

double real_at(const char* bytes, bool single) {
  if (single) return widened(std::bit_cast<float>(big_endian<std::uint32_t>(bytes)));
  return std::bit_cast<double>(big_endian<std::uint64_t>(bytes));
}

std::int64_t integer_at(const char* bytes, Datatype type) {
  switch (type) {
    case Datatype::unsigned_byte: return static_cast<unsigned char>(*bytes);
    case Datatype::short_int: return static_cast<std::int16_t>(big_endian<std::uint16_t>(bytes));
    case Datatype::int32: return static_cast<std::int32_t>(big_endian<std::uint32_t>(bytes));
    default: return static_cast<std::int64_t>(big_endian<std::uint64_t>(bytes));
  }
}

std::optional<bool> boolean_at(char byte) {
  switch (byte) {
    case 'T':
    case 't':
    case '1':
    case 1: return true;
    case 'F':
    case 'f':
    case '0': return false;
    default: return std::nullopt;
  }
}

/// A string's characters; a fixed one may end early with a NUL, what follows is garbage.
std::string characters(std::string_view bytes, bool wide, bool fixed) {
  if (wide) {
    if (fixed) {
      for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
        if (bytes[i] == 0 && bytes[i + 1] == 0) bytes = bytes.substr(0, i);
      }
    }
    return utf16be_to_utf8(bytes);
  }
  if (fixed) bytes = bytes.substr(0, bytes.find('\0'));
  return to_utf8(bytes);
}

}  // namespace

struct BinaryRows::Cursor {
  std::string_view bytes;  ///< from the beginning of the row
  std::size_t at = 0;
  std::string_view flags;
};

BinaryRows::BinaryRows(const std::vector<Field>& fields, bool null_flags, std::uint64_t row_bytes)
    : null_flags_(null_flags), row_bytes_(row_bytes), row_(fields.size()) {
  for (const Field& field : fields) {
    rules_.emplace_back(field);
    names_.push_back(field.name);
  }
}

Result<void> BinaryRows::feed(std::string_view bytes, const OnRow& on_row) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += bytes;
  while (buffer_.size() - at_ >= needed_) {
    Cursor cursor{std::string_view(buffer_).substr(at_), 0, {}};
    const Result<Step> step = read_row(cursor);
    if (!step) return fail(Error(step.error()).during("row " + std::to_string(rows_ + 1)));
    if (*step == Step::more) break;
    if (cursor.at == 0) return fail(Code::corrupt, "the columns of a binary table have no bytes");
    at_ += cursor.at;
    needed_ = 1;
    ++rows_;
    if (auto taken = on_row(row_); !taken) return taken;
  }
  return {};
}

Result<void> BinaryRows::finish() {
  if (at_ == buffer_.size()) return {};
  return fail(Code::corrupt, "truncated: the binary table ends in the middle of row " + std::to_string(rows_ + 1));
}

Result<BinaryRows::Step> BinaryRows::read_row(Cursor& cursor) {
  if (null_flags_) {
    const std::size_t flags = (rules_.size() + 7) / 8;
    if (cursor.bytes.size() < flags) {
      needed_ = flags;
      return Step::more;
    }
    cursor.flags = cursor.bytes.substr(0, flags);
    cursor.at = flags;
  }
  for (std::size_t column = 0; column < rules_.size(); ++column) {
    const Result<Step> step = read_cell(column, cursor);
    if (!step) return fail(Error(step.error()).during("column " + names_[column]));
    if (*step == Step::more) return step;
  }
  return Step::done;
}

Result<BinaryRows::Step> BinaryRows::read_cell(std::size_t column, Cursor& cursor) {
  std::uint64_t elements = 0, bytes = 0;
  const Result<Step> step = cell_extent(column, cursor, elements, bytes);
  if (!step || *step == Step::more) return step;
  if (bytes > row_bytes_ || cursor.at + bytes > row_bytes_) {
    return fail(Code::too_large, "the row is longer than " + std::to_string(row_bytes_) + " bytes");
  }
  if (cursor.bytes.size() - cursor.at < bytes) {
    needed_ = cursor.at + bytes;
    return Step::more;
  }
  const std::string_view cell = cursor.bytes.substr(cursor.at, bytes);
  cursor.at += bytes;
  const bool null = null_flags_ && (static_cast<unsigned char>(cursor.flags[column / 8]) >> (7 - column % 8) & 1) != 0;
  if (null) {
    row_[column] = std::monostate{};
  } else {
    decode(rules_[column], cell, elements, row_[column]);
  }
  return Step::done;
}

/// How many elements the cell at the cursor has and how many bytes they take; moves the cursor past the count.
Result<BinaryRows::Step> BinaryRows::cell_extent(std::size_t column, Cursor& cursor, std::uint64_t& elements,
                                                 std::uint64_t& bytes) {
  const CellRules& rules = rules_[column];
  if (rules.type == Datatype::unknown) {
    return fail(Code::unsupported, "its datatype is not known, so a binary table cannot be read; ask for TABLEDATA");
  }
  elements = rules.size.elements();
  if (rules.size.variable) {
    if (cursor.bytes.size() - cursor.at < 4) {
      needed_ = cursor.at + 4;
      return Step::more;
    }
    const auto count = static_cast<std::int32_t>(big_endian<std::uint32_t>(cursor.bytes.data() + cursor.at));
    if (count < 0) return fail(Code::corrupt, "a negative count");
    cursor.at += 4;
    // The standard counts items; some writers count slices ("3x*" with 2 for six numbers).
    const std::uint64_t slice = elements;
    elements = static_cast<std::uint64_t>(count);
    if (slice > 1 && elements % slice != 0) {
      elements = slice > row_bytes_ ? std::numeric_limits<std::uint64_t>::max() : elements * slice;
    }
  }
  // Decoded, a number takes eight bytes and a string 32; what would take more than the row may is refused, and with it
  // every product that could overflow.
  const std::uint64_t cost = !rules.is_text ? 8 : rules.is_array && rules.width < 32 ? 32 / rules.width : 1;
  if (elements > row_bytes_ / cost) {
    return fail(Code::too_large, "the row is longer than " + std::to_string(row_bytes_) + " bytes");
  }
  bytes = rules.type == Datatype::bit ? (elements + 7) / 8 : elements * bytes_of(rules.type);
  return Step::done;
}

void BinaryRows::decode(const CellRules& rules, std::string_view bytes, std::uint64_t elements, Value& out) const {
  const std::uint64_t unit = bytes_of(rules.type);
  if (rules.is_text) {
    const bool wide = rules.type == Datatype::unicode_char;
    if (!rules.is_array) return rules.store(out, characters(bytes, wide, !rules.size.variable));
    std::vector<std::string> strings;
    const std::uint64_t width = rules.width * unit;
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(width, bytes.size()))) {
      std::string one = characters(bytes.substr(0, width), wide, true);
      one.erase(one.find_last_not_of(' ') + 1);
      strings.push_back(std::move(one));
    }
    return rules.store(out, std::move(strings));
  }
  if (rules.is_complex || rules.type == Datatype::float32 || rules.type == Datatype::float64) {
    const bool single = rules.type == Datatype::float32 || rules.type == Datatype::float_complex;
    if (!rules.is_array && !rules.is_complex) return rules.store(out, real_at(bytes.data(), single));
    std::vector<double> reals(bytes.size() / (single ? 4 : 8));
    for (std::size_t i = 0; i < reals.size(); ++i) reals[i] = real_at(bytes.data() + i * (single ? 4 : 8), single);
    return rules.store(out, std::move(reals));
  }
  if (rules.type == Datatype::boolean && !rules.is_array) {
    const auto value = boolean_at(bytes[0]);
    if (value) {
      out = *value;
    } else {
      out = std::monostate{};
    }
    return;
  }
  // A single bit should be 0x80; astropy writes 0x08. Any bit will do.
  if (rules.type == Datatype::bit && !rules.is_array) return rules.store(out, std::int64_t{bytes[0] != 0});
  if (!rules.is_array) return rules.store(out, integer_at(bytes.data(), rules.type));

  std::vector<std::int64_t> values(elements);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (rules.type == Datatype::bit) {
      values[i] = static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1;
    } else if (rules.type == Datatype::boolean) {
      const auto value = boolean_at(bytes[i]);
      values[i] = value ? (*value ? 1 : 0) : kUnknownBoolean;
    } else {
      values[i] = integer_at(bytes.data() + i * unit, rules.type);
    }
  }
  rules.store(out, std::move(values));
}

}  // namespace skymount::vo
