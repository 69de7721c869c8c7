// SPDX-License-Identifier: MIT
//
// Cards, blocks, big-endian samples.
#include "vo/demo/fits_file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace skymount::demo {
namespace {

constexpr std::uint64_t kBlock = 2880;
constexpr std::size_t kCard = 80;

std::string integer(std::int64_t value) {
  return std::to_string(value);
}

std::vector<Card> structure_cards(const ImageSpec& spec, bool extension) {
  std::vector<Card> cards;
  if (extension) {
    cards.push_back({"XTENSION", quoted("IMAGE"), "image extension"});
  } else {
    cards.push_back({"SIMPLE", "T", "conforms to FITS"});
  }
  cards.push_back({"BITPIX", spec.sample == Sample::float32 ? "-32" : "16", ""});
  cards.push_back({"NAXIS", spec.nz > 1 ? "3" : "2", ""});
  cards.push_back({"NAXIS1", integer(spec.nx), ""});
  cards.push_back({"NAXIS2", integer(spec.ny), ""});
  if (spec.nz > 1) cards.push_back({"NAXIS3", integer(spec.nz), ""});
  if (extension) {
    cards.push_back({"PCOUNT", "0", ""});
    cards.push_back({"GCOUNT", "1", ""});
  } else {
    cards.push_back({"EXTEND", "T", ""});
  }
  return cards;
}

std::vector<Card> content_cards(const ImageSpec& spec) {
  std::vector<Card> cards;
  const auto real = [&](const char* key, double value, const char* comment = "") {
    cards.push_back({key, real_value(value), comment});
  };
  if (spec.sample == Sample::uint16) {
    real("BSCALE", 1);
    real("BZERO", 32768, "unsigned samples");
  }
  cards.push_back({"CTYPE1", quoted("RA---TAN"), ""});
  cards.push_back({"CTYPE2", quoted("DEC--TAN"), ""});
  cards.push_back({"CUNIT1", quoted("deg"), ""});
  cards.push_back({"CUNIT2", quoted("deg"), ""});
  real("CRVAL1", spec.wcs.crval.ra, "right ascension of the tangent point");
  real("CRVAL2", spec.wcs.crval.dec, "declination of the tangent point");
  real("CRPIX1", spec.wcs.crpix.x);
  real("CRPIX2", spec.wcs.crpix.y);
  real("CD1_1", spec.wcs.cd[0]);
  real("CD1_2", spec.wcs.cd[1]);
  real("CD2_1", spec.wcs.cd[2]);
  real("CD2_2", spec.wcs.cd[3]);
  if (spec.nz > 1) {
    cards.push_back({"CTYPE3", quoted("WAVE"), ""});
    cards.push_back({"CUNIT3", quoted("m"), ""});
    real("CRVAL3", spec.wave0);
    real("CRPIX3", 1);
    real("CD3_3", spec.wave_step);
  }
  cards.push_back({"RADESYS", quoted("ICRS"), ""});
  cards.insert(cards.end(), spec.cards.begin(), spec.cards.end());
  return cards;
}

void add_image(Layout& layout, const std::shared_ptr<const PlateImage>& image) {
  const ImageSpec& spec = image->spec();
  const std::uint64_t row_bytes = static_cast<std::uint64_t>(spec.nx) * sample_bytes(spec.sample);
  const std::uint64_t size = row_bytes * static_cast<std::uint64_t>(spec.ny) * static_cast<std::uint64_t>(spec.nz);
  layout.add(size, [image, row_bytes](std::uint64_t offset, std::span<std::byte> out) {
    const ImageSpec& s = image->spec();
    const auto bytes = static_cast<std::uint64_t>(sample_bytes(s.sample));
    std::vector<std::byte> row;
    while (!out.empty()) {
      const std::uint64_t line = offset / row_bytes, within = offset % row_bytes;
      const std::size_t take = std::min<std::uint64_t>(out.size(), row_bytes - within);
      const auto x0 = static_cast<int>(within / bytes);
      const auto nx = static_cast<int>((within + take + bytes - 1) / bytes) - x0;
      row.resize(static_cast<std::size_t>(nx) * bytes);
      encode_row(*image, static_cast<int>(line / s.ny), static_cast<int>(line % s.ny), x0, nx, row.data());
      std::memcpy(out.data(), row.data() + within % bytes, take);
      out = out.subspan(take);
      offset += take;
    }
  });
  const std::uint64_t beyond = size % kBlock;
  if (beyond != 0) layout.add(std::string(kBlock - beyond, '\0'));
}

}  // namespace

void Layout::add(std::string bytes) {
  const auto kept = std::make_shared<const std::string>(std::move(bytes));
  add(kept->size(), [kept](std::uint64_t offset, std::span<std::byte> out) {
    std::memcpy(out.data(), kept->data() + offset, out.size());
  });
}

void Layout::add(std::uint64_t size, ReadAt read) {
  if (size == 0) return;
  parts_.push_back({size_, size, std::move(read)});
  size_ += size;
}

void Layout::read(std::uint64_t offset, std::span<std::byte> out) const {
  auto part = std::upper_bound(parts_.begin(), parts_.end(), offset,
                               [](std::uint64_t at, const Part& p) { return at < p.begin; });
  while (!out.empty() && part != parts_.begin()) {
    const Part& here = *std::prev(part);
    const std::size_t take = std::min<std::uint64_t>(out.size(), here.begin + here.size - offset);
    here.read(offset - here.begin, out.first(take));
    out = out.subspan(take);
    offset += take;
    if (part == parts_.end()) break;
    ++part;
  }
}

std::string card_text(const Card& card) {
  std::string text = card.key;
  text.resize(8, ' ');
  if (card.key == "COMMENT" || card.key == "HISTORY" || card.key.empty()) {
    text += card.value;
  } else {
    // Fixed format: strings start in column 11, everything else ends in column 30.
    const bool string_value = card.value.starts_with('\'');
    text += "= ";
    if (!string_value && card.value.size() < 20) text.append(20 - card.value.size(), ' ');
    text += card.value;
    if (string_value && text.size() < 30) text.resize(30, ' ');
    if (!card.comment.empty()) text += " / " + card.comment;
  }
  text.resize(kCard, ' ');
  return text;
}

std::string quoted(std::string_view text) {
  std::string value = "'";
  for (const char c : text) value.append(c == '\'' ? 2 : 1, c);
  if (value.size() < 9) value.resize(9, ' ');  // at least eight characters between the quotes, as fixed format has it
  return value + "'";
}

std::string real_value(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string shortest(text, end);
  for (char& c : shortest) c = c == 'e' ? 'E' : c;
  if (shortest.find_first_of(".EN") == std::string::npos) shortest += ".0";
  return shortest;
}

std::vector<Card> image_cards(const ImageSpec& spec) {
  std::vector<Card> cards = structure_cards(spec, false);
  for (Card& card : content_cards(spec)) cards.push_back(std::move(card));
  return cards;
}

std::string header_block(const std::vector<Card>& cards) {
  std::string text;
  for (const Card& card : cards) text += card_text(card);
  text += "END";
  text.resize((text.size() + kBlock - 1) / kBlock * kBlock, ' ');
  return text;
}

int sample_bytes(Sample sample) {
  return sample == Sample::float32 ? 4 : 2;
}

void encode_row(const PlateImage& image, int z, int y, int x0, int nx, std::byte* out) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(nx));
  image.row(z, y, x0, values);
  auto* bytes = reinterpret_cast<unsigned char*>(out);
  for (const std::int16_t value : values) {
    if (image.spec().sample == Sample::float32) {
      const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value) / 8);
      for (int shift = 24; shift >= 0; shift -= 8) *bytes++ = static_cast<unsigned char>(bits >> shift);
    } else {
      const int stored = image.spec().sample == Sample::uint16 ? value - 32768 : value;
      *bytes++ = static_cast<unsigned char>(stored >> 8);
      *bytes++ = static_cast<unsigned char>(stored);
    }
  }
}

LayoutPtr image_file(std::shared_ptr<const PlateImage> image) {
  auto layout = std::make_shared<Layout>();
  layout->add(header_block(image_cards(image->spec())));
  add_image(*layout, image);
  return layout;
}

LayoutPtr multi_extension_file(const std::vector<std::shared_ptr<const PlateImage>>& images) {
  auto layout = std::make_shared<Layout>();
  layout->add(header_block({{"SIMPLE", "T", "conforms to FITS"},
                            {"BITPIX", "8", ""},
                            {"NAXIS", "0", "no data here"},
                            {"EXTEND", "T", ""},
                            {"ORIGIN", quoted("skymount demo"), ""}}));
  int number = 0;
  for (const auto& image : images) {
    std::vector<Card> cards = structure_cards(image->spec(), true);
    cards.push_back({"EXTNAME", quoted("CHIP" + std::to_string(++number)), ""});
    for (Card& card : content_cards(image->spec())) cards.push_back(std::move(card));
    layout->add(header_block(cards));
    add_image(*layout, image);
  }
  return layout;
}

LayoutPtr constant_file(std::string bytes) {
  auto layout = std::make_shared<Layout>();
  layout->add(std::move(bytes));
  return layout;
}

}  // namespace skymount::demo
