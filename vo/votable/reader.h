// SPDX-License-Identifier: MIT
//
// Reads VOTable documents as they arrive: metadata through RapidXML's tree, rows in fragments, so that memory does not
// grow with the table. TABLEDATA, BINARY and BINARY2; gzip bodies; any namespace or none. Size and depth are checked
// before RapidXML recurses. Which table is the result: IVOA VOTable/DALI, protocol notes 1.2.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/result.h"
#include "vo/votable/fields.h"
#include "vo/votable/table.h"

#include <functional>
#include <memory>

namespace skymount::vo {

struct VotableLimits {
  std::uint64_t document_bytes = 4'000'000'000;  ///< after gunzip
  std::uint64_t metadata_bytes = 16'000'000;     ///< all that is not rows: what RapidXML's tree may hold
  std::uint64_t row_bytes = 64'000'000;          ///< one row
  unsigned depth = 64;
  std::uint64_t fields = 10'000;
};

/// Push parser: feed() pieces of the body in order, then finish(). Not thread-safe.
class VotableReader {
 public:
  /// Called before the first row with what is known until then (status and trailing infos may still change), and for a
  /// table without rows at finish().
  using OnMeta = std::function<Result<void>(const TableMeta&)>;
  using OnRow = std::function<Result<void>(const Row&)>;

  VotableReader(OnMeta on_meta, OnRow on_row, VotableLimits limits = {});
  ~VotableReader();

  /// Errors  corrupt: not XML, HTML, broken structure, a row that does not fit its fields; too_large: a limit; or what
  /// a
  ///         callback returned. After an error every call returns it again.
  Result<void> feed(ByteView bytes);
  /// The complete metadata with the last QUERY_STATUS and row_count. A document that ends early is corrupt
  /// ("truncated"). A QUERY_STATUS=ERROR is not an error here: the caller sees meta.status.
  Result<TableMeta> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A whole document that is already here.
Result<Table> read_votable(ByteView document, VotableLimits limits = {});

/// Does this look like a VOTable (after gunzip)? Reads the first bytes only.
bool looks_like_votable(ByteView head);

}  // namespace skymount::vo
