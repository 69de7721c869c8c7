// SPDX-License-Identifier: MIT
//
// A table of [[route]] as files: source.csv, .tsv, .vot and .fits from one query. The rows come once and are kept in
// the cache as they are; each file is written from them when it is first opened, and kept as well. Bytes like all
// others: shared by their openers, counted by the janitor, here after a remount.
#pragma once

#include "vo/archive.h"
#include "vo/sources.h"

#include <memory>

namespace skymount::vo {

/// Makes the entries of table_entry(). All three outlive what it returns.
/// Opening one fails as Archive::table does, and with
///   corrupt    the archive's answer is truncated; the message has the counts and names the file that holds what came
///   not_found  the incomplete file of a table that is whole
Sources::Maker table_maker(Archive& archive, Sources& sources, const std::string& name);

}  // namespace skymount::vo
