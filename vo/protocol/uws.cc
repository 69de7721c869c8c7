// SPDX-License-Identifier: MIT
#include "vo/protocol/uws.h"

#include "vo/protocol/dali.h"
#include "vo/votable/small_xml.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

namespace skymount::vo {
namespace {

/// Sleeps; false when the caller's time is up or it has left.
bool pause(std::chrono::milliseconds length, const FetchContext& ctx) {
  std::mutex mutex;
  std::condition_variable_any nobody_calls;
  std::unique_lock lock(mutex);
  const auto until = std::min(FetchContext::Steady::now() + length, ctx.deadline);
  nobody_calls.wait_until(lock, ctx.stop, until, [] { return false; });
  return !ctx.stopped() && !ctx.expired();
}

Error out_of_time(const Url& job, const FetchContext& ctx) {
  if (ctx.stopped()) return {Code::cancelled, "nobody waits for job " + job.redacted()};
  return {Code::timed_out, "job " + job.redacted() + " still runs"};
}

/// A job's URL with something below it, whatever the slash at its end.
Result<Url> below_job(const Url& job, const std::string& what) {
  std::string base = job.origin() + job.path();
  while (base.ends_with('/')) base.pop_back();
  return Url::parse(base + "/" + what);
}

}  // namespace

Result<UwsState> parse_job(std::string_view document) {
  Result<XmlTree> tree = parse_small_xml(document);
  if (!tree) return fail(std::move(tree).error().during("a job document"));
  const XmlElement job = tree->root();
  const XmlElement phase = child_of(job, "phase");
  if (job.name() != "job" || !phase) return fail(Code::corrupt, "the answer is no job document (UWS)");
  UwsState state;
  state.phase = phase.text();
  std::transform(state.phase.begin(), state.phase.end(), state.phase.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  static constexpr std::array<std::string_view, 10> kPhases = {
      "PENDING", "QUEUED", "EXECUTING", "COMPLETED", "ERROR", "UNKNOWN", "HELD", "SUSPENDED", "ABORTED", "ARCHIVED"};
  if (std::find(kPhases.begin(), kPhases.end(), state.phase) == kPhases.end())  // UWS 1.1 section 2.1.3
    return fail(Code::corrupt, "the job's phase is \"" + words_of(state.phase) + "\", which is none (UWS)");
  state.version = job.attribute("version").value_or("1.0");
  if (const XmlElement results = child_of(job, "results")) {
    for (XmlElement result = results.first_child(); result; result = result.next_sibling()) {
      if (result.name() != "result") continue;
      // Some services write the address as the element's text.
      std::string href = result.attribute("href").value_or(result.text());
      if (!href.empty()) state.results.push_back({result.text_of("id"), std::move(href)});
    }
  }
  if (const XmlElement error = child_of(job, "errorSummary")) {
    if (const XmlElement message = child_of(error, "message")) state.error_message = message.text();
    state.error_transient = error.text_of("type") == "transient";
  }
  return state;
}

UwsService::UwsService(std::shared_ptr<HttpClient> http, Url list, UwsPace pace)
    : http_(std::move(http)), list_(std::move(list)), pace_(pace) {}

Result<HttpClient::Whole> UwsService::post(const Url& url, const Parameters& parameters,
                                           const FetchContext& ctx) const {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = form_encode(parameters);
  Result<HttpClient::Whole> answer = http_->get_whole(std::move(request), ctx);
  if (!answer) return fail(std::move(answer).error().during(url.redacted()));
  const int status = answer->response.status;
  if (status == 405 || status == 501)
    return fail(Code::unsupported,
                url.redacted() + ": HTTP " + std::to_string(status) + ", nothing takes a POST there");
  if (status >= 400) return fail(error_of_answer(answer->response, answer->body).during(url.redacted()));
  return answer;
}

Result<Url> UwsService::create(const Parameters& parameters, std::chrono::seconds execution_duration,
                               const FetchContext& ctx) const {
  Result<HttpClient::Whole> made = post(list_, parameters, ctx);
  if (!made && made.error().code() == Code::not_found)
    return fail(Error(Code::unsupported, made.error().what()).during("making a job"));
  if (!made) return fail(std::move(made).error().during("making a job"));
  Url job = made->response.final_url;  // the redirect was followed
  // 201 and 200 with a Location are met where the standard has 303.
  if (const auto location = made->response.headers.get("Location")) {
    Result<Url> resolved = job.resolve(*location);
    if (!resolved) return fail(std::move(resolved).error().during("the new job's address"));
    job = std::move(*resolved);
  }
  if (job == list_) {
    return fail(Code::corrupt, list_.redacted() + " does not say where the new job is: " + first_words(made->body));
  }
  if (execution_duration.count() > 0) {
    Result<Url> limit = below_job(job, "executionduration");
    // A service may refuse to change its limit; the job then runs under the service's own.
    if (limit) (void)post(*limit, {{"EXECUTIONDURATION", std::to_string(execution_duration.count())}}, ctx);
  }
  return job;
}

Result<void> UwsService::start(const Url& job, const FetchContext& ctx) const {
  Result<Url> phase = below_job(job, "phase");
  if (!phase) return fail(std::move(phase).error());
  Result<HttpClient::Whole> answer = post(*phase, {{"PHASE", "RUN"}}, ctx);
  if (!answer) return fail(std::move(answer).error().during("starting a job"));
  return {};
}

Result<UwsState> UwsService::ask(const Url& job, const std::string& phase, bool with_wait,
                                 const FetchContext& ctx) const {
  HttpRequest request;
  request.url = job;
  if (with_wait) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(ctx.deadline - FetchContext::Steady::now());
    const auto seconds = std::clamp(left, std::chrono::seconds(1), pace_.wait);
    // PHASE: the answer comes at once when the phase is another one by now.
    request.url = job.with_parameters({{"WAIT", std::to_string(seconds.count())}, {"PHASE", phase}});
  }
  Result<HttpClient::Whole> answer = http_->get_whole(std::move(request), ctx);
  if (!answer) return fail(std::move(answer).error().during("job " + job.redacted()));
  const int status = answer->response.status;
  if (status == 404 || status == 410) return fail(Code::not_found, "job " + job.redacted() + " is gone at the archive");
  if (status >= 400) return fail(error_of_answer(answer->response, answer->body).during("job " + job.redacted()));
  Result<UwsState> state = parse_job(answer->body);
  if (!state) return fail(std::move(state).error().during("job " + job.redacted()));
  return state;
}

Result<Error> UwsService::words_of_failure(const Url& job, const UwsState& state, const FetchContext& ctx) const {
  if (state.phase == "ABORTED") return Error(Code::unavailable, "the archive aborted job " + job.redacted());
  std::string words = state.error_message;
  if (words.empty()) {
    // The document under /error comes with 200: a VOTable or text.
    Result<Url> url = below_job(job, "error");
    HttpRequest request;
    if (url) request.url = *url;
    if (Result<HttpClient::Whole> answer = http_->get_whole(std::move(request), ctx)) {
      return error_of_answer(400, answer->body);
    }
  }
  Error error = error_of_status(words);
  if (state.error_transient && error.code() == Code::invalid) return Error(Code::unavailable, error.what());
  return error;
}

Result<UwsState> UwsService::wait(const Url& job, const OnPhase& on_phase, const FetchContext& ctx) const {
  std::string phase;
  bool knows_wait = false, released = false, waited_in_vain = false;
  std::chrono::milliseconds delay = pace_.first_poll;
  for (;;) {
    const bool waits =
        knows_wait && !waited_in_vain && (phase == "PENDING" || phase == "QUEUED" || phase == "EXECUTING");
    const auto asked_at = FetchContext::Steady::now();
    Result<UwsState> state = ask(job, phase, waits, ctx);
    if (!state) return fail(std::move(state).error());
    const bool changed = state->phase != phase;
    phase = state->phase;
    if (changed) on_phase(phase);
    if (phase == "COMPLETED" || phase == "ARCHIVED") return state;
    if (state->terminal()) {
      Result<Error> words = words_of_failure(job, *state, ctx);
      if (!words) return fail(std::move(words).error());
      return fail(std::move(*words).during("job " + job.redacted()));
    }
    if (phase == "HELD" || (phase == "PENDING" && !changed)) {
      // HELD waits for a second start (UWS 1.1 section 2.1.3); some services forget the first one.
      if (released && phase == "HELD" && !changed)
        return fail(Code::unavailable, "the archive holds job " + job.redacted());
      if (Result<void> started = start(job, ctx); !started) return fail(std::move(started).error());
      released = true;
    }
    knows_wait = pace_.wait.count() > 0 && state->version.starts_with("1.") && state->version != "1.0";
    // One WAIT a phase (see UwsPace), then plain looks with pauses between. Most of a second passed in it: those who
    // waited that long need not pause, too; a WAIT that was answered at once with nothing new is no WAIT.
    waited_in_vain = !changed && (waits || waited_in_vain);
    if (changed && knows_wait) continue;
    if (waits && FetchContext::Steady::now() - asked_at > std::chrono::milliseconds(500)) continue;
    if (!pause(delay, ctx)) return fail(out_of_time(job, ctx));
    delay = std::min(delay * 6 / 5, pace_.longest_poll);
  }
}

Result<Url> UwsService::result_url(const Url& job, const UwsState& state) {
  if (state.results.empty()) return below_job(job, "results/result");
  const auto named = std::find_if(state.results.begin(), state.results.end(),
                                  [](const UwsState::Result& result) { return result.id == "result"; });
  return job.resolve(named == state.results.end() ? state.results.front().href : named->href);
}

/// Of the answer alone: it redirects to the list of all jobs, which may be long or forbidden, and is not read. 303
/// then.
Result<int> UwsService::status_of_delete(const Url& job, const FetchContext& ctx) const {
  HttpRequest request;
  request.method = "DELETE";
  request.url = job;
  int status = 0;
  const auto on_header = [&](const HttpResponse& response) -> Result<void> {
    status = response.final_url == job ? response.status : 303;
    return fail(Code::cancelled, "not read");
  };
  const Result<HttpResponse> answer = http_->send(request, on_header, {}, ctx);
  if (status == 0) return fail(Error(answer.error()).during("deleting job " + job.redacted()));
  return status;
}

Result<void> UwsService::remove(const Url& job, const FetchContext& ctx) const {
  const Result<int> status = status_of_delete(job, ctx);
  if (!status) return fail(status.error());
  // 404: it has gone, which is what was wanted. 405 and 501: some proxies let no DELETE through, for which the standard
  // has a POST.
  if (*status < 400 || *status == 404 || *status == 410) return {};
  if (*status != 405 && *status != 501)
    return fail(error_of_answer(*status, "").during("deleting job " + job.redacted()));
  Result<HttpClient::Whole> posted = post(job, {{"ACTION", "DELETE"}}, ctx);
  if (!posted && posted.error().code() != Code::not_found) return fail(std::move(posted).error());
  return {};
}

}  // namespace skymount::vo
