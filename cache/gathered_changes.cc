// SPDX-License-Identifier: MIT
//
// How changes to one key add up before they are committed.
#include "cache/gathered_changes.h"

namespace skymount::cache {

std::optional<Bytes> Change::over(std::optional<Bytes> before) const {
  switch (kind) {
    case Kind::put: return *bytes;
    case Kind::erase: return std::nullopt;
    case Kind::merge: return merge(before ? ByteView(*before) : ByteView(), *bytes);
  }
  return std::nullopt;
}

Change Change::followed_by(const Change& later) const {
  if (later.kind != Kind::merge) return later;
  const ByteView before = kind == Kind::erase ? ByteView() : ByteView(*bytes);
  // On top of an erased or a whole value the outcome is known, so the merge becomes a put; two merges stay one merge.
  return {kind == Kind::merge ? Kind::merge : Kind::put,
          std::make_shared<const Bytes>(later.merge(before, *later.bytes)), later.merge};
}

void GatheredChanges::add(Lmdb::Db db, std::string_view key, Change change) {
  bytes_ += key.size() + (change.bytes ? change.bytes->size() : 0);
  Keys& keys = keys_[static_cast<std::size_t>(db)];
  const auto found = keys.find(key);
  if (found == keys.end()) {
    keys.emplace(std::string(key), std::move(change));
  } else {
    found->second = found->second.followed_by(change);
  }
}

std::optional<Change> GatheredChanges::take(Lmdb::Db db, std::string_view key) {
  Keys& keys = keys_[static_cast<std::size_t>(db)];
  const auto found = keys.find(key);
  if (found == keys.end()) return std::nullopt;
  std::optional<Change> out = std::move(found->second);
  keys.erase(found);
  return out;  // bytes_ stays: it only decides when to commit, and an empty commit does no harm
}

const Change* GatheredChanges::find(Lmdb::Db db, std::string_view key) const {
  const Keys& keys = of(db);
  const auto found = keys.find(key);
  return found == keys.end() ? nullptr : &found->second;
}

}  // namespace skymount::cache
