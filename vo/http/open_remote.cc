// SPDX-License-Identifier: MIT
//
// The one request that an open costs. It asks for the first bytes; the answer teaches size, version, type and name, and
// whether ranges can be trusted. A server that cannot answer it is asked once more without the range.
#include "cache/access_pattern.h"
#include "cache/base/text.h"
#include "vo/http/error_answer.h"
#include "vo/http/file_version.h"
#include "vo/http/range_source.h"
#include "vo/http/spool_source.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// 1 PiB: a thousand times the largest files of archives, and still countable in pieces.
constexpr std::uint64_t kLargestFile = 1ULL << 50;

static_assert(kFirstRange == cache::kOpenBrings, "the cache tells scans from looks at what an open brings");

// Enough to tell a FITS header from a login page, and there within the first packets.
constexpr std::size_t kSniffed = 4 * 1024;

class Opening {
 public:
  Opening(std::shared_ptr<HttpClient> client, const RemoteFile& file, const FetchContext& ctx)
      : client_(std::move(client)), file_(file), ctx_(ctx), credential_(file.credential) {}

  Result<OpenedRemote> run() {
    const Ask first = file_.computed || file_.restless ? Ask::whole : Ask::ranged;
    auto opened = contact(first);
    // A page that asks for a login may come as an answer, or from elsewhere: then once with the credential.
    if (!opened && credential_ != CredentialUse::at_once && is_turned_away(opened.error()) && !ctx_.stopped() &&
        !ctx_.expired() && !client_->identity(AskedFor::files).empty()) {
      credential_ = CredentialUse::at_once;
      auto shown = contact(first);
      if (shown) return shown;
    }
    // The few first bytes broke off under way: once more, as the source would do with later ones.
    if (!opened && broke_ && !ctx_.stopped() && !ctx_.expired()) opened = contact(first);
    return opened;
  }

 private:
  bool is_turned_away(const Error& why) const {
    return (why.code() == Code::denied && led_away_) || (why.code() == Code::corrupt && !broke_);
  }

  enum class Ask { ranged, whole, decoded };

  Result<OpenedRemote> contact(Ask ask);
  Result<OpenedRemote> first_range(RunningAnswer& answer, const HttpResponse& response);
  Result<OpenedRemote> whole(std::unique_ptr<RunningAnswer> answer, const HttpResponse& response, Ask ask);
  Result<OpenedRemote> refused(RunningAnswer& answer, const HttpResponse& response);
  LearnedFile learned(const HttpResponse& response) const {
    LearnedFile out = learned_from(response);
    if (out.auth.empty()) out.auth = file_.meant_for;
    return out;
  }
  Result<bool> collect(RunningAnswer& answer, Bytes& head, std::uint64_t wanted);
  bool trustworthy(const HttpResponse& response) const;
  Result<void> check_head(ByteView head) const;
  std::string words(std::string_view what) const { return file_.url.redacted() + ": " + std::string(what); }
  Result<void> check_size(std::optional<std::uint64_t> size) const {
    if (size && *size > kLargestFile)
      return fail(Code::corrupt, words("claims " + std::to_string(*size) + " bytes; no archive has such a file"));
    if (!size || file_.max_bytes == 0 || *size <= file_.max_bytes) return {};
    return fail(Code::too_large,
                words(std::to_string(*size) + " bytes, more than the " + std::to_string(file_.max_bytes) + " allowed"));
  }

  const std::shared_ptr<HttpClient> client_;
  const RemoteFile& file_;
  const FetchContext& ctx_;
  CredentialUse credential_;
  bool broke_ = false;
  bool led_away_ = false;  ///< the answer came from another origin
};

Result<OpenedRemote> Opening::contact(Ask ask) {
  HttpRequest request;
  request.url = file_.url;
  request.traffic = Traffic::data;
  request.identity = ask != Ask::decoded;
  if (ask == Ask::ranged) request.range = ByteRange{0, kFirstRange};
  request.credential = credential_;
  request.max_body = file_.max_bytes;
  broke_ = false;
  auto answer = std::make_unique<RunningAnswer>(client_, std::move(request), ctx_);
  auto response = answer->header(ctx_);
  if (!response) return fail(std::move(response.error()));
  led_away_ = response->final_url.origin() != file_.url.origin();
  switch (response->status) {
    case 200: return whole(std::move(answer), *response, ask);
    case 204: return fail(Code::no_data, words("the archive has no data for this (HTTP 204)"));
    case 206:
      if (ask != Ask::ranged) return fail(Code::corrupt, words("a part came where the whole was asked for"));
      if (trustworthy(*response)) return first_range(*answer, *response);
      answer.reset();
      return contact(Ask::whole);
    case 416: {
      const auto range = ContentRange::parse(response->headers.get("Content-Range").value_or(""));
      if (range && range->total == 0U) return fail(Code::no_data, words("the file is empty"));
      [[fallthrough]];
    }
    case 403:  // some firewalls refuse the Range field itself
      if (ask == Ask::ranged) {
        answer.reset();
        return contact(Ask::whole);
      }
      [[fallthrough]];
    default: return refused(*answer, *response);
  }
}

/// Is this 206 what was asked for, and of a file whose parts are parts of the file?
bool Opening::trustworthy(const HttpResponse& response) const {
  const auto range = ContentRange::parse(response.headers.get("Content-Range").value_or(""));
  return range && range->total && range->range.offset == 0 &&
         range->range.end() == std::min(kFirstRange, *range->total) &&
         response.content_type() != "multipart/byteranges" && !is_encoded(response, file_.url);
}

/// Reads until `wanted` bytes are in `head`; true when the body has ended.
Result<bool> Opening::collect(RunningAnswer& answer, Bytes& head, std::uint64_t wanted) {
  while (head.size() < wanted) {
    auto piece = answer.next(ctx_);
    if (!piece) {
      broke_ = piece.error().code() == Code::corrupt || piece.error().code() == Code::unavailable;
      return fail(std::move(piece.error()));
    }
    if (piece->empty()) return true;
    head.insert(head.end(), piece->begin(), piece->end());
  }
  return false;
}

Result<void> Opening::check_head(ByteView head) const {
  auto verdict = sniff(file_.content_type, head);
  if (!verdict) return fail(std::move(verdict.error()).during(file_.url.redacted()));
  return {};
}

Result<OpenedRemote> Opening::first_range(RunningAnswer& answer, const HttpResponse& response) {
  const auto range = *ContentRange::parse(*response.headers.get("Content-Range"));
  if (auto fits = check_size(range.total); !fits) return fail(std::move(fits.error()));
  OpenedRemote out;
  auto ended = collect(answer, out.head, range.range.length + 1);
  if (!ended) return fail(std::move(ended.error()));
  if (out.head.size() != range.range.length) {
    broke_ = true;
    return fail(Code::corrupt, words("the first range has " + std::to_string(out.head.size()) +
                                     " bytes and announces " + std::to_string(range.range.length)));
  }
  if (auto fits = check_head(out.head); !fits) return fail(std::move(fits.error()));
  out.learned = learned(response);
  out.learned.size = range.total;
  out.learned.ranges = true;
  out.learned.version = version_of(response, *range.total, out.head, /*by_ranges=*/true);
  out.source = met_source(client_, file_, out.learned, out.head);
  return out;
}

Result<OpenedRemote> Opening::whole(std::unique_ptr<RunningAnswer> answer, const HttpResponse& response, Ask ask) {
  const bool encoded = is_encoded(response, file_.url);
  if (encoded && ask != Ask::decoded) {
    // It is compressed although we asked for it plain; asked for openly, curl takes the compression off again.
    answer.reset();
    return contact(Ask::decoded);
  }
  if (const std::string how = lower(response.headers.get("Content-Encoding").value_or(""));
      encoded && how != "gzip" && how != "x-gzip" && how != "deflate")
    return fail(Code::unsupported,
                words("the archive sends it in the encoding '" + how + "', which was not asked for"));
  const auto length = encoded ? std::nullopt : response.content_length();
  if (auto fits = check_size(length); !fits) return fail(std::move(fits.error()));
  if (length == 0U) return fail(Code::no_data, words("the file is empty"));

  const bool one_time = file_.computed || !length;
  std::uint64_t wanted = !one_time && unproven(response) ? kVersionHead : kSniffed;
  if (length && *length <= kFirstRange) wanted = *length + 1;  // small enough to be had at once: read to the end
  OpenedRemote out;
  auto ended = collect(*answer, out.head, wanted);
  if (!ended) return fail(std::move(ended.error()));
  if (length && (out.head.size() > *length || (*ended && out.head.size() < *length))) {
    broke_ = true;
    return fail(Code::corrupt, words("announced " + std::to_string(*length) + " bytes and sent " +
                                     (*ended ? std::to_string(out.head.size()) : "more")));
  }
  if (auto fits = check_head(out.head); !fits) return fail(std::move(fits.error()));
  out.learned = learned(response);
  out.learned.size = *ended ? std::optional<std::uint64_t>(out.head.size()) : length;
  out.learned.version = one_time ? one_time_version() : version_of(response, *length, out.head, /*by_ranges=*/false);
  if (*ended) answer.reset();
  out.flowing = answer != nullptr;
  out.source = std::make_shared<SpoolSource>(client_, file_, out.learned, Download{std::move(answer), out.head});
  return out;
}

Result<OpenedRemote> Opening::refused(RunningAnswer& answer, const HttpResponse& response) {
  Bytes text;
  static_cast<void>(collect(answer, text, kErrorText));  // half an explanation is better than none
  broke_ = false;
  return fail(error_of(response, as_text(text).substr(0, kErrorText), file_.computed));
}

}  // namespace

Result<OpenedRemote> open_remote(std::shared_ptr<HttpClient> client, const RemoteFile& file, const FetchContext& ctx) {
  return Opening(std::move(client), file, ctx).run();
}

}  // namespace skymount::vo
