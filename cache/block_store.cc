// SPDX-License-Identifier: MIT
//
// The store as a whole: what contents there are, how much they hold, and their removal.
#include "cache/block_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "cache/base/log.h"
#include "cache/base/record.h"

namespace skymount::cache {
namespace {

constexpr std::uint8_t kFileFormat = 1;

/// Bytes of an extent that are present; the granule at the end of the file is short.
std::uint64_t bytes_in(const ExtentRecord& record, std::uint64_t extent, std::optional<std::uint64_t> size) {
  std::uint64_t bytes = record.present.count() * kGranuleSize;
  if (size && *size % kGranuleSize != 0 && *size / kExtentSize == extent &&
      record.present[*size % kExtentSize / kGranuleSize]) {
    bytes -= kGranuleSize - *size % kGranuleSize;
  }
  return bytes;
}

}  // namespace

Bytes BlockStore::File::encoded() const {
  RecordWriter out;
  out.u8(kFileFormat);
  out.u8(size ? 1 : 0);
  out.u64(size.value_or(0));
  out.i64(used_ms);
  out.u8(pinned ? 1 : 0);
  out.text(archive);
  out.text(identity);
  return std::move(out).take();
}

std::optional<BlockStore::File> BlockStore::File::decoded(ByteView bytes) {
  RecordReader in(bytes);
  if (in.u8() != kFileFormat) return std::nullopt;
  File out;
  const bool sized = in.u8() != 0;
  const std::uint64_t size = in.u64();
  if (sized) out.size = size;
  out.used_ms = in.i64();
  out.pinned = in.u8() != 0;
  out.archive = in.text();
  out.identity = in.text();
  if (!in.complete()) return std::nullopt;
  return out;
}

BlockStore::BlockStore(std::filesystem::path blocks, std::shared_ptr<Lmdb> lmdb, std::uint64_t memory_bytes,
                       std::uint64_t max_bytes)
    : blocks_(std::move(blocks)), lmdb_(std::move(lmdb)), max_bytes_(max_bytes), shelf_(memory_bytes) {}

Result<std::shared_ptr<BlockStore>> BlockStore::open(const std::filesystem::path& dir, std::shared_ptr<Lmdb> lmdb,
                                                     std::uint64_t memory_bytes, std::uint64_t max_bytes) {
  const std::filesystem::path blocks = dir / "blocks";
  std::error_code bad;
  std::filesystem::create_directories(dir, bad);  // should it not work, the next line says why
  if (::mkdir(blocks.c_str(), 0700) != 0 && errno != EEXIST) {
    const int why = errno;
    return fail(why == ENOSPC ? Code::no_space : Code::denied,
                "cannot make " + blocks.string() + ": " + std::strerror(why) + "; choose another with --cache DIR");
  }
  if (::access(blocks.c_str(), R_OK | W_OK | X_OK) != 0) {
    return fail(Code::denied, "cannot write in " + blocks.string() + ": " + std::strerror(errno) +
                                  "; choose another with --cache DIR");
  }
  std::shared_ptr<BlockStore> store(new BlockStore(blocks, std::move(lmdb), memory_bytes, max_bytes));
  store->each_file([&](const std::string& hex, const File&) {
    store->bytes_ += store->bytes_of(hex);
    return true;
  });
  return store;
}

std::optional<BlockStore::File> BlockStore::file(const std::string& hex) const {
  const std::optional<Bytes> bytes = lmdb_->get(Lmdb::Db::files, hex);
  return bytes ? File::decoded(*bytes) : std::nullopt;
}

void BlockStore::put_file(const std::string& hex, const File& file) {
  lmdb_->put(Lmdb::Db::files, hex, file.encoded());
}

void BlockStore::each_file(const std::function<bool(const std::string&, const File&)>& visit) const {
  lmdb_->each(Lmdb::Db::files, "", [&](std::string_view hex, ByteView bytes) {
    const std::optional<File> file = File::decoded(bytes);
    return !file || visit(std::string(hex), *file);
  });
}

std::uint64_t BlockStore::bytes_of(const std::string& hex) const {
  const std::optional<File> known = file(hex);
  if (!known) return 0;
  std::uint64_t bytes = 0;
  lmdb_->each(Lmdb::Db::extents, hex, [&](std::string_view key, ByteView value) {
    bytes += bytes_in(ExtentRecord::decoded(value), extent_of_key(key), known->size);
    return true;
  });
  return bytes;
}

std::uint64_t BlockStore::contents() const {
  std::uint64_t count = 0;
  each_file([&](const std::string&, const File&) {
    ++count;
    return true;
  });
  return count;
}

std::filesystem::path BlockStore::remove(const std::string& hex) {
  const std::filesystem::path path = path_of(hex);
  const std::filesystem::path gone = path.string() + ".gone";
  const bool renamed = ::rename(path.c_str(), gone.c_str()) == 0;
  const std::uint64_t bytes = bytes_of(hex);
  std::vector<std::string> keys;
  lmdb_->each(Lmdb::Db::extents, hex, [&](std::string_view key, ByteView) {
    keys.emplace_back(key);
    return true;
  });
  for (const std::string& key : keys) lmdb_->erase(Lmdb::Db::extents, key);
  lmdb_->erase(Lmdb::Db::files, hex);
  shelf_.erase(hex);
  take_off(bytes);
  return renamed ? gone : std::filesystem::path();
}

std::vector<ByteRange> BlockStore::trim(const std::string& hex, std::uint64_t bytes) {
  const std::optional<File> known = file(hex);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> extents;  // number, bytes
  lmdb_->each(Lmdb::Db::extents, hex, [&](std::string_view key, ByteView value) {
    const std::uint64_t extent = extent_of_key(key);
    extents.emplace_back(extent, bytes_in(ExtentRecord::decoded(value), extent, known ? known->size : std::nullopt));
    return true;
  });
  // From the end: the beginning, where headers are, is what a later look needs first.
  std::sort(extents.rbegin(), extents.rend());
  std::vector<ByteRange> out;
  std::uint64_t freed = 0;
  for (const auto& [extent, held] : extents) {
    if (freed >= bytes) break;
    lmdb_->erase(Lmdb::Db::extents, extent_key(hex, extent));
    freed += held;
    out.push_back({extent * kExtentSize, kExtentSize});
  }
  take_off(freed);
  return out;
}

std::shared_ptr<void> BlockStore::hold(const std::shared_ptr<BlockStore>& store, std::string hex) {
  store->shelf_.hold(hex);
  return {nullptr, [store, hex = std::move(hex)](void*) { store->shelf_.release(hex); }};
}

void BlockStore::take_off(std::uint64_t bytes) {
  std::uint64_t now = bytes_;
  while (!bytes_.compare_exchange_weak(now, now - std::min(now, bytes))) {
  }
}

}  // namespace skymount::cache
