// SPDX-License-Identifier: MIT
//
// A content that nobody can deliver again: it was made once, and is read from the cache alone.
#pragma once

#include "cache/byte_source.h"

namespace skymount::vo {

/// What was made once and is here as a whole; what is lost of it must be made anew.
class KeptContent final : public cache::ByteSource {
 public:
  KeptContent(cache::ContentId id, std::uint64_t size) : id_(std::move(id)), size_(size) {}
  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return size_; }
  bool whole_only() const override { return true; }
  Result<void> fetch(ByteRange, const Sink&, const FetchContext&) override {
    return fail(Code::stale, "a part of this file is not in the cache any more; open it again");
  }

 private:
  const cache::ContentId id_;
  const std::uint64_t size_;
};

}  // namespace skymount::vo
