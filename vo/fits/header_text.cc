// SPDX-License-Identifier: MIT
#include "vo/fits/header_text.h"

#include "cache/base/log.h"
#include "vo/fits/unpacked.h"

#include <algorithm>

namespace skymount::vo {
namespace {

constexpr std::size_t kCard = 80;
constexpr int kMostUnits = 2'000;              // each further one costs a request
constexpr std::size_t kMostText = 16'000'000;  // 200,000 cards

/// `remark` goes before END, where programs that read headers expect comments.
void append(std::string& out, const HeaderUnit& unit, std::string_view remark) {
  const std::string_view cards = as_text(unit.cards);
  for (std::size_t at = 0; at < cards.size(); at += kCard) {
    std::string_view card = cards.substr(at, kCard);
    const std::size_t end = card.find_last_not_of(' ');
    card = card.substr(0, end == std::string_view::npos ? 0 : end + 1);
    if (at + kCard >= cards.size()) out += remark;
    out += printable(card);
    out += '\n';
  }
}

Result<std::string> of_packed(Packing packing, std::uint64_t size, const ReadRange& read) {
  Unpacked unpacked(size, read);
  const auto unit = read_first_header([&](std::span<std::byte> out) { return unpacked.next(out); });
  if (!unit) return fail(unit.error());
  if (!*unit) return fail(Code::corrupt, "what is compressed here is no FITS file");
  std::string out;
  append(out, **unit,
         "COMMENT skymount: the first header of a file compressed with " + std::string(name_of(packing)) +
             ";\nCOMMENT skymount: if it has more, they are not shown here\n");
  return out;
}

}  // namespace

Result<std::string> headers_as_text(std::uint64_t size, const ReadRange& read) {
  const Result<SharedBytes> head = read({0, std::min<std::uint64_t>(size, kFitsBlock)});
  if (!head) return fail(head.error());
  if (const Packing packing = packing_of(head->view()); packing != Packing::none) return of_packed(packing, size, read);
  std::string out;
  std::uint64_t offset = 0;
  for (int units = 0;; ++units) {
    Result<std::optional<HeaderUnit>> unit = read_header(offset, size, read);
    if (!unit) return fail(std::move(unit).error());
    if (!*unit && units == 0) return fail(Code::corrupt, "this is no FITS file");
    if (!*unit) return out;
    if (units == kMostUnits || out.size() + (*unit)->cards.size() > kMostText) {
      return fail(Code::too_large, "its headers are too many to be shown as text: over " + std::to_string(units) +
                                       " HDUs or 16 MB; read the file itself");
    }
    if (units > 0) out += '\n';
    append(out, **unit, "");
    if ((*unit)->layout.unit_bytes > size - offset) return out;  // a file cut short: its headers are all here
    offset += (*unit)->layout.unit_bytes;
  }
}

}  // namespace skymount::vo
