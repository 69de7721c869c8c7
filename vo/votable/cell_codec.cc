// SPDX-License-Identifier: MIT
#include "vo/votable/cell_codec.h"

#include <bit>
#include <cstring>

namespace skymount::vo {
namespace {

// The order of Value's alternatives, with both booleans in front. On disk: never renumber, change Table's version
// instead.
enum Tag : std::uint8_t { kNull, kFalse, kTrue, kInteger, kReal, kText, kIntegers, kReals, kTexts };

void put_byte(Bytes& out, std::uint8_t byte) {
  out.push_back(static_cast<std::byte>(byte));
}

void put_varint(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) put_byte(out, static_cast<std::uint8_t>(value | 0x80));
  put_byte(out, static_cast<std::uint8_t>(value));
}

std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t unzigzag(std::uint64_t bits) {
  return static_cast<std::int64_t>(bits >> 1 ^ (0 - (bits & 1)));
}

void put_bytes(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_real(Bytes& out, double value) {
  static_assert(std::endian::native == std::endian::little);
  put_bytes(out, std::as_bytes(std::span(&value, 1)));
}

void put_text(Bytes& out, std::string_view text) {
  put_varint(out, text.size());
  put_bytes(out, as_bytes(text));
}

struct Append {
  Bytes& out;

  void operator()(std::monostate) { put_byte(out, kNull); }
  void operator()(bool value) { put_byte(out, value ? kTrue : kFalse); }
  void operator()(std::int64_t value) {
    put_byte(out, kInteger);
    put_varint(out, zigzag(value));
  }
  void operator()(double value) {
    put_byte(out, kReal);
    put_real(out, value);
  }
  void operator()(const std::string& value) {
    put_byte(out, kText);
    put_text(out, value);
  }
  void operator()(const std::vector<double>& values) {
    put_byte(out, kReals);
    put_varint(out, values.size() * sizeof(double));
    for (const double v : values) put_real(out, v);
  }
  void operator()(const std::vector<std::int64_t>& values) {
    Bytes items;
    for (const std::int64_t v : values) put_varint(items, zigzag(v));
    put_byte(out, kIntegers);
    put_text(out, as_text(items));
  }
  void operator()(const std::vector<std::string>& values) {
    Bytes items;
    for (const std::string& v : values) put_text(items, v);
    put_byte(out, kTexts);
    put_text(out, as_text(items));
  }
};

double real_from(const std::byte* bytes) {
  double value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace

void append_cell(Bytes& out, const Value& value) {
  std::visit(Append{out}, value);
}

std::optional<std::uint64_t> CellReader::varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < rest_.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint64_t>(rest_[i]);
    if (i == 9 && byte > 1) break;  // more than 64 bits
    value |= (byte & 0x7F) << (7 * i);
    if ((byte & 0x80) == 0) {
      rest_ = rest_.subspan(i + 1);
      return value;
    }
  }
  ok_ = false;
  rest_ = {};
  return std::nullopt;
}

ByteView CellReader::take(std::uint64_t count) {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const ByteView taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

void CellReader::skip() {
  const ByteView tag = take(1);
  if (tag.empty()) return;
  switch (static_cast<std::uint8_t>(tag[0])) {
    case kNull:
    case kFalse:
    case kTrue: return;
    case kInteger: varint(); return;
    case kReal: take(sizeof(double)); return;
    case kText:
    case kIntegers:
    case kReals:
    case kTexts:
      if (const auto length = varint()) take(*length);
      return;
    default: ok_ = false;
  }
}

void CellReader::check() {
  const bool list = !rest_.empty() && static_cast<std::uint8_t>(rest_[0]) >= kIntegers;
  if (list) {
    next();
  } else {
    skip();
  }
}

Value CellReader::next() {
  const ByteView tag = take(1);
  if (tag.empty()) return {};
  Value value = decode(static_cast<std::uint8_t>(tag[0]));
  return ok_ ? value : Value();
}

Value CellReader::decode(std::uint8_t tag) {
  switch (tag) {
    case kNull: return {};
    case kFalse: return false;
    case kTrue: return true;
    case kInteger: {
      const auto bits = varint();
      return bits ? Value(unzigzag(*bits)) : Value();
    }
    case kReal: {
      const ByteView bytes = take(sizeof(double));
      return bytes.empty() ? Value() : Value(real_from(bytes.data()));
    }
    default: break;
  }
  const auto length = varint();
  const ByteView body = length ? take(*length) : ByteView();
  if (!ok_) return {};
  if (tag == kText) return std::string(as_text(body));
  if (tag == kReals && body.size() % sizeof(double) == 0) {
    std::vector<double> values(body.size() / sizeof(double));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = real_from(body.data() + i * sizeof(double));
    return values;
  }
  CellReader items(body);
  if (tag == kIntegers) {
    std::vector<std::int64_t> values;
    while (items.ok_ && items.left() > 0) values.push_back(unzigzag(items.varint().value_or(0)));
    ok_ = items.ok_;
    return values;
  }
  if (tag == kTexts) {
    std::vector<std::string> values;
    while (items.ok_ && items.left() > 0) {
      const auto size = items.varint();
      values.emplace_back(as_text(items.take(size.value_or(0))));
    }
    ok_ = items.ok_;
    return values;
  }
  ok_ = false;
  return {};
}

}  // namespace skymount::vo
