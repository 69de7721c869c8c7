// SPDX-License-Identifier: MIT
#include "vo/protocol/tap_answer.h"

namespace skymount::vo {
namespace {

/// Enough to see whether a body is a VOTable: declarations, comments and a stylesheet instruction may come first.
constexpr std::size_t kHead = 512;
/// Text and tags of one row: some thousand columns, or a few footprints of a million numbers. Several answers may come
/// at once, and each holds a row twice while it is read.
constexpr std::uint64_t kLongestRow = 16'000'000;

}  // namespace

TapAnswerIntake::TapAnswerIntake(const TapService::OnMeta& on_meta, const TapService::OnRow& on_row)
    : reader_(
          [this, &on_meta](const TableMeta& meta) -> Result<void> {
            meta_ = meta;
            // An error document may hold a table with rows; they are no answer.
            if (meta.status.kind == QueryStatus::Kind::error) return {};
            return on_meta(meta);
          },
          [this, &on_row](const Row& row) { return take_row(on_row, row); }, {.row_bytes = kLongestRow}) {}

Result<void> TapAnswerIntake::header(const HttpResponse& response) {
  response_ = response;
  return {};
}

Result<void> TapAnswerIntake::body(ByteView piece) {
  if (response_.status != 200) return keep(piece);
  if (reading_) return reader_.feed(piece);
  if (Result<void> kept = keep(piece); !kept) return kept;
  return reading_ || kept_.size() < kHead ? Result<void>{} : decide();
}

Result<TapService::Answer> TapAnswerIntake::finish() {
  Result<TapService::Answer> answer = ended();
  if (answer) answer->asked_without = response_.about_credential;
  return answer;
}

Result<TapService::Answer> TapAnswerIntake::ended() {
  if (response_.status != 200) return fail(error_of_answer(response_, kept_));
  if (!reading_) {
    if (Result<void> read = decide(); !read && !enough_) return fail(read.error());
    if (!reading_ && !enough_) return fail(error_of_answer(response_, kept_));
  }
  if (enough_) return TapService::Answer{meta_.value_or(TableMeta{}), true, {}};
  Result<TableMeta> meta = reader_.finish();
  if (!meta) return fail(std::move(meta).error());
  if (meta_ && meta_->status.kind == QueryStatus::Kind::error && meta->status.kind != QueryStatus::Kind::error) {
    // First ERROR, then another word: the rows between were not believed, so this is no answer.
    const std::string& first = meta_->status.message;
    return fail(error_of_status(first.empty() ? meta->status.message : first));
  }
  if (meta->status.kind != QueryStatus::Kind::error) return TapService::Answer{std::move(*meta), false, {}};
  Error error = error_of_status(meta->status.message);
  // DALI 1.1 section 4.4.1: a second QUERY_STATUS behind the table says that the service failed half-way.
  if (!rows_given_) return fail(std::move(error));
  return TapService::Answer{std::move(*meta), false, std::move(error)};
}

Result<void> TapAnswerIntake::keep(ByteView piece) {
  const std::size_t room = kErrorBody - std::min(kErrorBody, kept_.size());
  kept_ += as_text(piece.first(std::min(room, piece.size())));
  // With 200 nothing is ever left out: kHead is reached long before kErrorBody, unless one piece is larger than it.
  if (response_.status == 200 && piece.size() > room) return decide_with(piece.subspan(room));
  return {};
}

Result<void> TapAnswerIntake::decide() {
  if (!looks_like_votable(as_bytes(kept_))) return {};
  reading_ = true;
  return reader_.feed(as_bytes(kept_));
}

Result<void> TapAnswerIntake::decide_with(ByteView rest) {
  if (Result<void> read = decide(); !read) return read;
  return reading_ ? reader_.feed(rest) : Result<void>{};
}

Result<void> TapAnswerIntake::take_row(const TapService::OnRow& on_row, const Row& row) {
  if (meta_ && meta_->status.kind == QueryStatus::Kind::error) return {};
  rows_given_ = true;
  const Result<TapService::Next> next = on_row(row);
  if (!next) return fail(next.error());
  if (*next == TapService::Next::more) return {};
  enough_ = true;
  return fail(Code::cancelled, "enough rows");
}

std::vector<std::pair<std::string, std::string>> tap_parameters(const TapRequest& request) {
  // REQUEST is mandatory in TAP 1.0 and ignored later. No FORMAT: VOTable is every service's default, and the two names
  // of that parameter must not be sent together.
  return {{"REQUEST", "doQuery"},
          {"LANG", request.language},
          {"QUERY", request.query},
          {"MAXREC", std::to_string(request.maxrec)}};
}

}  // namespace skymount::vo
