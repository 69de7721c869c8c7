// SPDX-License-Identifier: MIT
#include "vo/file_records.h"

#include "cache/base/record.h"

namespace skymount::vo {
namespace {

// Raised when the layout changes; older records are then asked for again.
constexpr std::uint8_t kLayout = 1;
// Flags of a record.
constexpr std::uint8_t kComputed = 1, kWithdrawn = 2, kDated = 4;

std::string key_for(const std::string& identity, const std::string& auth) {
  return auth.empty() ? identity : identity + "\nfor " + auth;
}

}  // namespace

Bytes pack(const FileRecord& record) {
  const LearnedFile& learned = record.learned;
  RecordWriter out;
  out.u8(kLayout);
  out.u8(static_cast<std::uint8_t>((record.computed ? kComputed : 0) | (record.withdrawn ? kWithdrawn : 0) |
                                   (record.dated ? kDated : 0)));
  out.text(learned.version);
  out.u8(learned.size ? 1 : 0);
  out.u64(learned.size.value_or(0));
  out.u8(learned.ranges ? 1 : 0);
  out.text(learned.etag);
  out.u8(learned.last_modified ? 1 : 0);
  out.i64(learned.last_modified.value_or(0));
  out.text(learned.content_type);
  out.text(learned.filename);
  return std::move(out).take();
}

std::optional<FileRecord> unpack_file_record(ByteView bytes) {
  RecordReader in(bytes);
  if (in.u8() != kLayout) return std::nullopt;
  FileRecord record;
  LearnedFile& learned = record.learned;
  const std::uint8_t flags = in.u8();
  record.computed = (flags & kComputed) != 0;
  record.withdrawn = (flags & kWithdrawn) != 0;
  record.dated = (flags & kDated) != 0;
  learned.version = in.text();
  const bool sized = in.u8() != 0;
  const std::uint64_t size = in.u64();
  if (sized) learned.size = size;
  learned.ranges = in.u8() != 0;
  learned.etag = in.text();
  const bool dated = in.u8() != 0;
  const std::int64_t modified = in.i64();
  if (dated) learned.last_modified = modified;
  learned.content_type = in.text();
  learned.filename = in.text();
  if (!in.complete()) return std::nullopt;
  return record;
}

FileRecords::FileRecords(std::string archive, std::shared_ptr<cache::MetaStore> store, Asker asker)
    : archive_(std::move(archive)), store_(std::move(store)), asker_(std::move(asker)) {}

std::optional<FileRecord> FileRecords::get(const std::string& identity) const {
  if (const std::string auth = asker(); !auth.empty()) {
    if (std::optional<FileRecord> own = get_of(key_for(identity, auth), auth)) return own;
  }
  return get_of(identity, "");
}

std::optional<FileRecord> FileRecords::get_of(const std::string& key, const std::string& auth) const {
  using Known = std::optional<std::optional<FileRecord>>;  // the outer one: whether memory can tell
  const Known known = memory_.with([&](auto& memory) -> Known {
    const std::optional<FileRecord>* held = memory.get(key);
    return held == nullptr ? Known() : Known(std::in_place, *held);
  });
  if (known) return *known;
  std::optional<FileRecord> record;
  if (store_) {
    if (const auto stored = store_->get(cache::MetaStore::Room::contents, stored_key(key))) {
      record = unpack_file_record(stored->value);
      if (record) record->learned_at = stored->stored_at;
      if (record) record->learned.auth = auth;
    }
  }
  memory_.with([&](auto& memory) {
    // A put() that came in between knows better.
    if (const auto* newer = memory.get(key)) {
      record = *newer;
    } else {
      memory.put(key, record, key.size() + 400);
    }
  });
  return record;
}

void FileRecords::put(const std::string& identity, const FileRecord& record) {
  const std::string key = key_for(identity, record.learned.auth);
  memory_.with([&](auto& memory) { memory.put(key, record, key.size() + 400); });
  // A record that cannot be kept is learned again after a remount; that is no error.
  if (store_) (void)store_->put(cache::MetaStore::Room::contents, stored_key(key), pack(record));
  const std::string auth = asker();
  if (!record.learned.auth.empty() || auth.empty()) return;
  const std::string own = key_for(identity, auth);
  if (!get_of(own, auth)) return;
  memory_.with([&](auto& memory) { memory.put(own, std::nullopt, own.size() + 400); });
  if (store_) store_->erase(cache::MetaStore::Room::contents, stored_key(own));
}

void FileRecords::withdraw(const std::string& identity, const std::string& version) {
  std::optional<FileRecord> record = get(identity);
  if (!record || record->withdrawn || record->learned.version != version) return;
  record->withdrawn = true;
  put(identity, *record);
}

void FileRecords::no_ranges(const std::string& identity, const std::string& version) {
  std::optional<FileRecord> record = get(identity);
  if (!record || record->learned.version != version) return;
  record->withdrawn = true;
  record->learned.ranges = false;
  put(identity, *record);
}

void FileRecords::keep_date(const std::string& identity, const std::string& version) {
  std::optional<FileRecord> record = get(identity);
  if (!record || record->dated || !record->learned.last_modified || record->learned.version != version) return;
  record->dated = true;
  put(identity, *record);
}

bool FileRecords::shows_last_modified(const std::string& identity) const {
  const std::optional<FileRecord> record = get(identity);
  return record && record->learned.last_modified && !record->dated && !record->withdrawn && !record->computed;
}

}  // namespace skymount::vo
