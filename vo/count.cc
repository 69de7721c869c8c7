// SPDX-License-Identifier: MIT
#include "vo/count.h"

#include "cache/base/record.h"

namespace skymount::vo {
namespace {

constexpr std::uint8_t kLayout = 1;

}  // namespace

Bytes pack(const Count& count) {
  RecordWriter out;
  out.u8(kLayout);
  out.u64(count.rows);
  out.u8(count.bytes ? 1 : 0);
  out.u64(count.bytes.value_or(0));
  out.u8(count.at_most ? 1 : 0);
  out.i64(count.asked_at.time_since_epoch().count());
  out.text(count.adql);
  out.text(count.words);
  return std::move(out).take();
}

std::optional<Count> unpack_count(ByteView bytes) {
  RecordReader in(bytes);
  if (in.u8() != kLayout) return std::nullopt;
  Count out;
  out.rows = in.u64();
  const bool sized = in.u8() != 0;
  const std::uint64_t size = in.u64();
  if (sized) out.bytes = size;
  out.at_most = in.u8() != 0;
  out.asked_at = WallTime(std::chrono::milliseconds(in.i64()));
  out.adql = in.text();
  out.words = in.text();
  if (!in.complete()) return std::nullopt;
  return out;
}

}  // namespace skymount::vo
