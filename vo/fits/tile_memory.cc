// SPDX-License-Identifier: MIT
#include "vo/fits/tile_memory.h"

#include "cache/base/record.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>

namespace skymount::vo {
namespace {

// The worker itself, the pieces that it sends and what it fetches ahead: 7 MiB measured with one tile.
constexpr std::uint64_t kBase = 12ULL << 20;
// Below, every worker has as much (its least is 32 MiB), and nobody needs to be asked.
constexpr std::uint64_t kAlways = 30ULL << 20;
constexpr std::int64_t kMostAxes = 6;            // what cfitsio compresses
constexpr std::int64_t kMostPixels = 1LL << 48;  // of a tile, so that sums of them cannot overflow
constexpr std::int64_t kMostBlock = 1'000'000;   // pixels of a RICE block: real ones have 16 or 32

std::int64_t number(const std::vector<Card>& cards, const std::string& key, std::int64_t otherwise) {
  const Card* card = find_card(cards, key);
  return card == nullptr ? otherwise : integer_value(*card).value_or(otherwise);
}

std::string text(const std::vector<Card>& cards, const std::string& key) {
  const Card* card = find_card(cards, key);
  return card == nullptr ? std::string() : value_text(*card).value_or("");
}

/// "1PB(34567)" of the column of tiles: no packed tile is longer; nothing said is all there is.
std::uint64_t longest_packed(const std::vector<Card>& table, std::uint64_t unit_bytes) {
  for (int column = 1; column <= 9; ++column) {
    if (text(table, "TTYPE" + std::to_string(column)) != "COMPRESSED_DATA") continue;
    const std::string form = text(table, "TFORM" + std::to_string(column));
    const std::size_t open = form.find('(');
    if (open == std::string::npos) break;
    const std::uint64_t count = std::strtoull(form.c_str() + open + 1, nullptr, 10);
    const std::uint64_t width = form.find('I') < open ? 2 : form.find('J') < open ? 4 : 1;
    return std::min(unit_bytes, std::min(count, unit_bytes) * width);
  }
  return unit_bytes;
}

std::mutex turn_mutex;
std::condition_variable_any turn_free;
bool turn_taken = false;

}  // namespace

Result<std::uint64_t> tile_memory(const std::vector<Card>& table, std::uint64_t unit_bytes,
                                  const std::vector<std::pair<std::int64_t, std::int64_t>>& box) {
  const std::int64_t bitpix = number(table, "ZBITPIX", 0);
  const auto width = static_cast<std::uint64_t>(std::abs(bitpix) / 8);
  std::int64_t pixels = 1, first_side = 1;
  for (std::int64_t axis = 1; axis <= std::min<std::int64_t>(number(table, "ZNAXIS", 0), kMostAxes); ++axis) {
    // FITS 4.0 section 10.1.1: rows, where nothing is said.
    const std::int64_t length = number(table, "ZNAXIS" + std::to_string(axis), 1);
    const std::int64_t side = number(table, "ZTILE" + std::to_string(axis), axis == 1 ? length : 1);
    if (side < 1 || __builtin_mul_overflow(pixels, side, &pixels) || pixels > kMostPixels)
      return fail(Code::corrupt, "the compressed image's tiles have an impossible size");
    if (axis == 1) first_side = side;
  }
  for (int i = 1; i <= 9; ++i) {
    if (text(table, "ZNAME" + std::to_string(i)) != "BLOCKSIZE") continue;
    const std::int64_t block = number(table, "ZVAL" + std::to_string(i), 0);
    if (block < 1 || block > kMostBlock)
      return fail(Code::corrupt, "the compressed image's BLOCKSIZE is impossible: " + std::to_string(block));
  }
  const std::string kind = text(table, "ZCMPTYPE");
  std::uint64_t at_work = width;  // bytes a pixel beside the unpacked tile, as measured with cfitsio 4.2
  if (kind == "GZIP_2") at_work = 2 * width;
  if (kind == "PLIO_1") at_work = 4;
  if (kind == "HCOMPRESS_1") at_work = width <= 2 ? 4 : 8;
  const std::uint64_t across =
      box.empty() ? 1
                  : static_cast<std::uint64_t>((box[0].second - 1) / first_side - (box[0].first - 1) / first_side + 1);
  const auto tile = static_cast<std::uint64_t>(pixels);
  std::uint64_t kept = 0, all = 0;
  if (__builtin_mul_overflow(tile * width, across, &kept) || __builtin_add_overflow(kept, tile * at_work, &all))
    return fail(Code::corrupt, "the compressed image's tiles have an impossible size");
  return kBase + all + std::min(longest_packed(table, unit_bytes), tile * std::max<std::uint64_t>(width, 4));
}

Result<bool> ask_memory(std::uint64_t bytes, Workers& workers, const FetchContext& ctx) {
  if (bytes <= kAlways) return false;
  RecordWriter job;
  job.u64(bytes);
  bool alone = false;
  const auto take = [&](FrameKind kind, ByteView payload) -> Result<void> {
    if (kind == FrameKind::memory) alone = !payload.empty() && payload[0] != std::byte{0};
    return {};
  };
  const auto nothing = [](ByteRange) -> Result<SharedBytes> { return fail(Code::corrupt, "nothing to read"); };
  const Result<void> ran = workers.run(FrameKind::memory, std::move(job).take(), nothing, take, ctx);
  if (!ran) return fail(ran.error());
  return alone;
}

LargeTurn::LargeTurn(bool needed, const FetchContext& ctx) {
  if (!needed) return;
  std::unique_lock lock(turn_mutex);
  const auto until = std::min(ctx.deadline, FetchContext::Steady::now() + std::chrono::hours(24));
  if (turn_free.wait_until(lock, ctx.stop, until, [] { return !turn_taken; }))
    held_ = turn_taken = true;
  else
    outcome_ = fail(ctx.stopped() ? Code::cancelled : Code::timed_out, "other large tiles are unpacked first");
}

LargeTurn::~LargeTurn() {
  if (!held_) return;
  std::lock_guard lock(turn_mutex);
  turn_taken = false;
  turn_free.notify_all();
}

}  // namespace skymount::vo
