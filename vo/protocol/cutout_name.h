// SPDX-License-Identifier: MIT
//
// The name of a file in cutout/ is the cutout's description: terms as in the path grammar and an extension that selects
// the format, "circle=156.01,48.14,0.5.fits". Here names become shapes and values; which service or program cuts is not
// known here. Source: docs/SEMANTICS.md "Cutouts" (contract).
#pragma once

#include "cache/base/result.h"
#include "vo/query/sky.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skymount::vo {

struct CutoutTerm {
  std::string key;    ///< as typed
  std::string value;  ///< percent-decoded
};

struct CutoutName {
  std::vector<CutoutTerm> terms;  ///< at least one
  std::string extension;          ///< "fits", "vot", "csv", "txt", or a further format
};

/// The keys with a meaning of their own, beside the parameters that a service declares.
const std::vector<std::string_view>& cutout_keys();
/// circle, box, polygon, pos, range: at most one of them in a name.
bool is_shape_key(std::string_view key);

/// A comma begins a new term only before a known key (any case) and "=".
/// Errors  invalid: no such extension, no term, an unknown first key (the message lists the known ones), a repeated
/// key, two
///         shapes, '%' without two hex digits.
/// `formats`: further extensions, of formats that a service delivers.
Result<CutoutName> parse_cutout_name(std::string_view name, const std::vector<std::string>& declared,
                                     const std::vector<std::string>& formats = {});

/// Full widths in degrees, measured on the sky at the centre.
struct CutoutBox {
  SkyPosition centre;
  double width_deg = 0, height_deg = 0;
};
/// Longitudes as given: low > high wraps over 0.
struct CutoutRange {
  double ra_low = 0, ra_high = 0, dec_low = 0, dec_high = 0;
};
using CutoutShape = std::variant<SkyCircle, SkyPolygon, CutoutBox, CutoutRange>;

/// circle=RA,DEC,R  box=RA,DEC,W,H  polygon=RA,DEC,RA,DEC,RA,DEC,...  range=RA,RA,DEC,DEC (or a..b,c..d)
/// pos=RA,DEC[,R], or as SODA writes it: pos=CIRCLE RA DEC R. `default_radius_deg` serves a pos without radius.
/// Errors  invalid, with the text and what was expected.
Result<CutoutShape> parse_shape(std::string_view key, std::string_view value, double default_radius_deg);

/// The polygon around a shape: for a circle a regular one that encloses it.
SkyPolygon outline(const CutoutShape& shape);
/// The range around a shape; nothing when it holds a pole or spans more than half the circle in RA.
std::optional<CutoutRange> surrounding_range(const CutoutShape& shape);

/// "6.5e-7", "Inf", "-Inf"; nothing when it is no number or NaN.
std::optional<double> number_in(std::string_view text);

}  // namespace skymount::vo
