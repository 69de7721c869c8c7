// SPDX-License-Identifier: MIT
#include "vo/protocol/tap.h"

#include "vo/protocol/dali.h"
#include "vo/votable/reader.h"

#include <optional>

namespace skymount::vo {
namespace {

/// Enough to see whether a body is a VOTable: declarations, comments and a stylesheet instruction may come first.
constexpr std::size_t kHead = 512;

/// Takes one answer apart as it comes: a VOTable goes to the reader, anything else is kept to explain the failure.
class AnswerIntake {
 public:
  AnswerIntake(const TapService::OnMeta& on_meta, const TapService::OnRow& on_row)
      : reader_(
            [this, &on_meta](const TableMeta& meta) -> Result<void> {
              meta_ = meta;
              // An error document may hold a table with rows; they are no answer.
              if (meta.status.kind == QueryStatus::Kind::error) return {};
              return on_meta(meta);
            },
            [this, &on_row](const Row& row) { return take_row(on_row, row); }) {}

  Result<void> header(const HttpResponse& response) {
    status_ = response.status;
    return {};
  }

  Result<void> body(ByteView piece) {
    if (status_ != 200) return keep(piece);
    if (reading_) return reader_.feed(piece);
    if (Result<void> kept = keep(piece); !kept) return kept;
    return reading_ || kept_.size() < kHead ? Result<void>{} : decide();
  }

  Result<TapService::Answer> finish() {
    if (status_ != 200) return fail(refusal(status_, kept_));
    if (!reading_) {
      if (Result<void> read = decide(); !read && !enough_) return fail(read.error());
      if (!reading_ && !enough_) return fail(refusal(status_, kept_));
    }
    if (enough_) return TapService::Answer{meta_.value_or(TableMeta{}), true, {}};
    Result<TableMeta> meta = reader_.finish();
    if (!meta) return fail(std::move(meta).error());
    if (meta->status.kind != QueryStatus::Kind::error) return TapService::Answer{std::move(*meta), false, {}};
    Error error = error_of_status(meta->status.message);
    // DALI 1.1 section 4.4.1: a second QUERY_STATUS behind the table says that the service failed half-way.
    if (!rows_given_) return fail(std::move(error));
    return TapService::Answer{std::move(*meta), false, std::move(error)};
  }

  bool enough() const { return enough_; }

 private:
  Result<void> keep(ByteView piece) {
    const std::size_t room = kErrorBody - std::min(kErrorBody, kept_.size());
    kept_ += as_text(piece.first(std::min(room, piece.size())));
    // With 200 nothing is ever left out: kHead is reached long before kErrorBody, unless one piece is larger than it.
    if (status_ == 200 && piece.size() > room) return decide_with(piece.subspan(room));
    return {};
  }

  Result<void> decide() {
    if (!looks_like_votable(as_bytes(kept_))) return {};
    reading_ = true;
    return reader_.feed(as_bytes(kept_));
  }

  Result<void> decide_with(ByteView rest) {
    if (Result<void> read = decide(); !read) return read;
    return reading_ ? reader_.feed(rest) : Result<void>{};
  }

  Result<void> take_row(const TapService::OnRow& on_row, const Row& row) {
    if (meta_ && meta_->status.kind == QueryStatus::Kind::error) return {};
    rows_given_ = true;
    const Result<TapService::Next> next = on_row(row);
    if (!next) return fail(next.error());
    if (*next == TapService::Next::more) return {};
    enough_ = true;
    return fail(Code::cancelled, "enough rows");
  }

  /// A missing endpoint is the configuration's mistake, not a missing file.
  static Error refusal(int status, std::string_view body) {
    Error error = error_of_answer(status, body);
    if (error.code() != Code::not_found) return error;
    return {Code::unavailable, error.what() + "; is [tap] url right?"};
  }

  int status_ = 0;
  std::string kept_;
  bool reading_ = false, enough_ = false, rows_given_ = false;
  std::optional<TableMeta> meta_;
  VotableReader reader_;
};

std::string without_trailing_slashes(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base;
}

}  // namespace

TapService::TapService(std::shared_ptr<HttpClient> http, std::string base)
    : http_(std::move(http)), base_(without_trailing_slashes(std::move(base))) {}

Result<TapService::Answer> TapService::stream(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                                              const FetchContext& ctx) const {
  Result<Url> url = Url::parse(base_ + "/sync");
  if (!url) return fail(std::move(url).error().during("[tap] url"));
  HttpRequest post;
  post.method = "POST";
  post.url = *url;
  post.headers.add("Content-Type", "application/x-www-form-urlencoded");
  // REQUEST is mandatory in TAP 1.0 and ignored later. No FORMAT: VOTable is every service's default, and the two names
  // of that parameter must not be sent together.
  post.body = form_encode({{"REQUEST", "doQuery"},
                           {"LANG", request.language},
                           {"QUERY", request.query},
                           {"MAXREC", std::to_string(request.maxrec)}});
  AnswerIntake intake(on_meta, on_row);
  const auto sent = http_->send(
      post, [&](const HttpResponse& response) { return intake.header(response); },
      [&](ByteView piece) { return intake.body(piece); }, ctx);
  const std::string where = "TAP query to " + url->redacted();
  if (!sent && !intake.enough()) return fail(sent.error().during(where));
  Result<Answer> answer = intake.finish();
  if (!answer) return fail(std::move(answer).error().during(where));
  return answer;
}

Result<Table> TapService::query(const TapRequest& request, const FetchContext& ctx) const {
  Table table;
  Result<Answer> answer = stream(
      request,
      [&](const TableMeta& meta) -> Result<void> {
        table.meta = meta;
        return {};
      },
      [&](const Row& row) -> Result<Next> {
        table.append(row);
        return Next::more;
      },
      ctx);
  if (!answer) return fail(std::move(answer).error());
  if (answer->fault) return fail(std::move(*answer->fault));
  table.meta = std::move(answer->meta);
  table.meta.row_count = table.size();
  return table;
}

}  // namespace skymount::vo
