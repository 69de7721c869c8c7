// SPDX-License-Identifier: MIT
#include "cache/transfer.h"

#include "cache/live_content.h"

namespace skymount::cache {

Transfer::Transfer(std::shared_ptr<LiveContent> for_content, std::shared_ptr<ByteSource> from, ByteRange wanted,
                   bool whole_file, const FetchContext& ctx, DownloadLane download_lane)
    : content(std::move(for_content)),
      source(std::move(from)),
      cause(ctx.cause),
      lane(std::move(download_lane)),
      priority(ctx.priority),
      begin(wanted.offset),
      end(wanted.end()),
      whole(whole_file) {}

void Transfer::run() {
  content->run(shared_from_this());
}

std::uint64_t Transfer::spare_bytes() const {
  return content->spare_bytes(*this);
}

void Transfer::give_way() {
  content->give_way(*this);
}

}  // namespace skymount::cache
