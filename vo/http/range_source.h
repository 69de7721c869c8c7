// SPDX-License-Identifier: MIT
//
// Turns an archive that answers HTTP into a cache::ByteSource. open_remote() makes the one request that an open costs:
// a ranged GET of the first bytes, from which size, validator, name and type are learned; it then says which kind of
// source serves the rest: ranges (RangeSource) or the whole body in one go (SpoolSource).
#pragma once

#include "cache/byte_source.h"
#include "vo/http/client.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace skymount::vo {

/// What is asked for, and what was promised about it.
struct RemoteFile {
  Url url;
  std::string archive;          ///< for the ContentId
  std::string identity;         ///< for the ContentId
  std::string content_type;     ///< the promise; empty: none
  bool computed = false;        ///< a service's answer: spooled whole even if it claims ranges
  std::uint64_t max_bytes = 0;  ///< 0: no limit; a larger answer is too_large before its body is read
  CredentialUse credential = CredentialUse::after_refusal;  ///< with the first question
  std::string meant_for = {};  ///< whom the address itself was given to (a signature); empty: anybody
  /// Told when the archive goes on answering ranges with the whole file although it honoured the first one.
  std::function<void()> ranges_ignored = nullptr;
  bool restless = false;  ///< two answers differed before though nothing said so: asked for whole at once
};

/// What the first contact taught. Kept in LMDB; from it a source can be made again without asking.
struct LearnedFile {
  std::string version;                ///< ContentId::version
  std::string auth;                   ///< ContentId::auth: whom the archive showed it to; empty: anybody
  std::optional<std::uint64_t> size;  ///< exact; nothing while a body without length has not ended
  bool ranges = false;                ///< a 206 was seen and was right
  std::string etag;                   ///< as sent, weak or strong; empty: none
  std::optional<std::int64_t> last_modified;
  std::string content_type;  ///< as answered
  std::string filename;      ///< from Content-Disposition; empty: none
};

struct OpenedRemote {
  LearnedFile learned;
  std::shared_ptr<cache::ByteSource> source;
  bool flowing = false;  ///< the whole body is under way; else the source asks when bytes beyond `head` are wanted
  Bytes head;  ///< the file's first bytes, verified and sniffed; belongs into the block cache when the size is known
};

/// How much the first contact asks for: enough for most FITS headers, and cheap beside a round trip. A whole number of
/// the cache's granules that, with the head of the answer, stays below 256 KiB.
inline constexpr std::uint64_t kFirstRange = 240ULL * 1024;

/// Errors  denied (401, 403), not_found (404, 410), unavailable (429, 5xx, network), no_data (204, empty body where a
///         file was promised), corrupt (HTML or an error document under a binary promise), too_large, timed_out,
///         cancelled. 404 of a computed answer whose text says UsageError or an error body with 400/422 is invalid,
///         with the text.
Result<OpenedRemote> open_remote(std::shared_ptr<HttpClient> client, const RemoteFile& file, const FetchContext& ctx);

/// A source for what was learned earlier; asks nothing until bytes are fetched. What no validator ties together is only
/// fetched by the source that met it; this one then fails with stale.
std::shared_ptr<cache::ByteSource> remembered_source(std::shared_ptr<HttpClient> client, const RemoteFile& file,
                                                     const LearnedFile& learned);

/// A source for what a first range taught just now; `head` is its bytes.
std::shared_ptr<cache::ByteSource> met_source(std::shared_ptr<HttpClient> client, const RemoteFile& file,
                                              const LearnedFile& learned, ByteView head);

/// Does `head` fit the promise? See protocol notes "Magic checks": a promise of FITS accepts SIMPLE, gzip, compress and
/// bzip2 magic; HTML, a VOTable with QUERY_STATUS=ERROR, JSON or text under a binary promise are corrupt; empty is
/// no_data.
Result<void> sniff(std::string_view content_type, ByteView head);

}  // namespace skymount::vo
