// SPDX-License-Identifier: MIT
#include "vo/fits/cutout_plan.h"

#include "vo/fits/cards.h"
#include "vo/fits/cutout_header.h"
#include "vo/fits/header_tables.h"
#include "vo/fits/picture_cards.h"
#include "vo/fits/tile_memory.h"

#include <algorithm>
#include <cmath>

namespace skymount::vo {
namespace {

constexpr int kMostUnits = 2'000;                            // each further one costs a request
constexpr std::int64_t kMostPixels = std::int64_t{1} << 58;  // of eight bytes: what fits an offset
constexpr std::int64_t kMostAxes = 9;                        // what cfitsio and real images have

// A border that falls on the border of a pixel up to rounding does not take that pixel in.
constexpr double kBorder = 1e-4;

struct Candidate {
  HeaderUnit unit;
  int number = 0;
  std::vector<Card> cards;  ///< of the picture: translated when it is compressed
  CutImage image;
  std::vector<Card> primary;
};

bool is_true(const std::vector<Card>& cards, std::string_view key) {
  const Card* card = find_card(cards, key);
  return card != nullptr && value_text(*card) == "T";
}

/// An image of at least one pixel: plain, or (`prefix` "Z") compressed in a table.
std::optional<CutImage> image_in(const std::vector<Card>& cards, const std::string& prefix) {
  const auto number = [&](const std::string& key) -> std::int64_t {
    const Card* card = find_card(cards, prefix + key);
    return card == nullptr ? -1 : integer_value(*card).value_or(-1);
  };
  CutImage image;
  const std::int64_t bitpix = prefix.empty() ? 0 : number("BITPIX");
  const Card* plain = find_card(cards, "BITPIX");
  image.bitpix =
      static_cast<std::int32_t>(prefix.empty() && plain != nullptr ? integer_value(*plain).value_or(0) : bitpix);
  const bool known = image.bitpix == 8 || image.bitpix == 16 || image.bitpix == 32 || image.bitpix == 64 ||
                     image.bitpix == -32 || image.bitpix == -64;
  const std::int64_t axes = number("NAXIS");
  if (!known || axes < 1 || axes > kMostAxes) return std::nullopt;
  std::int64_t pixels = 1;
  for (std::int64_t i = 1; i <= axes; ++i) {
    const std::int64_t length = number("NAXIS" + std::to_string(i));
    // Of a compressed image nobody has checked yet whether it has a size at all.
    if (length < 1 || __builtin_mul_overflow(pixels, length, &pixels) || pixels > kMostPixels) return std::nullopt;
    image.axes.push_back(length);
  }
  return image;
}

std::optional<Candidate> candidate(HeaderUnit unit, int number) {
  Candidate out{std::move(unit), number, {}, {}, {}};
  out.cards = cards_of(out.unit.cards);
  const Card* extension = find_card(out.cards, "XTENSION");
  const std::string kind = extension == nullptr ? "IMAGE" : value_text(*extension).value_or("");
  const bool tiled = kind == "BINTABLE" && is_true(out.cards, "ZIMAGE");
  if (kind != "IMAGE" && kind != "IUEIMAGE" && !tiled) return std::nullopt;
  const auto image = image_in(out.cards, tiled ? "Z" : "");
  if (!image) return std::nullopt;
  out.image = *image;
  out.image.tiled = tiled;
  out.image.unit_offset = out.unit.offset;
  out.image.unit_bytes = out.unit.layout.header_bytes + out.unit.layout.data_bytes;
  out.image.data_offset = out.unit.data_offset();
  return out;
}

/// Longitudes and latitudes of any frame: "RA---TAN", "GLON-CAR".
bool is_of_sky(const std::string& type) {
  if (type.starts_with("RA") || type.starts_with("DEC")) return true;
  return type.size() > 3 && (type.compare(1, 3, "LON") == 0 || type.compare(1, 3, "LAT") == 0);
}

bool has_sky(const std::vector<Card>& cards) {
  for (const char* key : {"CTYPE1", "CTYPE2", "CTYPE3", "CTYPE4"}) {
    const Card* card = find_card(cards, key);
    if (card == nullptr) continue;
    if (is_of_sky(value_text(*card).value_or(""))) return true;
  }
  return false;
}

/// The HDU that is meant.
Result<Candidate> choose(std::uint64_t size, const ReadRange& read, const CutSpec& spec) {
  std::optional<Candidate> first;
  std::vector<Card> primary;
  std::uint64_t offset = 0;
  for (int number = 0; number < kMostUnits; ++number) {
    Result<std::optional<HeaderUnit>> unit = read_header(offset, size, read);
    if (!unit) return fail(std::move(unit).error());
    if (!*unit) break;
    offset += (*unit)->layout.unit_bytes;
    if (number == 0) primary = cards_of((*unit)->cards);
    std::optional<Candidate> found = candidate(std::move(**unit), number);
    if (found && number > 0) found->primary = primary;
    if (spec.hdu && *spec.hdu == number) {
      if (found) return std::move(*found);
      return fail(Code::invalid, "hdu=" + std::to_string(number) + " holds no image");
    }
    if (!spec.hdu && found && has_sky(found->cards)) return std::move(*found);
    if (found && !first) first = std::move(found);
  }
  if (spec.hdu) return fail(Code::invalid, "the file has no HDU " + std::to_string(*spec.hdu));
  if (first) return std::move(*first);
  return fail(Code::unsupported, "the file holds no image");
}

/// Whole pixels that an extent touches, in the image; nothing when it misses the image.
std::optional<PixelSpan> pixels_of(double low, double high, std::int64_t length) {
  low += kBorder;
  high -= kBorder;
  if (low > high) low = high = (low + high) / 2;
  const double most = static_cast<double>(length);
  if (high < 0.5 || low > most + 0.5) return std::nullopt;
  const double first = std::floor(std::max(low, 0.5) + 0.5), last = std::ceil(std::min(high, most + 0.5) - 0.5);
  const auto clipped = [&](double value) { return static_cast<std::int64_t>(std::clamp(value, 1.0, most)); };
  return PixelSpan{clipped(first), std::max(clipped(first), clipped(last))};
}

Error outside() {
  return {Code::no_data, "the region lies outside of the image"};
}

Result<void> narrow(std::vector<PixelSpan>& box, std::size_t axis, const PixelSpan& wanted) {
  if (axis > box.size()) return fail(Code::invalid, "the image has no axis " + std::to_string(axis));
  PixelSpan& span = box[axis - 1];
  span = {std::max(span.first, wanted.first), std::min(span.second, wanted.second)};
  if (span.first > span.second) return fail(outside());
  return {};
}

/// "CRVAL1", "CD2_1": a number of one of these axes.
bool places_axis(std::string_view key, const std::vector<std::string>& axes) {
  if (key == "LONPOLE" || key == "LATPOLE") return true;
  for (const std::string& axis : axes) {
    for (const char* stem : {"CRVAL", "CRPIX", "CDELT", "CROTA"}) {
      if (key == stem + axis) return true;
    }
    for (const std::string& other : axes) {
      for (const char* stem : {"CD", "PC"}) {
        if (key == stem + axis + "_" + other) return true;
      }
    }
  }
  return false;
}

/// wcslib takes a number that it cannot read for one that is not there, and the sky would be elsewhere.
Result<void> has_numbers(const std::vector<Card>& cards) {
  std::vector<std::string> axes;
  for (const char* axis : {"1", "2", "3", "4"}) {
    const Card* type = find_card(cards, std::string("CTYPE") + axis);
    if (type != nullptr && is_of_sky(value_text(*type).value_or(""))) axes.emplace_back(axis);
  }
  for (const Card& card : cards) {
    if (!places_axis(keyword(card), axes) || value_text(card).value_or("").empty() || real_value(card)) continue;
    return fail(Code::unsupported, "the header's coordinates cannot be used: " + std::string(keyword(card)) +
                                       " is no number; pixels=X0..X1,Y0..Y1 works");
  }
  return {};
}

Result<RegionAnswer> ask_region(const CutSpec& spec, const std::vector<Card>& cards, Workers& workers,
                                const ReadRange& read, const FetchContext& ctx) {
  RegionJob job{{}, spec.outline, spec.centre, spec.reach_deg, spec.band_m};
  for (const Card& card : cards) {
    if (value_text(card) != "") job.cards += card;  // wcslib fails at an empty value, which says as much as no card
  }
  Card end = "END";
  end.resize(80, ' ');
  job.cards += end;
  std::optional<RegionAnswer> answer;
  const auto take = [&](FrameKind kind, ByteView payload) -> Result<void> {
    if (kind == FrameKind::region && !answer) answer = unpack_region_answer(payload);
    return {};
  };
  if (Result<void> ran = workers.run(FrameKind::region, pack(job), read, take, ctx); !ran) return fail(ran.error());
  if (!answer) return fail(Code::corrupt, "where the region lies on the image was not told");
  return std::move(*answer);
}

Result<std::vector<PixelSpan>> box_of(const CutSpec& spec, const Candidate& from, Workers& workers,
                                      const ReadRange& read, const FetchContext& ctx) {
  std::vector<PixelSpan> box;
  for (const std::int64_t length : from.image.axes) box.emplace_back(1, length);
  const std::pair<std::size_t, const std::optional<PixelSpan>*> asked[] = {
      {1, &spec.x}, {2, &spec.y}, {3, &spec.planes}};
  for (const auto& [axis, span] : asked) {
    if (!*span) continue;
    if (Result<void> done = narrow(box, axis, **span); !done) return fail(done.error());
  }
  if (spec.outline.empty() && !spec.band_m) return box;
  if (!spec.outline.empty()) {
    if (Result<void> numbers = has_numbers(from.cards); !numbers) return fail(numbers.error());
  }
  const Result<RegionAnswer> answer = ask_region(spec, from.cards, workers, read, ctx);
  if (!answer) return fail(answer.error());
  for (const AxisExtent& extent : *answer) {
    if (extent.axis > from.image.axes.size())
      return fail(Code::unsupported, "the header's coordinates are of an axis that the image does not have");
    const auto span = pixels_of(extent.low, extent.high, from.image.axes[extent.axis - 1]);
    if (!span) return fail(outside());
    if (Result<void> done = narrow(box, extent.axis, *span); !done) return fail(done.error());
  }
  return box;
}

/// The last sample that is wanted must be in the file: headers lie, and files are cut short.
Result<void> is_there(const CutPlan& plan, std::uint64_t size) {
  const CutImage& image = plan.image;
  if (image.tiled) {
    if (image.unit_offset + image.unit_bytes <= size) return {};
    return fail(Code::corrupt, "the FITS file ends before its compressed pixels do");
  }
  std::uint64_t index = 0, stride = 1;  // cannot overflow: header_scan has checked the product of the axes
  for (std::size_t i = 0; i < image.axes.size(); ++i) {
    index += stride * static_cast<std::uint64_t>(plan.box[i].second - 1);
    stride *= static_cast<std::uint64_t>(image.axes[i]);
  }
  if (image.data_offset + (index + 1) * plan.sample_bytes() <= size) return {};
  return fail(Code::corrupt, "the FITS file ends before the pixels that its header promises");
}

/// That the tiles can be unpacked is known before anybody is promised pixels.
Result<void> find_memory(CutPlan& plan, const std::vector<Card>& table, Workers& workers, const FetchContext& ctx) {
  if (!plan.image.tiled) return {};
  const Result<std::uint64_t> needed = tile_memory(table, plan.image.unit_bytes, plan.box);
  if (!needed) return fail(needed.error());
  const Result<bool> alone = ask_memory(*needed, workers, ctx);
  if (!alone) return fail(alone.error());
  plan.image.tile_memory = *needed;
  plan.image.alone = *alone;
  return {};
}

}  // namespace

std::uint64_t CutPlan::data_bytes() const {
  std::uint64_t bytes = sample_bytes();
  for (const auto& [first, last] : box) bytes *= static_cast<std::uint64_t>(last - first + 1);
  return bytes;
}

std::uint64_t CutPlan::size() const {
  return header.size() + (data_bytes() + kFitsBlock - 1) / kFitsBlock * kFitsBlock;
}

Result<CutPlan> plan_cutout(std::uint64_t size, const ReadRange& read, const CutSpec& spec,
                            const CutProvenance& provenance, std::uint64_t max_bytes, Workers& workers,
                            const FetchContext& ctx) {
  Result<Candidate> from = choose(size, read, spec);
  if (!from) return fail(std::move(from).error());
  const std::vector<Card> table = from->cards;
  if (from->image.tiled) from->cards = picture_cards(from->cards);
  const std::vector<std::string> lost = lost_tables(from->cards);
  if (!lost.empty()) from->cards = without_tables(from->cards);
  Result<std::vector<PixelSpan>> box = box_of(spec, *from, workers, read, ctx);
  if (!box) return fail(std::move(box).error());
  CutPlan plan;
  plan.image = from->image;
  plan.box = std::move(*box);
  std::vector<Card> cards = cutout_cards(from->cards, from->primary, plan.box);
  add_provenance(cards, spec, provenance, from->number, plan.box, lost);
  plan.header = header_of(cards);
  if (Result<void> there = is_there(plan, size); !there) return fail(there.error());
  if (plan.size() > max_bytes) {
    return fail(Code::too_large,
                "the cutout would have " + std::to_string(plan.size()) + " bytes, over [cutout] max_bytes");
  }
  if (Result<void> room = find_memory(plan, table, workers, ctx); !room) return fail(room.error());
  return plan;
}

}  // namespace skymount::vo
