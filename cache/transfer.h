// SPDX-License-Identifier: MIT
//
// One running or queued fetch of a stretch of a content. A transfer has no lock of its own: what changes in it belongs
// to the LiveContent it serves, and is guarded there.
#pragma once

#include "cache/byte_source.h"
#include "cache/chunk.h"
#include "cache/download_scheduler.h"
#include "cache/granule.h"

#include <functional>
#include <limits>
#include <memory>
#include <stop_token>
#include <vector>

namespace skymount::cache {

class LiveContent;

/// Where a transfer is: what came, as far as memory has it, and what of it is kept.
struct Assembly {
  std::uint64_t kept_to = 0;   ///< what came before is stored or set aside
  std::uint64_t received = 0;  ///< what came ends here
  ChunkPtr chunk;              ///< the last bytes that came; all that is not kept is in it. Null before the first one

  ByteRange range() const { return chunk ? chunk->range() : ByteRange{received, 0}; }
  ByteView unkept() const { return chunk ? chunk->view({kept_to, received - kept_to}) : ByteView(); }
};

class Transfer final : public Download, public std::enable_shared_from_this<Transfer> {
 public:
  static constexpr std::uint64_t kToTheEnd = std::numeric_limits<std::uint64_t>::max();
  enum class State { queued, running, ended };

  Transfer(std::shared_ptr<LiveContent> for_content, std::shared_ptr<ByteSource> from, ByteRange wanted,
           bool whole_file, const FetchContext& ctx, DownloadLane download_lane);
  void run() override;
  std::uint64_t spare_bytes() const override;
  void give_way() override;

  const std::shared_ptr<LiveContent> content;
  const std::shared_ptr<ByteSource> source;
  const std::string cause;
  const DownloadLane lane;
  std::stop_source stop;

  // Guarded by the content's lock; `assembly` is changed by the transfer's own thread only.
  State state = State::queued;
  Priority priority;
  std::uint64_t begin, end;  ///< what it fetches; `end` is kToTheEnd while the size is unknown
  bool whole;                ///< delivers from byte 0 to the end, whatever is asked
  bool cut = false;          ///< was told to end earlier, because somebody waits for bytes far ahead
  Assembly assembly;
  unsigned waiters = 0;                        ///< readers that wait for its bytes
  unsigned owners = 0;                         ///< prefetches that have not been stopped
  bool keep = false;                           ///< goes on when nobody waits
  bool stopping = false;                       ///< told to stop; nobody may join it
  FetchContext::Steady::time_point started{};  ///< when it began to run

  // Made before it is queued, destroyed with it; never under the content's lock, because a stop callback takes that
  // lock.
  std::vector<std::unique_ptr<std::stop_callback<std::function<void()>>>> watches;

  bool active() const { return state != State::ended && !stopping; }
  bool wanted() const { return keep || waiters > 0 || owners > 0; }
  /// What it still will deliver.
  ByteRange ahead() const {
    const std::uint64_t from = state == State::queued ? begin : assembly.received;
    return {from, end > from ? end - from : 0};
  }
};

}  // namespace skymount::cache
