// SPDX-License-Identifier: MIT
#include "fs/tree/node.h"

#include "cache/content_id.h"

namespace skymount::fs {

std::string Place::key() const {
  if (kind == PlaceKind::data) return "data\n" + archive->name() + "\n" + entry->identity;
  return "path\n" + path;
}

std::uint64_t Place::ino() const {
  if (kind == PlaceKind::root) return 1;
  const std::uint64_t hash = cache::hash64(key());
  return hash < 2 ? hash + 2 : hash;  // 0 is no inode and 1 is the root's
}

}  // namespace skymount::fs
