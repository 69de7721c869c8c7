// SPDX-License-Identifier: MIT
#include "vo/fits/header_walk.h"

#include <algorithm>
#include <string>

namespace skymount::vo {
namespace {

constexpr std::uint64_t kFirstLook = 10 * kFitsBlock;  // most headers are shorter
constexpr std::uint64_t kStep = 4;                     // 10, 40, 160, 640 blocks, then the most there may be
constexpr std::size_t kCard = 80;

std::string at(std::uint64_t offset) {
  return " at byte " + std::to_string(offset);
}

bool begins_as_header(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  return text.starts_with("SIMPLE  =") || text.starts_with("XTENSION=");
}

/// What `bytes`, which begin at `offset`, tell. `last`: there are no more. Nothing in the optional: more is needed.
Result<std::optional<std::optional<HeaderUnit>>> judge(ByteView bytes, std::uint64_t offset, bool last) {
  using Verdict = std::optional<std::optional<HeaderUnit>>;
  const HeaderScan scan = scan_header(bytes);
  if (scan.state == HeaderState::complete) {
    HeaderUnit unit{offset, {}, scan.header};
    std::size_t end = 0;
    while (!as_text(bytes.subspan(end, kCard)).starts_with("END     ")) end += kCard;
    unit.cards.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end + kCard));
    return Verdict(std::move(unit));
  }
  if (scan.state == HeaderState::not_fits) {
    if (!begins_as_header(bytes)) return Verdict(std::optional<HeaderUnit>());
    return fail(Code::corrupt, "the FITS header" + at(offset) + " gives sizes that are impossible");
  }
  if (last && bytes.size() < kFitsBlock && !begins_as_header(bytes)) return Verdict(std::optional<HeaderUnit>());
  if (last) return fail(Code::corrupt, "the FITS file ends inside the header" + at(offset));
  if (bytes.size() >= kLongestHeader) {
    return fail(Code::too_large, "the FITS header" + at(offset) + " has no end within " +
                                     std::to_string(kLongestHeader / kCard) + " cards");
  }
  return Verdict();
}

}  // namespace

Result<std::optional<HeaderUnit>> read_header(std::uint64_t offset, std::uint64_t size, const ReadRange& read) {
  if (offset >= size) return std::nullopt;
  for (std::uint64_t look = kFirstLook;; look = std::min(look * kStep, kLongestHeader)) {
    const ByteRange range{offset, std::min(look, size - offset)};
    const Result<SharedBytes> bytes = read(range);
    if (!bytes) return fail(bytes.error());
    if (bytes->size() != range.length) return fail(Code::corrupt, "the FITS file ends early" + at(offset));
    auto verdict = judge(bytes->view(), offset, range.end() == size);
    if (!verdict) return fail(std::move(verdict).error());
    if (*verdict) return std::move(**verdict);
  }
}

Result<std::optional<HeaderUnit>> read_first_header(const ReadNext& next) {
  Bytes bytes;
  for (std::uint64_t look = kFirstLook;; look = std::min(look * kStep, kLongestHeader)) {
    bool last = false;
    while (bytes.size() < look && !last) {
      const std::size_t before = bytes.size();
      bytes.resize(look);
      const Result<std::size_t> came = next(std::span(bytes).subspan(before));
      if (!came) return fail(came.error());
      bytes.resize(before + std::min<std::size_t>(*came, look - before));
      last = *came == 0;
    }
    auto verdict = judge(bytes, 0, last);
    if (!verdict) return fail(std::move(verdict).error());
    if (*verdict) return std::move(**verdict);
  }
}

}  // namespace skymount::vo
