// SPDX-License-Identifier: MIT
#include "vo/fits/promised_size.h"

#include "vo/fits/header_scan.h"

#include <algorithm>
#include <string>

namespace skymount::vo {
namespace {

constexpr std::uint64_t kFirstLook = 10 * kFitsBlock;  // most headers are shorter
constexpr std::uint64_t kLongestHeader = 16'000'000;   // header_scan gives up long before
constexpr int kMostUnits = 10'000;

/// The header at `offset`. Nothing when there is no FITS header or it cannot be read; an error when the file ends in
/// it.
Result<std::optional<FitsHeader>> header_at(std::uint64_t offset, std::uint64_t size, const ReadBytes& read) {
  for (std::uint64_t look = kFirstLook;; look *= 4) {
    const ByteRange range{offset, std::min(look, size - offset)};
    const std::optional<SharedBytes> bytes = read(range);
    if (!bytes) return std::nullopt;
    const HeaderScan scan = scan_header(bytes->view());
    if (scan.state == HeaderState::complete) return scan.header;
    if (scan.state == HeaderState::not_fits || look > kLongestHeader) return std::nullopt;
    if (range.end() == size) {
      return fail(Code::corrupt, "the FITS file ends inside a header, after " + std::to_string(size) + " bytes");
    }
  }
}

}  // namespace

Result<void> holds_what_its_headers_promise(std::uint64_t size, const ReadBytes& read) {
  std::uint64_t offset = 0;
  for (int unit = 0; unit < kMostUnits && offset < size; ++unit) {
    const Result<std::optional<FitsHeader>> header = header_at(offset, size, read);
    if (!header) return fail(header.error());
    if (!*header) return {};
    const std::uint64_t room = size - offset - std::min(size - offset, (*header)->header_bytes);
    if ((*header)->data_bytes > room) {
      return fail(Code::corrupt, "the FITS file ends early: a header promises " +
                                     std::to_string((*header)->data_bytes) + " bytes of data, " + std::to_string(room) +
                                     " came");
    }
    if ((*header)->unit_bytes == 0 || (*header)->unit_bytes > size - offset) return {};
    offset += (*header)->unit_bytes;
  }
  return {};
}

}  // namespace skymount::vo
