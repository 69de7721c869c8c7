// SPDX-License-Identifier: MIT
#include "fs/tree/node.h"

#include "cache/content_id.h"

namespace skymount::fs {

std::string Place::key() const {
  if (kind == PlaceKind::data) return "data\n" + archive->name() + "\n" + entry->identity;
  return "path\n" + path;
}

bool Place::same_key(const Place& other) const {
  const bool data = kind == PlaceKind::data;
  if (data != (other.kind == PlaceKind::data)) return false;
  if (data) return archive == other.archive && entry->identity == other.entry->identity;
  return path == other.path;
}

std::uint64_t Place::ino() const {
  return kind == PlaceKind::root ? 1 : ino_of_key(key());
}

std::uint64_t ino_of_key(std::string_view key) {
  const std::uint64_t hash = cache::hash64(key);
  return hash < 2 ? hash + 2 : hash;  // 0 is no inode and 1 is the root's
}

}  // namespace skymount::fs
