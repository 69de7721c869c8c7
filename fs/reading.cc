// SPDX-License-Identifier: MIT
//
// The filesystem's reads: from memory at once, from a download under way when it has come so far, else on the archive's
// threads.
#include "fs/filesystem.h"

namespace skymount::fs {
namespace {

// Who has read so little may open the file again for the next piece, as ds9 does for every 2880 bytes of a header: what
// its reads have in common, and what is fetched ahead for them, lives on for a moment.
constexpr std::uint64_t kBriefly = 2_MiB;
constexpr std::chrono::seconds kComesBack{1};

}  // namespace

void Filesystem::read(HandleId id, ByteRange range, std::stop_token stop, Done<SharedBytes> done) {
  const auto handle = handles_.with([&](Handles& handles) -> std::shared_ptr<const FileHandle> {
    const auto it = handles.files.find(id);
    return it == handles.files.end() ? nullptr : it->second;
  });
  if (!handle) return done(fail(Code::stale, "read on a closed handle"));
  if (handle->text) {
    const SharedBytes whole(handle->text, as_bytes(*handle->text));
    return done(whole.part(range.offset, range.length));
  }
  if (handle->eof->is_beyond(range)) return read_beyond_end(*handle, std::move(stop), std::move(done));
  if (handle->eof->spans_end(range)) {
    handle->eof->begin();
    done = [eof = handle->eof, done = std::move(done)](Result<SharedBytes> bytes) {
      done(std::move(bytes));
      eof->end();
    };
  }
  if (std::optional<SharedBytes> here = handle->reader->try_read(range)) return done(std::move(*here));

  MountedArchive& archive = *handle->node->place.archive;
  const FetchContext ctx =
      FetchContext::within(archive.options().limits.read, "read " + handle->node->place.path, std::move(stop));
  auto waiting = Waiting<SharedBytes>::start(
      [this, handle, done = std::move(done)](Result<SharedBytes> bytes) {
        if (!bytes) return done(fail(note("read", handle->node->place, std::move(bytes).error())));
        done(std::move(bytes));
      },
      ctx, *deadlines_);
  const auto read_behind = [&lane = archive.lanes.data, handle, range, ctx](const PendingReads::Caller& caller) {
    park(lane, caller,
         [handle, range, ctx](Waiting<SharedBytes>& waits) { waits.finish(handle->reader->read(range, ctx)); });
  };
  const std::uint64_t number = pending_->add(waiting);
  const auto came = [pending = pending_, number, read_behind](std::optional<SharedBytes> bytes) {
    pending->take(number, [&](const PendingReads::Caller& caller) {
      if (!bytes) return read_behind(caller);
      caller->finish(std::move(*bytes));
    });
  };
  if (!handle->reader->when_here(range, ctx, came)) pending_->take(number, read_behind);
}

void Filesystem::read_beyond_end(const FileHandle& handle, std::stop_token stop, Done<SharedBytes> done) {
  const Place& place = handle.node->place;
  const FetchContext ctx =
      FetchContext::within(place.archive->options().limits.read, "read " + place.path, std::move(stop));
  const auto waiting = Waiting<SharedBytes>::start(std::move(done), ctx, *deadlines_);
  handle.eof->after_end([waiting] { waiting->finish(SharedBytes()); }, *deadlines_);
}

void Filesystem::release(HandleId id) {
  std::shared_ptr<const FileHandle> last;  // a reader's end stops fetching ahead: outside the lock
  handles_.with([&](Handles& handles) {
    const auto it = handles.files.find(id);
    if (it == handles.files.end()) return;
    last = std::move(it->second);
    handles.files.erase(it);
  });
  if (!last || !last->reader || last->reader->farthest() > kBriefly) return;
  deadlines_->at(Deadlines::Steady::now() + kComesBack, [reader = last->reader]() mutable { reader.reset(); });
}

}  // namespace skymount::fs
