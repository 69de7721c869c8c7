// SPDX-License-Identifier: MIT
//
// From the tree of a document, its rows left out, to a TableMeta. Internal to vo/votable.
// Source: VOTable 1.5 section 3 and 4, DALI 1.1 section 4.4 (QUERY_STATUS), DataLink 1.1 section 4 (service
// descriptors).
#pragma once

#include "cache/base/result.h"
#include "vo/votable/fields.h"

#include <cstdint>
#include <optional>
#include <string>

namespace skymount::vo {

/// `table`: which TABLE of the document is the result, counted from 0 in document order; nothing: there is none.
/// Errors  corrupt: not XML; too_large: more than `most_fields` fields.
Result<TableMeta> read_metadata(std::string document, std::optional<std::size_t> table, std::uint64_t most_fields);

/// Is a RESOURCE with these attributes about the data instead of the data? `outer`: what the enclosing one was.
bool is_meta_resource(std::string_view type, std::string_view utype, bool outer);

}  // namespace skymount::vo
