// SPDX-License-Identifier: MIT
//
// Ranges of one version of one file. Every answer is checked before its first byte is passed on: status, Content-Range,
// total, validator, encoding. A transfer that breaks half-way goes on where it broke. Where no validator tells versions
// apart (only files too large to come in one answer get here without one), the file's head is compared instead.
#include "vo/http/range_source.h"

#include "vo/http/error_answer.h"
#include "vo/http/file_version.h"
#include "vo/http/spool_source.h"

#include "cache/base/synchronized.h"

#include <algorithm>
#include <atomic>
#include <chrono>

namespace skymount::vo {
namespace {

constexpr unsigned kResumes = 3;
// Servers may answer with less than was asked; one that sends crumbs is treated like one that breaks.
constexpr std::uint64_t kCrumb = 64 * 1024;
// How long a head that was compared vouches for the ranges that follow: 64 KiB in 10 s cost nothing.
constexpr std::chrono::seconds kVouches{10};

class RangeSource final : public cache::ByteSource {
 public:
  /// `met`: its first range came just now.
  RangeSource(std::shared_ptr<HttpClient> client, RemoteFile file, LearnedFile learned, bool met)
      : client_(std::move(client)),
        file_(std::move(file)),
        learned_(std::move(learned)),
        id_(content_id(file_, learned_)),
        size_(learned_.size.value_or(0)) {
    if (met) compared_ = FetchContext::Steady::now();
  }

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return size_; }
  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override;

 private:
  /// How one request went. `broken`: the transfer's fault after its header was right, so that the rest may be asked
  /// for.
  struct Asked {
    std::optional<Error> error;
    bool broken = false;
    bool ignored = false;  ///< the whole file came for a part of it
    bool detour = false;   ///< the remembered redirect target refused; the real URL was not asked yet
  };
  class Answer;
  Asked ask(std::uint64_t& at, std::uint64_t end, const Sink& sink, const FetchContext& ctx);
  Result<void> deliver(ByteRange range, const Sink& sink, const FetchContext& ctx);
  Result<void> deliver_guarded(ByteRange range, const Sink& sink, const FetchContext& ctx);
  Result<void> compare_head(const FetchContext& ctx);

  const std::shared_ptr<HttpClient> client_;
  const RemoteFile file_;
  const LearnedFile learned_;
  const cache::ContentId id_;
  const std::uint64_t size_;
  // Where the URL redirects to, so that not every range pays for the redirect. Never a signed URL, never kept for long.
  Synchronized<std::optional<Url>> shortcut_;
  std::atomic<FetchContext::Steady::time_point> compared_{FetchContext::Steady::time_point::min()};
};

/// Judges one answer and passes its bytes on.
class RangeSource::Answer {
 public:
  Answer(const RangeSource& source, std::uint64_t& at, std::uint64_t end, const Sink& sink)
      : source_(source), at_(at), asked_end_(end), answered_end_(end), sink_(sink) {}

  Result<void> header(const HttpResponse& response) {
    status_ = response.status;
    if ((status_ == 206 || status_ == 200) && for_another(source_.learned_, response))
      return keep(fail(Code::stale, words("the archive shows this file to other users than before; open it again")));
    if (status_ == 206 || status_ == 200) return keep(status_ == 206 ? judge_part(response) : judge_whole(response));
    if (status_ == 416 || status_ == 412)
      return keep(fail(Code::stale, words("the archive now holds another version of this file; open it again")));
    refusal_ = response;
    return {};
  }

  Result<void> body(ByteView piece) {
    if (refusal_) {
      refusal_text_ += as_text(piece);
      if (refusal_text_.size() < kErrorText) return {};
      return keep(fail(refused()));
    }
    if (piece.size() > answered_end_ - at_) {
      if (status_ == 206) return keep(fail(Code::corrupt, words("more bytes than its Content-Range names")));
      piece = piece.first(answered_end_ - at_);
    }
    if (!piece.empty())
      if (auto kept = sink_(at_, piece); !kept) return keep(std::move(kept));
    at_ += piece.size();
    if (status_ == 200 && at_ == answered_end_) {
      enough_ = true;
      return fail(Code::cancelled, "enough");
    }
    return {};
  }

  Asked outcome(const Result<HttpResponse>& result) {
    const bool left = !result && (result.error().code() == Code::cancelled || result.error().code() == Code::timed_out);
    if (refusal_ && !left) return {refused(), false, false};
    if (our_error_) return {std::move(our_error_), false, false};
    if (!result && !enough_) return {result.error(), judged_ && result.error().code() != Code::cancelled, false};
    if (at_ < answered_end_) return {Error(Code::corrupt, words("ended before its Content-Range does")), true, false};
    return {};
  }
  bool ignored_the_range() const { return ignored_; }
  int status() const { return status_; }

 private:
  std::string words(std::string_view what) const { return source_.file_.url.redacted() + ": " + std::string(what); }
  Error refused() const { return error_of(*refusal_, refusal_text_); }
  Result<void> keep(Result<void> verdict) {
    if (!verdict) our_error_ = verdict.error();
    return verdict;
  }

  /// A page in the place of bytes (a login, a "please wait") is no part of any version.
  Result<void> judge_type(const HttpResponse& response) {
    if (!turned_into_html(source_.learned_, response)) return {};
    return fail(Code::corrupt, words("a web page came in the place of the file"));
  }

  Result<void> judge_part(const HttpResponse& response) {
    if (response.content_type() == "multipart/byteranges")
      return fail(Code::corrupt, words("one range was asked for, and several came"));
    if (auto verdict = judge_type(response); !verdict) return verdict;
    const auto field = response.headers.get("Content-Range");
    const auto range = field ? ContentRange::parse(*field) : std::nullopt;
    if (!range || range->range.offset != at_ || range->range.empty() || range->range.end() > asked_end_)
      return fail(Code::corrupt, words("bytes " + std::to_string(at_) + "-" + std::to_string(asked_end_ - 1) +
                                       " were asked for, and the answer says '" + field.value_or("nothing") + "'"));
    if ((range->total && *range->total != source_.size_) || !same_validators(source_.learned_, response))
      return fail(Code::stale, words("the archive now holds another version of this file; open it again"));
    if (is_encoded(response, source_.file_.url))
      return fail(Code::corrupt, words("a part of an encoded file, which is no part of the file"));
    answered_end_ = range->range.end();
    judged_ = true;
    return {};
  }

  /// The whole file for a range: of use only when the range begins it.
  Result<void> judge_whole(const HttpResponse& response) {
    if (auto verdict = judge_type(response); !verdict) return verdict;
    const auto length = response.content_length();
    if ((length && *length != source_.size_) || !same_validators(source_.learned_, response))
      return fail(Code::stale, words("the archive now holds another version of this file; open it again"));
    ignored_ = at_ != 0 || !length || is_encoded(response, source_.file_.url);
    if (ignored_) return fail(Code::corrupt, words("the archive answered a range with something else"));
    judged_ = true;
    return {};
  }

  const RangeSource& source_;
  std::uint64_t& at_;
  const std::uint64_t asked_end_;
  std::uint64_t answered_end_;
  const Sink& sink_;
  int status_ = 0;
  bool judged_ = false, enough_ = false, ignored_ = false;
  std::optional<Error> our_error_;
  std::optional<HttpResponse> refusal_;
  std::string refusal_text_;
};

RangeSource::Asked RangeSource::ask(std::uint64_t& at, std::uint64_t end, const Sink& sink, const FetchContext& ctx) {
  const auto shortcut = shortcut_.with([](auto& url) { return url; });
  HttpRequest request;
  request.url = shortcut.value_or(file_.url);
  request.range = ByteRange{at, end - at};
  request.credential = credential_use(learned_);
  request.traffic = Traffic::data;
  Answer answer(*this, at, end, sink);
  const auto result = client_->send(
      request, [&](const HttpResponse& response) { return answer.header(response); },
      [&](ByteView piece) { return answer.body(piece); }, ctx);
  Asked out = answer.outcome(result);
  const bool unreachable = answer.status() == 0 && out.error && out.error->code() == Code::unavailable;
  if (out.error && shortcut && (answer.status() >= 300 || unreachable)) {
    shortcut_.with([](auto& url) { url.reset(); });
    out.detour = true;
  }
  // A 200 now and then comes from a cache in between that fills itself; asking once more is worth it.
  if (out.error && answer.ignored_the_range()) out.broken = out.ignored = true;
  if (!out.error && result && !(result->final_url == request.url) &&
      result->final_url.redacted() == result->final_url.text())
    shortcut_.with([&](auto& url) { url = result->final_url; });
  return out;
}

Result<void> RangeSource::fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) {
  return is_head_hash(id_.version) ? deliver_guarded(range, sink, ctx) : deliver(range, sink, ctx);
}

Result<void> RangeSource::compare_head(const FetchContext& ctx) {
  Bytes head;
  const auto take = [&](std::uint64_t, ByteView piece) -> Result<void> {
    head.insert(head.end(), piece.begin(), piece.end());
    return {};
  };
  if (auto came = deliver({0, kVersionHead}, take, ctx); !came) return came;
  if (!head_fits(id_.version, size_, head))
    return fail(Code::stale, file_.url.redacted() + ": its first bytes have changed; open it again");
  compared_ = FetchContext::Steady::now();
  return {};
}

/// The end of the file is only handed on once the head was compared after it, so that who reads to the end is told.
Result<void> RangeSource::deliver_guarded(ByteRange range, const Sink& sink, const FetchContext& ctx) {
  const auto due = [this] {
    const auto then = compared_.load();
    return then == FetchContext::Steady::time_point::min() || FetchContext::Steady::now() - then > kVouches;
  };
  if (due())
    if (auto same = compare_head(ctx); !same) return same;
  const bool last = range.end() >= size_;
  const std::uint64_t until = size_ - std::min<std::uint64_t>(size_, kCrumb);
  Bytes end;
  const auto holding_back = [&](std::uint64_t offset, ByteView piece) -> Result<void> {
    const std::uint64_t before = offset >= until ? 0 : std::min<std::uint64_t>(piece.size(), until - offset);
    end.insert(end.end(), piece.begin() + static_cast<std::ptrdiff_t>(before), piece.end());
    return before == 0 ? Result<void>() : sink(offset, piece.first(before));
  };
  if (auto came = deliver(range, last ? Sink(holding_back) : sink, ctx); !came) return came;
  if (last || due())
    if (auto same = compare_head(ctx); !same) return same;
  return end.empty() ? Result<void>() : sink(size_ - end.size(), end);
}

Result<void> RangeSource::deliver(ByteRange range, const Sink& sink, const FetchContext& ctx) {
  std::uint64_t at = range.offset;
  const std::uint64_t end = std::min(range.end(), size_);
  unsigned breaks = 0;
  while (at < end) {
    const std::uint64_t before = at;
    Asked asked = ask(at, end, sink, ctx);
    if (!asked.error) {
      if (at < end && at - before < kCrumb && ++breaks > kResumes)
        return fail(Code::corrupt, file_.url.redacted() + ": the archive sends this range in crumbs");
      continue;
    }
    if (asked.detour) continue;  // once: the shortcut is gone
    if (!asked.broken || ctx.stopped() || ctx.expired()) return fail(std::move(*asked.error));
    if (++breaks <= kResumes) continue;
    if (asked.ignored) {
      if (file_.ranges_ignored) file_.ranges_ignored();
      return fail(Code::stale, file_.url.redacted() +
                                   ": the archive sends the whole file for each part of it, which it did not at "
                                   "first; open it again, and it is fetched as a whole");
    }
    return fail(std::move(*asked.error).during("broke off " + std::to_string(breaks) + " times"));
  }
  return {};
}

}  // namespace

std::shared_ptr<cache::ByteSource> remembered_source(std::shared_ptr<HttpClient> client, const RemoteFile& file,
                                                     const LearnedFile& learned) {
  if (learned.ranges && learned.size && !is_one_time(learned.version))
    return std::make_shared<RangeSource>(std::move(client), file, learned, /*met=*/false);
  return std::make_shared<SpoolSource>(std::move(client), file, learned);
}

std::shared_ptr<cache::ByteSource> met_source(std::shared_ptr<HttpClient> client, const RemoteFile& file,
                                              const LearnedFile& learned, ByteView head) {
  if (!is_one_time(learned.version))
    return std::make_shared<RangeSource>(std::move(client), file, learned, /*met=*/true);
  if (learned.size == head.size())
    return std::make_shared<SpoolSource>(std::move(client), file, learned,
                                         Download{nullptr, Bytes(head.begin(), head.end())});
  Trail begun;
  begun.add(head);
  return std::make_shared<SpoolSource>(std::move(client), file, learned, std::nullopt, std::move(begun));
}

}  // namespace skymount::vo
