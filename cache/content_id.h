// SPDX-License-Identifier: MIT
//
// The name of one version of one file's bytes. A new version is a new ContentId, so a cached block can never be stale.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace skymount::cache {

struct ContentId {
  std::string archive;   ///< configured name of the archive
  std::string auth;      ///< hash of the identity that was allowed to see it; empty for public data
  std::string identity;  ///< stable over sessions: links ID + semantics + name, or the URL without signature parameters
  std::string version;   ///< strong ETag, else Last-Modified + total, else total + hash of the first 64 KiB; for answers
                         ///< computed per request: which download it was

  /// XXH3-128 of all four, as 32 hex digits: file name and database key of this content.
  std::string hex() const;
  /// XXH3-64 of all four; used for inode numbers.
  std::uint64_t hash64() const;

  friend bool operator==(const ContentId&, const ContentId&) = default;
};

/// XXH3-64 of any text: the project's one hash for keys and inode numbers.
std::uint64_t hash64(std::string_view text);
/// The same as 16 hex digits.
std::string hash_hex(std::string_view text);

}  // namespace skymount::cache
