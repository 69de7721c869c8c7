// SPDX-License-Identifier: MIT
#include "tests/votable/documents.h"

#include "vo/votable/datatype.h"
#include "vo/votable/writer.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace skymount::vo::test {
namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t n) {
  return random() % n;
}

std::string random_text(Random& random, std::size_t characters, bool ascii) {
  static const std::vector<std::string> kAscii = {"a", "B", "7", " ",   "<", "&", "\"",
                                                  "'", ">", "]", "]]>", ";", "-", ","};
  static const std::vector<std::string> kWide = {"\u00e9", "\u263a", "\u03b1", "x", "\u0160"};
  std::string out;
  while (out.size() < characters) {
    const auto& from = ascii || below(random, 3) > 0 ? kAscii : kWide;
    out += from[below(random, from.size())];
  }
  if (ascii) out.resize(characters);
  if (out.empty() || out.back() == ' ') out.back() = 'z';
  return out;
}

/// The double nearest to how a person would write this float.
double written(float value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double out = value;
  std::from_chars(text, end, out);
  return std::isfinite(value) ? out : static_cast<double>(value);
}

double random_real(Random& random, bool single) {
  switch (below(random, 8)) {
    case 0: return std::numeric_limits<double>::infinity();
    case 1: return -3;
    default: break;
  }
  const double v = std::ldexp(static_cast<double>(random()) - 2e9, static_cast<int>(below(random, 60)) - 50);
  return single ? written(static_cast<float>(v)) : v + 1.0 / 3;
}

std::int64_t random_integer(Random& random, Datatype type) {
  const auto bits = static_cast<std::int64_t>(std::uint64_t{random()} << 32 | random());
  switch (type) {
    case Datatype::boolean:
    case Datatype::bit: return bits & 1;
    case Datatype::unsigned_byte: return bits & 0x7F;  // 255 is kept for null
    case Datatype::short_int: return static_cast<std::int16_t>(bits & 0x7FFF);
    case Datatype::int32: return static_cast<std::int32_t>(bits & 0x7FFFFFFF);
    default: return below(random, 4) == 0 ? std::numeric_limits<std::int64_t>::min() + 1 : bits | 1;
  }
}

bool is_text(Datatype type) {
  return type == Datatype::character || type == Datatype::unicode_char;
}
bool is_complex(Datatype type) {
  return type == Datatype::float_complex || type == Datatype::double_complex;
}
bool is_real(Datatype type) {
  return type == Datatype::float32 || type == Datatype::float64;
}
bool is_single(Datatype type) {
  return type == Datatype::float32 || type == Datatype::float_complex;
}

std::size_t random_elements(Random& random, const Field& field) {
  const std::size_t slices = field.arraysize.variable ? 1 + below(random, 4) : 1;
  return field.arraysize.elements() * slices;
}

Value random_value(Random& random, const Field& field) {
  const Datatype type = field.datatype;
  const std::size_t axes = field.arraysize.fixed.size() + (field.arraysize.variable ? 1 : 0);
  if (is_text(type) && axes <= 1) {
    if (axes == 0) return std::string(1, static_cast<char>('a' + below(random, 26)));
    if (field.arraysize.variable) return random_text(random, 1 + below(random, 20), false);
    return random_text(random, 1 + below(random, field.arraysize.fixed[0]), true);
  }
  const std::size_t elements = random_elements(random, field);
  if (is_text(type)) {
    std::vector<std::string> strings(elements / field.arraysize.fixed[0]);
    for (auto& s : strings) s = random_text(random, 1 + below(random, field.arraysize.fixed[0]), true);
    return strings;
  }
  if (is_complex(type) || is_real(type)) {
    if (axes == 0 && is_real(type)) return random_real(random, is_single(type));
    std::vector<double> reals(elements * (is_complex(type) ? 2 : 1));
    for (auto& r : reals) r = random_real(random, is_single(type));
    if (reals.size() > 1 && below(random, 3) == 0) reals[0] = std::numeric_limits<double>::quiet_NaN();
    return reals;
  }
  if (axes == 0) {
    const std::int64_t v = random_integer(random, type);
    return type == Datatype::boolean ? Value(v != 0) : Value(v);
  }
  std::vector<std::int64_t> integers(elements);
  for (auto& v : integers) v = random_integer(random, type);
  return integers;
}

/// Can BINARY say that this field is null?
bool has_null(const Field& field) {
  if (field.arraysize.variable || field.null_text) return true;
  return is_text(field.datatype) || is_real(field.datatype) || is_complex(field.datatype) ||
         field.datatype == Datatype::boolean;
}

void put_big_endian(std::string& out, std::uint64_t bits, std::size_t bytes) {
  while (bytes-- > 0) out += static_cast<char>(bits >> (8 * bytes));
}

void put_real(std::string& out, double value, bool single) {
  if (single) {
    put_big_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
  } else {
    put_big_endian(out, std::bit_cast<std::uint64_t>(value), 8);
  }
}

/// Characters of UTF-8 text as the units of its type. Only the Basic Multilingual Plane.
std::string units_of(const std::string& text, Datatype type) {
  if (type == Datatype::character) return text;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const unsigned c = static_cast<unsigned char>(text[i]);
    const std::size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : 3;
    unsigned code = n == 1 ? c : n == 2 ? c & 0x1F : c & 0x0F;
    for (std::size_t k = 1; k < n; ++k) code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    put_big_endian(out, code, 2);
    i += n;
  }
  return out;
}

void put_text(std::string& out, const Field& field, const Value& value, bool garbage) {
  const std::size_t unit = field.datatype == Datatype::character ? 1 : 2;
  std::string body;
  if (const auto* strings = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& s : *strings) {
      std::string one = units_of(s, field.datatype);
      one.resize(field.arraysize.fixed[0] * unit, '\0');
      body += one;
    }
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    body = units_of(*text, field.datatype);
  }
  if (field.arraysize.variable) {
    put_big_endian(out, body.size() / unit, 4);
  } else {
    const std::size_t length = body.size(), full = field.arraysize.elements() * unit;
    body.resize(full, '\0');
    // After the NUL that ends a fixed string early there may be anything.
    if (garbage && field.arraysize.fixed.size() <= 1 && length + unit < full) body.back() = 'G';
  }
  out += body;
}

void put_numbers(std::string& out, const Field& field, const Value& value) {
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  const Datatype type = field.datatype;
  const bool real = is_real(type) || is_complex(type);
  if (const auto* one = std::get_if<double>(&value)) reals = {*one};
  if (const auto* many = std::get_if<std::vector<double>>(&value)) reals = *many;
  if (const auto* one = std::get_if<std::int64_t>(&value)) integers = {*one};
  if (const auto* one = std::get_if<bool>(&value)) integers = {*one ? 1 : 0};
  if (const auto* many = std::get_if<std::vector<std::int64_t>>(&value)) integers = *many;
  if (is_null(value) && !field.arraysize.variable) {
    const std::size_t n = field.arraysize.elements();
    const std::int64_t null = field.null_text ? std::stoll(*field.null_text) : type == Datatype::boolean ? -1 : 0;
    reals.assign(real ? n * (is_complex(type) ? 2 : 1) : 0, std::numeric_limits<double>::quiet_NaN());
    integers.assign(real ? 0 : n, null);
  }
  if (field.arraysize.variable) {
    put_big_endian(out, real ? reals.size() / (is_complex(type) ? 2 : 1) : integers.size(), 4);
  }
  for (const double r : reals) put_real(out, r, is_single(type));
  if (type == Datatype::bit) {
    std::string bits((integers.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < integers.size(); ++i) {
      if (integers[i] != 0) bits[i / 8] = static_cast<char>(bits[i / 8] | 0x80 >> i % 8);
    }
    out += bits;
  } else if (type == Datatype::boolean) {
    for (const std::int64_t v : integers) out += v < 0 ? '?' : v != 0 ? 'T' : 'F';
  } else {
    for (const std::int64_t v : integers) put_big_endian(out, static_cast<std::uint64_t>(v), bytes_of(type));
  }
}

}  // namespace

std::string document(const std::string& body) {
  return "<?xml version=\"1.0\"?>\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">" + body +
         "</VOTABLE>\n";
}

std::string one_column(const std::string& field, const std::string& rows) {
  return document("<RESOURCE type=\"results\"><TABLE><FIELD name=\"a\" " + field + "<DATA><TABLEDATA>" + rows +
                  "</TABLEDATA></DATA></TABLE></RESOURCE>");
}

Table read(const std::string& text) {
  Result<Table> table = read_votable(as_bytes(text));
  EXPECT_TRUE(table) << (table ? "" : table.error().what());
  return table ? std::move(*table) : Table();
}

Error error_of(const std::string& text) {
  const Result<Table> table = read_votable(as_bytes(text));
  EXPECT_FALSE(table);
  return table ? Error(Code::invalid, "it was read") : table.error();
}

std::string gzip(const std::string& text) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string base64(const std::string& bytes, std::mt19937* line_breaks) {
  static const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : kDigits[word >> (18 - 6 * k) & 63];
      if (line_breaks && (*line_breaks)() % 30 == 0) out += (*line_breaks)() % 2 ? "\n" : " \r\n";
    }
  }
  return out;
}

std::string first_difference(const Table& a, const Table& b) {
  if (a.size() != b.size()) return std::to_string(a.size()) + " and " + std::to_string(b.size()) + " rows";
  const auto spelled = [](const Value& v) { return "(" + std::to_string(v.index()) + ") \"" + to_text(v) + "\""; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Row one = a.row(i), other = b.row(i);
    if (one.size() != other.size()) return "row " + std::to_string(i) + " has another number of cells";
    for (std::size_t c = 0; c < one.size(); ++c) {
      if (spelled(one[c]) == spelled(other[c])) continue;
      return "row " + std::to_string(i) + " column " + a.meta.fields[c].name + ": " + spelled(one[c]) + " and " +
             spelled(other[c]);
    }
  }
  return {};
}

Table random_table(unsigned seed, std::size_t rows, bool nulls_without_flags, std::size_t columns) {
  Random random(seed);
  Table table;
  table.meta.has_table = true;
  for (const char* type : {"boolean", "bit", "unsignedByte", "short", "int", "long", "char", "unicodeChar", "float",
                           "double", "floatComplex", "doubleComplex"}) {
    const bool text = is_text(datatype_of(type));
    const std::vector<std::string> forms =
        text ? std::vector<std::string>{"", "9", "*", "40*", "4x3", "4x*", "3x2x2"}
             : std::vector<std::string>{"", "1", "3", "*", "8*", "2x3", "2x*", "2x2x3*"};
    for (const std::string& form : forms) {
      Field field;
      field.name = std::string(type) + "_" + form;
      field.datatype_text = type;
      field.arraysize_text = form;
      settle_type(field);
      const bool integer = !text && !is_real(field.datatype) && !is_complex(field.datatype) &&
                           field.datatype != Datatype::boolean && field.datatype != Datatype::bit;
      if (integer && below(random, 2) == 0) field.null_text = field.datatype == Datatype::unsigned_byte ? "255" : "-99";
      table.meta.fields.push_back(field);
    }
  }
  std::shuffle(table.meta.fields.begin(), table.meta.fields.end(), random);
  table.meta.fields.resize(std::min(columns, table.meta.fields.size()));
  for (std::size_t i = 0; i < rows; ++i) {
    Row row;
    for (const Field& field : table.meta.fields) {
      const bool null = below(random, 5) == 0 && (!nulls_without_flags || has_null(field));
      row.push_back(null ? Value() : random_value(random, field));
    }
    table.append(row);
  }
  table.meta.row_count = rows;
  return table;
}

std::string as_tabledata(const Table& table) {
  return write_votable(table);
}

std::string as_binary(const Table& table, bool binary2, unsigned seed) {
  Random random(seed);
  std::string bytes;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Row row = table.row(i);
    if (binary2) {
      std::string flags((row.size() + 7) / 8, '\0');
      for (std::size_t c = 0; c < row.size(); ++c) {
        if (is_null(row[c])) flags[c / 8] = static_cast<char>(flags[c / 8] | 0x80 >> c % 8);
      }
      bytes += flags;
    }
    for (std::size_t c = 0; c < row.size(); ++c) {
      const Field& field = table.meta.fields[c];
      is_text(field.datatype) ? put_text(bytes, field, row[c], true) : put_numbers(bytes, field, row[c]);
    }
  }
  // The columns as the writer puts them, with the stream in place of its rows.
  Table empty;
  empty.meta = table.meta;
  std::string text = write_votable(empty);
  const std::string element = binary2 ? "BINARY2" : "BINARY";
  const std::size_t from = text.find("<TABLEDATA>"), to = text.find("</DATA>");
  text.replace(from, to - from,
               "<" + element + "><STREAM encoding='base64'>" + base64(bytes, &random) + "</STREAM></" + element + ">");
  return text;
}

}  // namespace skymount::vo::test
