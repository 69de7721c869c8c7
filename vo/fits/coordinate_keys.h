// SPDX-License-Identifier: MIT
//
// Keywords that place an image: on the sky, on its detector, along a spectrum. They belong to the pixels of their own
// HDU and to no other. Source: FITS 4.0 section 8; SIP; the Digitized Sky Survey; NOAO's WAT, LTM and DTM.
#pragma once

#include <string_view>

namespace skymount::vo {

/// "CD1_1", "CRVAL2A", "A_0_2", "EQUINOX"; not "EXPTIME".
bool names_coordinates(std::string_view key);

}  // namespace skymount::vo
