// SPDX-License-Identifier: MIT
//
// Which tables the demo's TAP service has, and their rows: ObsCore, TAP_SCHEMA, and three of the archive's own for
// routes.
#pragma once

#include "vo/demo/tap_store.h"

namespace skymount::demo {

/// What the demo archive has. The model must outlive the answer.
TableSource demo_source(const SkyModel& sky, const DemoOptions& options, const std::string& base_url);

/// The same tables, and TAP_SCHEMA that describes them.
TableSource with_schema(TableSource source);

}  // namespace skymount::demo
