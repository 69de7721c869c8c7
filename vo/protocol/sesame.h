// SPDX-License-Identifier: MIT
//
// Sesame, the name resolver of the CDS: one GET with a name, answered by what Simbad, NED and VizieR know.
// Source: CDS Sesame, options -oI (plain text, the default form) and -ox (XML); both forms are understood, because
// mirrors and versions differ in what they send.
#pragma once

#include "cache/base/result.h"
#include "vo/http/url.h"
#include "vo/query/sky.h"

#include <string>
#include <string_view>

namespace skymount::vo {

struct SesameAnswer {
  SkyPosition position;        ///< J2000, which is ICRS within 0.03 arcsec
  std::string name, resolver;  ///< as they call themselves; may be empty
  std::string remark = {};     ///< a sentence for people when the answer contradicts itself; empty otherwise
};

/// The question for `name` to the service at `base`, with or without a trailing slash.
/// Errors  invalid: `base` is no URL.
Result<Url> sesame_question(std::string_view base, std::string_view name);

/// The first position in the answer, with a remark when others differ from it.
/// Errors  not_found: all were asked and none knows the name; unavailable: one of those behind Sesame could not answer,
///         so nobody can say that the name is unknown; corrupt: no answer of Sesame, or a truncated one.
Result<SesameAnswer> parse_sesame(std::string_view body);

}  // namespace skymount::vo
