// SPDX-License-Identifier: MIT
//
// Whole answers as a ByteSource; see the header.
#include "vo/http/spool_source.h"

#include "vo/http/error_answer.h"
#include "vo/http/file_version.h"

namespace skymount::vo {
namespace {

constexpr unsigned kTries = 3;

Error changed(const RemoteFile& file) {
  return {Code::stale, file.url.redacted() + ": the archive now holds another version of this file; open it again"};
}

}  // namespace

/// How draining ended. `broken`: the transfer's fault, worth another try.
struct SpoolSource::Drained {
  std::optional<Error> error;
  bool broken = false;
};

struct SpoolSource::Progress {
  std::uint64_t delivered = 0;
  Trail seen;               ///< of all answers so far; kept without validators only
  std::uint64_t known = 0;  ///< length of `seen` when the present answer began
  Bytes waiting;            ///< came, and waits until the answer has proved to begin as before
};

SpoolSource::SpoolSource(std::shared_ptr<HttpClient> client, RemoteFile file, LearnedFile learned,
                         std::optional<Download> running, std::optional<Trail> begun)
    : client_(std::move(client)),
      file_(std::move(file)),
      learned_(std::move(learned)),
      id_(content_id(file_, learned_)),
      size_(learned_.size),
      running_(std::move(running)),
      begun_(std::move(begun)) {}

std::optional<std::uint64_t> SpoolSource::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

bool SpoolSource::validated() const {
  return !is_one_time(id_.version) && !has_head(id_.version);
}

Result<Download> SpoolSource::ask_again(bool provable, const FetchContext& ctx) const {
  if (!validated() && !provable) {
    std::lock_guard lock(mutex_);
    if (failed_) return fail(*failed_);  // who comes just after the failure is told the same
    return fail(Code::stale,
                file_.url.redacted() + ": this answer was " +
                    (has_head(id_.version) ? "without anything that names its version" : "computed for one download") +
                    " and cannot be had again; open it anew");
  }
  HttpRequest request;
  request.url = file_.url;
  request.traffic = Traffic::data;
  request.identity = true;
  request.credential = credential_use(learned_);
  request.max_body = file_.max_bytes;
  Download out{std::make_unique<RunningAnswer>(client_, std::move(request), ctx), {}};
  auto response = out.answer->header(ctx);
  if (!response) return fail(std::move(response.error()));
  if (response->status != 200) {
    auto text = out.answer->next(ctx);
    return fail(error_of(*response, text ? as_text(*text).substr(0, kErrorText) : ""));
  }
  if (turned_into_html(learned_, *response))
    return fail(Code::corrupt, file_.url.redacted() + ": a web page came in the place of the file");
  const auto length = response->content_length();
  if (for_another(learned_, *response) || (validated() && !same_validators(learned_, *response)) ||
      is_encoded(*response, file_.url) || (length && learned_.size && *length != *learned_.size))
    return fail(changed(file_));
  return out;
}

/// Takes the piece that begins at `at`. Without validators what was seen before must come again alike, and nothing is
/// delivered until it did.
std::optional<Error> SpoolSource::take(Progress& progress, Trail& again, std::uint64_t at, ByteView piece,
                                       const Sink& sink) const {
  if (!validated()) {
    const std::size_t repeated = at < progress.known ? std::min<std::uint64_t>(progress.known - at, piece.size()) : 0;
    again.add(piece.first(repeated));
    if (repeated > 0 && again.length() == progress.known && !(again == progress.seen)) return changed(file_);
    progress.seen.add(piece.subspan(repeated));
  }
  const std::uint64_t end = at + piece.size(), had = progress.delivered + progress.waiting.size();
  piece = piece.subspan(std::min<std::uint64_t>(had > at ? had - at : 0, piece.size()));
  if (end < progress.known || !progress.waiting.empty())
    progress.waiting.insert(progress.waiting.end(), piece.begin(), piece.end());
  if (end < progress.known) return std::nullopt;
  const Bytes waited = std::exchange(progress.waiting, {});
  if (!waited.empty()) piece = waited;
  if (piece.empty()) return std::nullopt;
  if (auto kept = sink(progress.delivered, piece); !kept) return std::move(kept.error());
  progress.delivered += piece.size();
  return std::nullopt;
}

SpoolSource::Drained SpoolSource::drain(Download& download, Progress& progress, const Sink& sink,
                                        const FetchContext& ctx) const {
  std::uint64_t at = 0;
  Trail again;
  progress.known = progress.seen.length();
  progress.waiting.clear();
  Bytes piece = std::move(download.head);
  for (;;) {
    if (ctx.stopped()) return {Error(Code::cancelled, file_.url.redacted() + ": cancelled"), false};
    if (learned_.size && at + piece.size() > *learned_.size)
      return {Error(Code::corrupt, file_.url.redacted() + ": more bytes than announced"), false};
    if (auto wrong = take(progress, again, at, piece, sink)) return {std::move(wrong), false};
    at += piece.size();
    if (!download.answer) break;
    auto more = download.answer->next(ctx);
    if (!more) {
      const bool broken = more.error().code() == Code::corrupt || more.error().code() == Code::unavailable ||
                          (more.error().code() == Code::timed_out && !ctx.expired());
      return {std::move(more.error()), broken};
    }
    if (more->empty()) break;
    piece = std::move(*more);
  }
  if (learned_.size && at != *learned_.size)
    return {Error(Code::corrupt, file_.url.redacted() + ": ended after " + std::to_string(at) + " of " +
                                     std::to_string(*learned_.size) + " bytes"),
            true};
  return {};
}

Result<void> SpoolSource::fetch(ByteRange, const Sink& sink, const FetchContext& ctx) {
  std::optional<Download> download;
  std::optional<Trail> begun;
  {
    std::lock_guard lock(mutex_);
    download.swap(running_);
    begun.swap(begun_);
  }
  Progress progress;
  if (begun) progress.seen = std::move(*begun);
  const bool mendable = !is_one_time(id_.version) || has_head(id_.version);
  for (unsigned attempt = 1;; ++attempt) {
    if (!download) {
      auto asked = ask_again(progress.seen.length() > 0, ctx);
      if (!asked) return fail(std::move(asked.error()));
      download = std::move(*asked);
    }
    Drained end = drain(*download, progress, sink, ctx);
    download.reset();
    if (!end.error) break;
    if (!end.broken || attempt >= kTries || !mendable) {
      std::lock_guard lock(mutex_);
      // A caller that left says nothing about the answer.
      const bool left = end.error->code() == Code::cancelled || end.error->code() == Code::timed_out;
      if (is_one_time(id_.version) && !left) failed_ = end.error;
      return fail(std::move(*end.error));
    }
  }
  std::lock_guard lock(mutex_);
  size_ = progress.delivered;
  return {};
}

}  // namespace skymount::vo
