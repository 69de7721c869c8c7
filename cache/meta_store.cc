// SPDX-License-Identifier: MIT
//
// A record in the index: format, time, the full key, the value. The index's key is the XXH3-128 of the full key,
// because LMDB takes at most 511 bytes; should two full keys ever meet there, the later one wins and the earlier one
// reads as missing.
#include "cache/meta_store.h"

#include <xxhash.h>

#include "cache/base/log.h"
#include "cache/base/record.h"
#include "cache/lmdb.h"

namespace skymount::cache {
namespace {

constexpr std::uint8_t kRecordFormat = 1;
constexpr std::uint64_t kMaxValue = 1_GiB;

Lmdb::Db database_of(MetaStore::Room room) {
  switch (room) {
    case MetaStore::Room::listings: return Lmdb::Db::listings;
    case MetaStore::Room::links: return Lmdb::Db::links;
    case MetaStore::Room::contents: return Lmdb::Db::contents;
    case MetaStore::Room::services: return Lmdb::Db::services;
    case MetaStore::Room::saved: return Lmdb::Db::saved;
    case MetaStore::Room::jobs: return Lmdb::Db::jobs;
  }
  return Lmdb::Db::saved;
}

std::string hashed(std::string_view key) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(key.data(), key.size()));
  return {reinterpret_cast<const char*>(canonical.digest), sizeof canonical.digest};
}

struct Parsed {
  std::string_view key;
  WallTime stored_at;
  std::size_t value_at = 0;  ///< its value goes from here to the end
};

std::optional<Parsed> parse(ByteView stored) {
  RecordReader in(stored);
  const std::uint8_t format = in.u8();
  const WallTime at{std::chrono::milliseconds(in.i64())};
  const std::string_view key = in.text();
  if (!in.ok() || format != kRecordFormat) return std::nullopt;
  return Parsed{key, at, 1 + 8 + 4 + key.size()};
}

}  // namespace

MetaStore::MetaStore(std::shared_ptr<Lmdb> lmdb, const Clock& clock) : lmdb_(std::move(lmdb)), clock_(clock) {}

std::optional<MetaStore::Record> MetaStore::get(Room room, std::string_view key) const {
  std::optional<Bytes> stored = lmdb_->get(database_of(room), hashed(key));
  if (!stored) return std::nullopt;
  const std::optional<Parsed> parsed = parse(*stored);
  if (!parsed || parsed->key != key) return std::nullopt;
  // Moved to the front where it lies: a second copy of a large listing would cost as much as reading it.
  stored->erase(stored->begin(), stored->begin() + static_cast<std::ptrdiff_t>(parsed->value_at));
  return Record{std::move(*stored), parsed->stored_at};
}

namespace {

Result<Bytes> record_of(WallTime now, std::string_view key, ByteView value) {
  if (value.size() > kMaxValue || key.size() > kMaxValue) {
    return fail(Code::too_large, "a record of " + std::to_string(value.size()) +
                                     " bytes is over the store's limit of " + std::to_string(kMaxValue));
  }
  RecordWriter head;
  head.u8(kRecordFormat);
  head.i64(now.time_since_epoch().count());
  head.text(key);
  Bytes stored;
  stored.reserve(head.view().size() + value.size());
  stored.insert(stored.end(), head.view().begin(), head.view().end());
  stored.insert(stored.end(), value.begin(), value.end());
  return stored;
}

}  // namespace

Result<void> MetaStore::put(Room room, std::string_view key, ByteView value) {
  Result<Bytes> stored = record_of(clock_.now(), key, value);
  if (!stored) return fail(std::move(stored).error());
  lmdb_->put(database_of(room), hashed(key), std::move(*stored));
  return {};
}

Result<void> MetaStore::put_durably(Room room, std::string_view key, ByteView value) {
  Result<Bytes> stored = record_of(clock_.now(), key, value);
  if (!stored) return fail(std::move(stored).error());
  return lmdb_->put_now(database_of(room), hashed(key), std::move(*stored));
}

void MetaStore::erase(Room room, std::string_view key) {
  lmdb_->erase(database_of(room), hashed(key));
}

void MetaStore::each(Room room, const std::function<bool(std::string_view, const Record&)>& visit) const {
  lmdb_->each(database_of(room), "", [&](std::string_view, ByteView stored) {
    const std::optional<Parsed> parsed = parse(stored);
    if (!parsed) return true;
    const ByteView value = stored.subspan(parsed->value_at);
    return visit(parsed->key, {Bytes(value.begin(), value.end()), parsed->stored_at});
  });
}

}  // namespace skymount::cache
