// SPDX-License-Identifier: MIT
//
// A ByteSource that tells how its fetches end, so that what is remembered of a file is forgotten when its archive
// proves it wrong, and that bounds what a whole download may bring while nobody wants it.
#pragma once

#include "cache/byte_source.h"

#include <chrono>
#include <memory>

namespace skymount::vo {

/// Who is told. Called on the threads of transfers.
class SourceKeeper {
 public:
  virtual ~SourceKeeper() = default;
  /// Somebody has this content open or waits for it.
  virtual bool wanted(const cache::ContentId& id) const = 0;
  /// A fetch came to its end. `outcome` is what its caller gets.
  virtual void ended(const cache::ByteSource& source, const Result<void>& outcome) = 0;
};

struct WatchBounds {
  /// A body of unknown length that brings more is refused with too_large: more can nowhere be kept.
  std::uint64_t unknown_length = 0;
  /// How long, and with how many bytes, a whole download goes on while nobody wants it: enough for a program that
  /// closes a file and opens it again, and for the rest of a small one; an interrupted copy ends its transfer.
  std::chrono::milliseconds unwanted_for = std::chrono::seconds(3);
  std::uint64_t unwanted_bytes = 64'000'000;
  /// As ByteSource::parallel_fetches().
  unsigned parallel_fetches = 0;
};

/// `inner`, watched. `held` lives as long as the result. After a `stale` outcome it asks no more. What was computed for
/// one download, came in full and is asked for again could not be kept: no_space.
std::shared_ptr<cache::ByteSource> watched(std::shared_ptr<cache::ByteSource> inner, std::weak_ptr<SourceKeeper> keeper,
                                           const WatchBounds& bounds, std::shared_ptr<void> held);

/// `inner`, whose fetches also end when `given_up` is requested: a job at an archive may be silent for an hour, and a
/// reader who was interrupted, and was the only one, leaves nobody whom its end would serve.
std::shared_ptr<cache::ByteSource> until(std::shared_ptr<cache::ByteSource> inner, std::stop_token given_up);

/// An answer of one download that neither disk nor memory took; in words that say what to do.
Error answer_not_kept(std::optional<std::uint64_t> size);

/// The record of a file is not to be trusted any more after this outcome of a fetch.
bool disproves_record(Code code);

}  // namespace skymount::vo
