// SPDX-License-Identifier: MIT
//
// IVOA UWS 1.1, sections 2.1 (phases) and 2.2 (REST binding).
#include "vo/demo/tap_jobs.h"

#include "vo/demo/services.h"

#include <cstdlib>

namespace skymount::demo {
namespace {

Reply see_other(const std::string& url) {
  Reply reply = Reply::text(303, "see " + url + "\n");
  reply.headers.emplace_back("Location", url);
  return reply;
}

/// Absolute, or the path alone.
std::string jobs_url(const Services& services) {
  const std::string url = services.tap_url() + "/async";
  return services.options.jobs_relative ? url.substr(url.find('/', url.find("://") + 3)) : url;
}

bool is_terminal(const std::string& phase) {
  return phase == "COMPLETED" || phase == "ERROR" || phase == "ABORTED";
}

}  // namespace

std::size_t TapJobs::alive() const {
  std::lock_guard lock(mutex_);
  std::size_t n = 0;
  for (const auto& [id, job] : jobs_) n += job.phase == "ABORTED" ? 0 : 1;
  return n;
}

std::string TapJobs::phase_of(const Job& job) const {
  if (job.phase != "EXECUTING" || Clock::now() < job.ends) return job.phase;
  return job.error.empty() ? "COMPLETED" : "ERROR";
}

void TapJobs::run(Services& services, Job& job) {
  if (job.phase != "PENDING") return;
  job.phase = "EXECUTING";
  job.ends = Clock::now() + services.options.job_duration;
  try {
    if (const auto adql = param(job.params, "QUERY"))
      services.store.query(*adql);
    else
      job.error = "QUERY is missing";
  } catch (const QueryError& error) {
    job.error = error.message;
  }
}

Reply TapJobs::create(Services& services, const Request& request) {
  std::lock_guard lock(mutex_);
  const std::string id = "job" + std::to_string(next_++);
  Job& job = jobs_[id];
  job.params = request.params;
  if (request.param("PHASE") == "RUN" && !services.options.jobs_ignore_run) run(services, job);
  return see_other(jobs_url(services) + "/" + id);
}

Reply TapJobs::document(const Services& services, const std::string& id, const Request& request) {
  std::unique_lock lock(mutex_);
  if (const auto wait = request.param("WAIT")) {
    const int seconds = std::atoi(wait->c_str());
    const auto until = Clock::now() + std::chrono::seconds(seconds < 0 || seconds > 60 ? 60 : seconds);
    const std::string before = request.param("PHASE").value_or(phase_of(jobs_[id]));
    // 20 ms: a job ends by the clock, which notifies nobody.
    while (jobs_.contains(id) && (!request.wanted || request.wanted()) && phase_of(jobs_[id]) == before &&
           !is_terminal(before) && Clock::now() < until) {
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }
  if (!jobs_.contains(id)) return Reply::text(404, "no such job\n");
  const Job& job = jobs_[id];
  const std::string phase = phase_of(job);
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<uws:job xmlns:uws=\"http://www.ivoa.net/xml/UWS/v1.0\" "
      "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\">\n<uws:jobId>" +
      id + "</uws:jobId><uws:ownerId/><uws:phase>" + phase +
      "</uws:phase><uws:executionDuration>60</uws:executionDuration><uws:destruction>2100-01-01T00:00:00Z"
      "</uws:destruction>\n<uws:parameters>";
  for (const auto& [name, value] : job.params) {
    text += "<uws:parameter id=\"" + xml_escaped(name) + "\">" + xml_escaped(value) + "</uws:parameter>";
  }
  text += "</uws:parameters>\n<uws:results>";
  if (phase == "COMPLETED") {
    text += "<uws:result id=\"result\" xlink:href=\"" + jobs_url(services) + "/" + id + "/results/result\"/>";
  }
  text += "</uws:results>\n";
  if (phase == "ERROR") {
    text += "<uws:errorSummary type=\"fatal\" hasDetail=\"true\"><uws:message>" + xml_escaped(job.error) +
            "</uws:message></uws:errorSummary>\n";
  }
  return Reply::text(200, text + "</uws:job>\n", "text/xml");
}

Reply TapJobs::result(const std::shared_ptr<Services>& services, const std::string& id) {
  Fields params;
  {
    std::lock_guard lock(mutex_);
    const std::string phase = phase_of(jobs_[id]);
    // A failed job has a result all the same: the error document, under HTTP 200 (seen with DaCHS).
    if (phase == "ERROR") return Reply::text(200, error_votable(jobs_[id].error), "application/x-votable+xml");
    if (phase != "COMPLETED") return Reply::text(404, "the job has no result: it is " + phase + "\n");
    params = jobs_[id].params;
  }
  return tap_query(services, params);
}

Reply TapJobs::job_answer(const std::shared_ptr<Services>& services, const std::string& id, std::string_view rest,
                          const Request& request) {
  const std::string job_url = jobs_url(*services) + "/" + id;
  const bool post = request.method == "POST";
  if (rest.empty() && (request.method == "DELETE" || (post && request.param("ACTION") == "DELETE"))) {
    std::lock_guard lock(mutex_);
    jobs_.erase(id);
    changed_.notify_all();
    return see_other(jobs_url(*services));
  }
  if (rest.empty() && !post) return document(*services, id, request);
  if (rest == "/results/result") return result(services, id);
  std::lock_guard lock(mutex_);
  Job& job = jobs_[id];
  if (rest == "/phase" && post) {
    const std::string wanted = request.param("PHASE").value_or("");
    if (wanted == "RUN") run(*services, job);
    if (wanted == "ABORT" && !is_terminal(phase_of(job))) job.phase = "ABORTED";
    changed_.notify_all();
    return see_other(job_url);
  }
  if (rest == "/phase") return Reply::text(200, phase_of(job));
  if (rest == "/error") return Reply::text(200, error_votable(job.error), "application/x-votable+xml");
  if (post) {  // parameters, executionduration, destruction: taken
    for (const auto& field : request.params) job.params.push_back(field);
    return see_other(job_url);
  }
  return Reply::text(404, "a job has phase, results/result, error, parameters\n");
}

Reply TapJobs::answer(const std::shared_ptr<Services>& services, const Request& request) {
  std::string_view rest = std::string_view(request.path).substr(std::string_view("/tap/async").size());
  if (rest.empty() || rest == "/") {
    if (request.method == "POST") return create(*services, request);
    return Reply::text(200, "<jobs xmlns=\"http://www.ivoa.net/xml/UWS/v1.0\" version=\"1.1\"/>\n", "text/xml");
  }
  rest.remove_prefix(1);
  const std::string id(rest.substr(0, rest.find('/')));
  rest.remove_prefix(id.size());
  {
    std::lock_guard lock(mutex_);
    if (!jobs_.contains(id)) return Reply::text(404, "no such job\n");
  }
  return job_answer(services, id, rest, request);
}

}  // namespace skymount::demo
