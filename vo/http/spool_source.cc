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

SpoolSource::SpoolSource(std::shared_ptr<HttpClient> client, RemoteFile file, LearnedFile learned,
                         std::optional<Download> running)
    : client_(std::move(client)),
      file_(std::move(file)),
      learned_(std::move(learned)),
      id_(content_id(file_, learned_.version)),
      size_(learned_.size),
      running_(std::move(running)) {}

std::optional<std::uint64_t> SpoolSource::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

Result<Download> SpoolSource::ask_again(const FetchContext& ctx) const {
  if (is_one_time(id_.version)) {
    std::lock_guard lock(mutex_);
    if (failed_) return fail(*failed_);  // who comes just after the failure is told the same
    return fail(Code::stale, file_.url.redacted() +
                                 ": this answer was computed for one download and cannot be had again; open it anew");
  }
  HttpRequest request;
  request.url = file_.url;
  request.traffic = Traffic::data;
  request.identity = true;
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
  if (!same_validators(learned_, *response) || is_encoded(*response, file_.url) ||
      (length && learned_.size && *length != *learned_.size))
    return fail(changed(file_));
  while (is_head_hash(id_.version) && out.head.size() < kVersionHead) {
    auto piece = out.answer->next(ctx);
    if (!piece) return fail(std::move(piece.error()));
    if (piece->empty()) break;
    out.head.insert(out.head.end(), piece->begin(), piece->end());
  }
  if (!head_fits(id_.version, learned_.size.value_or(0), out.head)) return fail(changed(file_));
  return out;
}

SpoolSource::Drained SpoolSource::drain(Download& download, std::uint64_t& delivered, const Sink& sink,
                                        const FetchContext& ctx) const {
  std::uint64_t at = 0;
  Bytes piece = std::move(download.head);
  for (;;) {
    if (ctx.stopped()) return {Error(Code::cancelled, file_.url.redacted() + ": cancelled"), false};
    const std::uint64_t known = std::min<std::uint64_t>(delivered > at ? delivered - at : 0, piece.size());
    const ByteView fresh = ByteView(piece).subspan(known);
    if (learned_.size && at + piece.size() > *learned_.size)
      return {Error(Code::corrupt, file_.url.redacted() + ": more bytes than announced"), false};
    if (!fresh.empty()) {
      if (auto kept = sink(delivered, fresh); !kept) return {std::move(kept.error()), false};
      delivered += fresh.size();
    }
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
  {
    std::lock_guard lock(mutex_);
    download.swap(running_);
  }
  std::uint64_t delivered = 0;
  for (unsigned attempt = 1;; ++attempt) {
    if (!download) {
      auto begun = ask_again(ctx);
      if (!begun) return fail(std::move(begun.error()));
      download = std::move(*begun);
    }
    Drained end = drain(*download, delivered, sink, ctx);
    download.reset();
    if (!end.error) break;
    if (!end.broken || attempt >= kTries || is_one_time(id_.version)) {
      std::lock_guard lock(mutex_);
      // A caller that left says nothing about the answer.
      const bool left = end.error->code() == Code::cancelled || end.error->code() == Code::timed_out;
      if (is_one_time(id_.version) && !left) failed_ = end.error;
      return fail(std::move(*end.error));
    }
  }
  std::lock_guard lock(mutex_);
  size_ = delivered;
  return {};
}

}  // namespace skymount::vo
