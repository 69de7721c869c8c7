// SPDX-License-Identifier: MIT
//
// What a service says about itself. So far: where its ObsCore table is.
// Source: IVOA TAP 1.1 section 4 "TAP_SCHEMA", ObsCore 1.1 section 5 (the table is ivoa.ObsCore; real services differ
// in case, and some leave the schema out).
#pragma once

#include "vo/protocol/tap.h"

namespace skymount::vo {

/// The table's name as it is to be used in a query. One request. A service whose TAP_SCHEMA lacks it or cannot be asked
/// gives "ivoa.obscore": the query itself then shows whether there is one.
/// Errors  what kept us from reaching the service at all (unavailable, timed_out, denied, cancelled).
Result<std::string> find_obscore_table(const TapService& service, const std::string& language, const FetchContext& ctx);

}  // namespace skymount::vo
