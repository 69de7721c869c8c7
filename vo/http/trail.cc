// SPDX-License-Identifier: MIT
//
// A chain: the hash of each full block is made of the block and the hash before.
#include "vo/http/trail.h"

#include "cache/content_id.h"

#include <algorithm>

namespace skymount::vo {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

}  // namespace

void Trail::add(ByteView piece) {
  length_ += piece.size();
  while (!piece.empty()) {
    const std::size_t taken = std::min(piece.size(), kBlock - open_.size());
    open_.insert(open_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(taken));
    piece = piece.subspan(taken);
    if (open_.size() < kBlock) return;
    const auto before = std::as_bytes(std::span(&chain_, 1));
    open_.insert(open_.end(), before.begin(), before.end());
    chain_ = cache::hash64(as_text(open_));
    open_.clear();
  }
}

}  // namespace skymount::vo
