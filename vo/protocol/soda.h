// SPDX-License-Identifier: MIT
//
// Server-side cutouts: from the terms of a cutout's name to the parameters of one service. Only what the service
// declares is ever sent, because many answer an error to the rest, and a call with constants alone would deliver the
// whole dataset. Source: IVOA SODA 1.0; DaCHS's interval parameters RA, DEC and PIXEL_n, which predate it.
#pragma once

#include "vo/protocol/cutout_name.h"
#include "vo/votable/fields.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymount::vo {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Whether the service can cut a region of the sky, and so offers cutout.fits.
bool takes_position(const std::vector<Field>& declared);

/// What a shape is called by this service: CIRCLE for a circle, else POS, else POLYGON, else RA and DEC; a box is POS
/// RANGE, else POLYGON, else RA and DEC. Longitudes and numbers in one canonical spelling. Errors  invalid: no declared
/// parameter can say it; the message lists what is declared.
Result<Parameters> shape_parameters(const CutoutShape& shape, const std::vector<Field>& declared);

/// All terms of a name, sorted by parameter name.
/// Errors  invalid: an undeclared parameter, a value that is no number where one is needed or no listed option.
Result<Parameters> soda_parameters(const CutoutName& name, const std::vector<Field>& declared,
                                   double default_radius_deg);

/// RESPONSEFORMAT or FORMAT for an extension, when the service declares one. Nothing to send when the service's only
/// content type fits already.
/// Errors  invalid: the service does not deliver this format.
Result<std::optional<std::pair<std::string, std::string>>> soda_format(std::string_view extension,
                                                                       const std::vector<Field>& declared,
                                                                       std::string_view content_type);

/// The media type that a file of this extension promises.
std::string type_of_extension(std::string_view extension);

/// The extensions of formats that a service says it delivers, those of the grammar first; empty when it says nothing.
std::vector<std::string> formats_of(const std::vector<Field>& declared, std::string_view content_type);

/// "CIRCLE, POS, BAND": for messages.
std::string declared_names(const std::vector<Field>& declared);

}  // namespace skymount::vo
