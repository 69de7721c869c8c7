// SPDX-License-Identifier: MIT
//
// What a service says about itself: where its ObsCore table is, what it can do, and whether it is there.
// Source: IVOA VOSI 1.1, TAPRegExt 1.0; TAP 1.1 section 4 "TAP_SCHEMA", ObsCore 1.1 section 5 (the table is
// ivoa.ObsCore; real services differ in case, and some leave the schema out).
#pragma once

#include "vo/protocol/tap.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// The table's name as it is to be used in a query. One request. A service whose TAP_SCHEMA lacks it or cannot be asked
/// gives "ivoa.obscore": the query itself then shows whether there is one.
/// Errors  what kept us from reaching the service at all (unavailable, timed_out, denied, cancelled).
Result<std::string> find_obscore_table(const TapService& service, const std::string& language, const FetchContext& ctx);

/// What matters of a TAP service's capabilities. Everything may be missing; services forget most of it.
struct TapCapabilities {
  bool tap = false;                    ///< a TAP capability is among them
  std::vector<std::string> languages;  ///< "ADQL 2.0"
  std::vector<std::string> geometry;   ///< functions of ADQL geometry, in capitals
  std::optional<std::uint64_t> default_rows, hard_rows;
};
/// GET base/capabilities. Errors  as get_document; corrupt: it is no capabilities document.
Result<TapCapabilities> fetch_capabilities(HttpClient& client, const std::string& base, const FetchContext& ctx);

struct Availability {
  bool available = true;
  std::string note;  ///< the archive's words, made safe
};
/// GET base/availability. Errors  as get_document; corrupt: it is no availability document. The service is optional.
Result<Availability> fetch_availability(HttpClient& client, const std::string& base, const FetchContext& ctx);

}  // namespace skymount::vo
