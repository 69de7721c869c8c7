// SPDX-License-Identifier: MIT
//
// A query as a job: made or joined, started, waited for, its result read, and cleared away whatever happened.
// Source: IVOA TAP 1.1 section 2.2 (/async), UWS 1.1.
#include "vo/protocol/tap_answer.h"

namespace skymount::vo {
namespace {

// An unmount allows two seconds for everything, and a caller that left waits for none of it.
constexpr std::chrono::milliseconds kRemoval{1500};

/// Phases in which a job is over, or will not go on by itself.
bool is_over(const std::string& phase) {
  return phase == "ERROR" || phase == "ABORTED" || phase == "ARCHIVED" || phase == "HELD";
}

/// The archive may well have the job still: it only was not heard in time.
bool unheard(Code code) {
  return code == Code::timed_out || code == Code::unavailable;
}

}  // namespace

struct TapService::Job {
  Url url;
  std::string question;
  bool joined = false;
  bool leave = false;  ///< it may go on: somebody will ask again
};

Result<TapService::Job> TapService::begin_job(const UwsService& uws, const TapRequest& request, bool may_join,
                                              const FetchContext& ctx) const {
  Job job{{}, question_of(request), false, false};
  if (request.jobs != nullptr && !request.jobs->open()) return fail(Code::cancelled, "shutting down");
  if (const auto known = may_join && request.jobs != nullptr ? request.jobs->known(job.question) : std::nullopt) {
    job.url = *known;
    job.joined = true;
    if (request.jobs->attended(job.question, job.url, ctx.cause)) return job;
    return fail(Code::cancelled, "shutting down");
  }
  Result<Url> made = uws.create(tap_parameters(request), request.execution_duration, ctx);
  if (!made) return fail(std::move(made).error());
  job.url = std::move(*made);
  const bool kept = request.jobs == nullptr || request.jobs->attended(job.question, job.url, ctx.cause);
  Result<void> started = kept ? uws.start(job.url, ctx) : fail(Code::cancelled, "shutting down");
  if (started) return job;
  settle(uws, job, request);
  return fail(std::move(started).error());
}

Result<TapService::Answer> TapService::collect(const UwsService& uws, Job& job, const TapRequest& request,
                                               const OnMeta& on_meta, const OnRow& on_row,
                                               const FetchContext& ctx) const {
  std::string phase;
  const auto on_phase = [&](const std::string& now) {
    phase = now;
    if (request.jobs != nullptr) request.jobs->phase(job.question, job.url, now);
  };
  const Result<UwsState> state = uws.wait(job.url, on_phase, ctx);
  if (!state) {
    job.leave = !ctx.stopped() && unheard(state.error().code()) && !is_over(phase);
    return fail(state.error());
  }
  if (phase == "ARCHIVED")
    return fail(Code::not_found, "the archive has put away what job " + job.url.redacted() + " found");
  HttpRequest get;
  Result<Url> where = UwsService::result_url(job.url, *state);
  if (!where) return fail(std::move(where).error().during("the result of job " + job.url.redacted()));
  get.url = *where;
  TapAnswerIntake intake(on_meta, on_row);
  const auto sent = http_->send(
      get, [&](const HttpResponse& response) { return intake.header(response); },
      [&](ByteView piece) { return intake.body(piece); }, ctx);
  const std::string what = "the result of job " + job.url.redacted();
  if (!sent && !intake.enough()) {
    job.leave = !ctx.stopped() && unheard(sent.error().code());
    return fail(Error(sent.error()).during(what));
  }
  Result<Answer> answer = intake.finish();
  if (!answer) return fail(std::move(answer).error().during(what));
  return answer;
}

void TapService::settle(const UwsService& uws, const Job& job, const TapRequest& request) const {
  if (job.leave) {
    if (request.jobs != nullptr) request.jobs->left(job.question, job.url);
    return;
  }
  // Not the caller's context: it may have left, which is no reason to leave the archive at work.
  const Result<void> removed = uws.remove(job.url, FetchContext::within(kRemoval, "clearing away a job"));
  if (request.jobs != nullptr) request.jobs->ended(job.question, job.url, removed.has_value());
}

Result<TapService::Answer> TapService::stream_job(const TapRequest& request, const OnMeta& on_meta, const OnRow& on_row,
                                                  const FetchContext& ctx) const {
  Result<Url> list = Url::parse(base_ + "/async");
  if (!list) return fail(std::move(list).error().during("[tap] url"));
  const UwsService uws(http_, *list, pace_);
  for (bool may_join = true;; may_join = false) {
    Result<Job> job = begin_job(uws, request, may_join, ctx);
    if (!job) return fail(std::move(job).error().during("TAP job at " + list->redacted()));
    Result<Answer> answer = collect(uws, *job, request, on_meta, on_row, ctx);
    settle(uws, *job, request);
    if (answer) return answer;
    const Code code = answer.error().code();
    // What was made earlier may be gone by now, or belong to somebody else; then it is made again.
    if (job->joined && (code == Code::not_found || code == Code::denied)) continue;
    // It vanished under our eyes: no missing file, an archive that failed.
    if (code == Code::not_found) return fail(Code::unavailable, answer.error().what());
    return answer;
  }
}

}  // namespace skymount::vo
