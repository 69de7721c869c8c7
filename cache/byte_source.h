// SPDX-License-Identifier: MIT
//
// Where bytes come from. cache/ fetches through this and never learns what HTTP, SODA or FITS is; vo/ implements it.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"
#include "cache/base/fetch_context.h"
#include "cache/base/result.h"
#include "cache/content_id.h"

#include <functional>
#include <optional>

namespace skymount::cache {

/// One version of one file. Implementations are safe from many threads at once.
class ByteSource {
 public:
  /// Takes a piece that begins at `offset` of the file. An error stops the fetch and comes back from it.
  using Sink = std::function<Result<void>(std::uint64_t offset, ByteView)>;

  virtual ~ByteSource() = default;
  virtual const ContentId& id() const = 0;

  /// Exact size in bytes; nothing while it is unknown (an answer without length, before its end).
  virtual std::optional<std::uint64_t> size() const = 0;

  /// True when the origin only delivers the file as a whole (ranges ignored, answers computed per request). Then every
  /// fetch delivers from byte 0 to the end whatever range is asked, so there should be just one of them, shared.
  virtual bool whole_only() const { return false; }

  /// How many fetches at once its origin allows for data. 0: it does not say.
  virtual unsigned parallel_fetches() const { return 0; }

  /// True when fetch() itself reads other contents through the cache (a cutout computed here). Such fetches have
  /// threads of their own, so that they never occupy those that they wait for.
  virtual bool reads_others() const { return false; }

  /// Delivers `range` to `sink`, in order, in pieces, on the caller's thread. Blocks.
  /// Errors  cancelled when ctx.stop is requested; timed_out at ctx.deadline; stale when the origin no longer holds the
  ///         version that id() names; corrupt, unavailable, denied, not_found as the origin answers. What was delivered
  ///         before an error is good and may be kept.
  virtual Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) = 0;
};

}  // namespace skymount::cache
