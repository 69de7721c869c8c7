// SPDX-License-Identifier: MIT
//
// Files that are made of one other file: what is inside a compressed one (.fits.gz, .fits.Z, .fits.bz2), the headers of
// a FITS file as text, and a picture of it. Made once and kept in the cache like any other content, with their size
// remembered.
#pragma once

#include "cache/base/clock.h"
#include "vo/entry.h"
#include "vo/local_cutouts.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// NAME.hdr beside a FITS file of the archive; nothing for other files.
std::optional<Entry> header_entry(const Entry& file);

/// NAME.png for a FITS file, also for a cutout; nothing for other files.
std::optional<Entry> picture_entry(const Entry& file);

/// The entry under the name without ".gz", ".Z" or ".bz2"; nothing when it has no such extension or is no FITS file.
std::optional<Entry> unpacked_entry(const Entry& packed);
/// Whatever its name is: for a file that turned out to be compressed.
Entry unpacked_entry_of(const Entry& packed);

/// All that may have been made of this file alone, under whatever name.
std::vector<Entry> made_of(const Entry& file);

/// Thread-safe. One per archive.
class DerivedFiles {
 public:
  using Reader = std::shared_ptr<cache::ContentReader>;

  DerivedFiles(std::string archive, std::shared_ptr<Knowledge> knowledge, cache::BlockCache& blocks, const Clock& clock,
               std::shared_ptr<Workers> workers, OpensFiles files);

  /// Of an entry that is made of another (LocalCut::made is not cutout); `renew` is for that other. Nobody can tell the
  /// size of what is inside before it is unpacked, so that costs the whole download the first time; headers cost what
  /// reading them costs, a picture some rows of the image (vo/fits/picture). Errors  as the other's open,
  /// headers_as_text() and picture_of(); corrupt: it is not compressed, or damaged; too_large: beyond what the cache
  /// may hold; timed_out: unpacking goes on, and the next open joins it.
  Result<Reader> open(const Entry& entry, const FetchContext& ctx, const Renew& renew);
  Reader open_in_memory(const Entry& entry, const Renew& renew);

 private:
  Reader known(const Entry& entry, const Reader& of);
  Result<Reader> unpack(const Entry& entry, const Reader& packed, const FetchContext& ctx);
  Result<Reader> make_small(const Entry& entry, const Reader& file, const FetchContext& ctx);
  Result<Reader> inside(const Entry& entry, const Reader& file, const FetchContext& ctx, const Renew& renew);
  Reader small_file(const Entry& entry, const cache::ContentId& id, const Reader& of, std::uint64_t size);
  void learn(const Entry& entry, const cache::ContentId& id, std::uint64_t size);

  const std::string archive_;
  const std::shared_ptr<Knowledge> knowledge_;
  cache::BlockCache& blocks_;
  const Clock& clock_;
  const std::shared_ptr<Workers> workers_;
  const OpensFiles files_;
};

}  // namespace skymount::vo
