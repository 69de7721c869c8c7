// SPDX-License-Identifier: MIT
#include "vo/protocol/tap.h"

#include "vo/protocol/tap_answer.h"

namespace skymount::vo {
namespace {

std::string without_trailing_slashes(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base;
}

}  // namespace

TapService::TapService(std::shared_ptr<HttpClient> http, std::string base, UwsPace pace)
    : http_(std::move(http)), base_(without_trailing_slashes(std::move(base))), pace_(pace) {}

std::string TapService::question_of(const TapRequest& request) const {
  const std::string asker = http_->identity(AskedFor::tap);
  return (asker.empty() ? "" : "for " + asker + "\n") + base_ + "\n" + request.language + "\n" +
         std::to_string(request.maxrec) + "\n" + request.query;
}

Result<TapService::Answer> TapService::stream(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                                              const FetchContext& ctx) const {
  return request.mode == TapMode::async ? stream_job(request, on_meta, on_row, ctx)
                                        : stream_directly(request, on_meta, on_row, ctx);
}

Result<TapService::Answer> TapService::stream_directly(const TapRequest& request, const OnMeta& on_meta,
                                                       const OnRow& on_row, const FetchContext& ctx) const {
  Result<Url> url = Url::parse(base_ + "/sync");
  if (!url) return fail(std::move(url).error().during("[tap] url"));
  HttpRequest post;
  post.method = "POST";
  post.url = *url;
  post.headers.add("Content-Type", "application/x-www-form-urlencoded");
  post.body = form_encode(tap_parameters(request));
  TapAnswerIntake intake(on_meta, on_row);
  const auto sent = http_->send(
      post, [&](const HttpResponse& response) { return intake.header(response); },
      [&](ByteView piece) { return intake.body(piece); }, ctx);
  const std::string where = "TAP query to " + url->redacted();
  if (!sent && !intake.enough()) return fail(sent.error().during(where));
  Result<Answer> answer = intake.finish();
  if (answer) return answer;
  // A missing endpoint is the configuration's mistake, not a missing file.
  if (answer.error().code() == Code::not_found)
    return fail(Error(Code::unavailable, answer.error().what() + "; is [tap] url right?").during(where));
  return fail(std::move(answer).error().during(where));
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
