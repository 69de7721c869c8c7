// SPDX-License-Identifier: MIT
//
// How records are laid out on disk: little-endian integers, length-prefixed text, no alignment. A reader never runs past
// its input: after the first short read everything it returns is empty or zero and ok() is false.
#pragma once

#include "cache/base/bytes.h"

#include <bit>
#include <cstring>
#include <string>

namespace skymount {

class RecordWriter {
 public:
  void u8(std::uint8_t v) { put(v); }
  void u32(std::uint32_t v) { put(v); }
  void u64(std::uint64_t v) { put(v); }
  void i64(std::int64_t v) { put(static_cast<std::uint64_t>(v)); }
  void f64(double v) { put(std::bit_cast<std::uint64_t>(v)); }
  void text(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    const ByteView view = as_bytes(v);
    bytes_.insert(bytes_.end(), view.begin(), view.end());
  }
  ByteView view() const { return bytes_; }
  Bytes take() && { return std::move(bytes_); }

 private:
  template <class T>
  void put(T v) {
    static_assert(std::endian::native == std::endian::little);
    const auto* p = reinterpret_cast<const std::byte*>(&v);
    bytes_.insert(bytes_.end(), p, p + sizeof v);
  }
  Bytes bytes_;
};

class RecordReader {
 public:
  explicit RecordReader(ByteView bytes) : rest_(bytes) {}
  std::uint8_t u8() { return get<std::uint8_t>(); }
  std::uint32_t u32() { return get<std::uint32_t>(); }
  std::uint64_t u64() { return get<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(get<std::uint64_t>()); }
  double f64() { return std::bit_cast<double>(get<std::uint64_t>()); }
  /// Points into the input.
  std::string_view text() {
    const std::uint32_t n = u32();
    if (!ok_ || n > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view out = as_text(rest_.first(n));
    rest_ = rest_.subspan(n);
    return out;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  /// True when all was read and nothing is left over.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  template <class T>
  T get() {
    if (!ok_ || rest_.size() < sizeof(T)) {
      ok_ = false;
      return T{};
    }
    T v;
    std::memcpy(&v, rest_.data(), sizeof v);
    rest_ = rest_.subspan(sizeof v);
    return v;
  }
  ByteView rest_;
  bool ok_ = true;
};

}  // namespace skymount
