// SPDX-License-Identifier: MIT
//
// The project's one hash, XXH3. The four parts of a ContentId are hashed with their lengths, so that no two different
// quadruples can spell the same text.
#include "cache/content_id.h"

#include <xxhash.h>

#include <cstdio>

#include "cache/base/record.h"

namespace skymount::cache {
namespace {

Bytes spelled(const ContentId& id) {
  RecordWriter out;
  for (const std::string* part : {&id.archive, &id.auth, &id.identity, &id.version}) out.text(*part);
  return std::move(out).take();
}

std::string hex16(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

std::string ContentId::hex() const {
  const Bytes text = spelled(*this);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return hex16(hash.high64) + hex16(hash.low64);
}

std::uint64_t ContentId::hash64() const {
  const Bytes text = spelled(*this);
  return XXH3_64bits(text.data(), text.size());
}

std::uint64_t hash64(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::string hash_hex(std::string_view text) {
  return hex16(hash64(text));
}

}  // namespace skymount::cache
