// SPDX-License-Identifier: MIT
//
// Any bytes as a FITS file, plain or compressed: headers or an error, within bounds, and never a byte beyond the file.
#include "vo/fits/header_text.h"
#include "vo/fits/promised_size.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace skymount::test {

std::vector<std::string> fuzz_examples() {
  const auto card = [](std::string text) {
    text.resize(80, ' ');
    return text;
  };
  const auto blocks = [](std::string text) {
    text.resize((text.size() + 2879) / 2880 * 2880, ' ');
    return text;
  };
  const std::string sizes = card("BITPIX  =                  -32") + card("NAXIS   =                    2") +
                            card("NAXIS1  =                   10") + card("NAXIS2  =                   20");
  const std::string primary =
      blocks(card("SIMPLE  =                    T") + sizes + card("HISTORY of it") + card("END"));
  const std::string extension = blocks(card("XTENSION= 'BINTABLE'") + sizes + card("PCOUNT  =                   12") +
                                       card("GCOUNT  =                    1") + card("END"));
  const std::string data = blocks(std::string(800, 'x')) + extension + blocks(std::string(812, 'y'));
  // A gzip member of "SIMPLE  =", stored, and the beginning of a compress(1) file.
  const std::string gzip = std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x09\0\xf6\xff", 15) + "SIMPLE  =";
  return {primary + data, extension, primary.substr(0, 500), gzip, "\x1f\x9d\x90SIMPLE", "BZh91AY&SY"};
}

}  // namespace skymount::test

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skymount;
  using namespace skymount::vo;
  const SharedBytes all(nullptr, std::as_bytes(std::span(data, size)));
  std::uint64_t moved = 0;
  const auto read = [&](ByteRange range) -> Result<SharedBytes> {
    must((range.end() <= size && range.length > 0) || size == 0, "reads stay in the file");
    moved += range.length;
    return all.part(range.offset, range.length);
  };
  const Result<std::string> text = headers_as_text(size, read);
  must(!text || text->size() <= 4 * (size_t{16'000'000} + kLongestHeader), "the text is bounded");
  must(moved <= 2001 * 2 * kLongestHeader, "what is read is bounded");
  (void)holds_what_its_headers_promise(
      size, [&](ByteRange range) -> std::optional<SharedBytes> { return all.part(range.offset, range.length); });
  return 0;
}
