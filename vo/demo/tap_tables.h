// SPDX-License-Identifier: MIT
//
// Which tables the demo's TAP service has, and their rows: ObsCore, TAP_SCHEMA, and three of the archive's own for
// routes.
#pragma once

#include "vo/demo/tap_store.h"

#include <functional>

namespace skymount::demo {

std::vector<TableInfo> demo_tables(const DemoOptions& options);

void demo_rows(const TableInfo& table, const std::vector<TableInfo>& all, const SkyModel& sky,
               const DemoOptions& options, const std::string& base_url, const std::function<void(const Row&)>& add);

}  // namespace skymount::demo
