// SPDX-License-Identifier: MIT
//
// A small XML document that is no VOTable (a UWS job, a name resolver's answer, a calibration tree), whole and safe:
// the same bounds as for VOTables hold before RapidXML sees a byte.
#pragma once

#include "vo/votable/xml.h"

namespace skymount::vo {

/// Comments, instructions and the DOCTYPE are gone, entities other than XML's own are not expanded.
/// Errors  corrupt: not well-formed; too_large: over 1 MiB (real ones have some kilobytes) or nested over 64 deep.
Result<XmlTree> parse_small_xml(std::string_view text);

/// The first child of that local name; false in a condition when there is none.
XmlElement child_of(XmlElement parent, std::string_view name);

}  // namespace skymount::vo
