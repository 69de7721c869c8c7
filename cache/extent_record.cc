// SPDX-License-Identifier: MIT
//
// Layout: 32 bytes present, 32 bytes cleared, then the checksums up to the last granule that is present.
#include "cache/extent_record.h"

#include "cache/base/record.h"

namespace skymount::cache {
namespace {

using Bits = std::bitset<kGranulesPerExtent>;

void write_bits(RecordWriter& out, const Bits& bits) {
  for (std::size_t byte = 0; byte < bits.size() / 8; ++byte) {
    std::uint8_t value = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) value |= static_cast<std::uint8_t>(bits[byte * 8 + bit] << bit);
    out.u8(value);
  }
}

Bits read_bits(RecordReader& in) {
  Bits bits;
  for (std::size_t byte = 0; byte < bits.size() / 8; ++byte) {
    const std::uint8_t value = in.u8();
    for (std::size_t bit = 0; bit < 8; ++bit) bits[byte * 8 + bit] = ((value >> bit) & 1) != 0;
  }
  return bits;
}

std::size_t granules_up_to_last(const Bits& bits) {
  std::size_t count = bits.size();
  while (count > 0 && !bits[count - 1]) --count;
  return count;
}

}  // namespace

Bytes ExtentRecord::encoded() const {
  RecordWriter out;
  write_bits(out, present);
  write_bits(out, cleared);
  const std::size_t count = granules_up_to_last(present);
  for (std::size_t i = 0; i < count; ++i) out.u64(sums[i]);
  return std::move(out).take();
}

ExtentRecord ExtentRecord::decoded(ByteView bytes) {
  ExtentRecord record;
  if (bytes.empty()) return record;
  RecordReader in(bytes);
  record.present = read_bits(in);
  record.cleared = read_bits(in);
  const std::size_t count = granules_up_to_last(record.present);
  for (std::size_t i = 0; i < count; ++i) record.sums[i] = in.u64();
  return in.complete() ? record : ExtentRecord{};
}

Bytes ExtentRecord::merged(ByteView before, ByteView change) {
  ExtentRecord out = decoded(before);
  const ExtentRecord news = decoded(change);
  out.present = (out.present & ~news.cleared) | news.present;
  out.cleared = (out.cleared & ~news.present) | news.cleared;
  for (std::size_t i = 0; i < out.sums.size(); ++i) {
    if (news.present[i]) out.sums[i] = news.sums[i];
  }
  return out.encoded();
}

std::string extent_key(const std::string& hex, std::uint64_t extent) {
  std::string key = hex;
  for (int shift = 32; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(extent >> shift));  // big-endian: in order
  return key;
}

std::uint64_t extent_of_key(std::string_view key) {
  std::uint64_t extent = 0;
  for (const char c : key.substr(std::min<std::size_t>(32, key.size())))
    extent = extent << 8 | static_cast<unsigned char>(c);
  return extent;
}

}  // namespace skymount::cache
