// SPDX-License-Identifier: MIT
//
// The sequence, and its first half: how to get to the archive at all. What the archive then answers is in
// checkup_tap.cc and checkup_data.cc.
#include "vo/checkup.h"

#include "vo/archive_client.h"
#include "vo/checkup_run.h"
#include "vo/http/curl_probe.h"
#include "vo/http/retry.h"

#include <algorithm>

namespace skymount::vo {
namespace {

using Steady = FetchContext::Steady;

std::chrono::milliseconds since(Steady::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
}

/// As a mount asks, but without second tries: a fault that goes away at the second try is what a check should show.
ArchiveClient client_for(const ArchiveOptions& archive, const Clock& clock, const CheckupOptions& options) {
  HttpOptions http = archive.http;
  http.connect = std::min(http.connect, options.step);
  http.first_byte = std::min(http.first_byte, options.step);
  http.stall = std::min(http.stall, options.step);
  RetryPolicy once;
  once.tries = 1;
  once.breaker.failures = kMostCheckRequests + 1;  // each step is to say its own reason
  return make_archive_client(archive, http, once, clock);
}

std::string milliseconds(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

CheckStep dns_step(const Url& url, const ConnectionProbe& probe) {
  using Failed = ConnectionProbe::Failed;
  CheckStep out{"dns", Verdict::ok, {}, {}, probe.name, 0};
  const std::string host = probe.proxy.empty() ? url.host() : "the proxy " + probe.proxy;
  if (probe.failed == Failed::name) {
    out.verdict = Verdict::bad;
    out.words = host + ": " + probe.why;
    out.advice = "is the name in [tap] url right, and is this machine on the network? Try: getent hosts " + url.host();
  } else {
    out.words = host + " is " + (probe.address.empty() ? "known" : probe.address);
  }
  return out;
}

CheckStep connect_step(const Url& url, const ConnectionProbe& probe) {
  using Failed = ConnectionProbe::Failed;
  CheckStep out{"connect", Verdict::ok, {}, {}, probe.connect, 0};
  const std::string where = (probe.proxy.empty() ? url.origin() : "the proxy " + probe.proxy);
  if (probe.failed == Failed::name) {
    out.verdict = Verdict::skipped;
    out.words = "its name is not known";
  } else if (probe.failed == Failed::connect) {
    out.verdict = Verdict::bad;
    out.words = where + ": " + probe.why;
    const bool forbidden = probe.why.find("private address") != std::string::npos;
    out.advice = forbidden ? "if it is yours, set allow_private = true under [network] in your own configuration file"
                           : "the archive is down, its port is wrong, or a firewall is in between; behind a proxy set "
                             "[proxy] url in ~/.config/skymount/skymount.toml";
  } else {
    out.words = "a connection to " + where + " in " + milliseconds(probe.connect);
  }
  return out;
}

CheckStep tls_step(const ConnectionProbe& probe, WallTime now) {
  using Failed = ConnectionProbe::Failed;
  CheckStep out{"tls", Verdict::ok, {}, {}, probe.tls, 0};
  if (!probe.encrypted) {
    out.verdict = Verdict::skipped;
    out.words = "plain http: what is read is neither secret nor protected from changes on its way";
    out.advice = "try https:// in [tap] url";
  } else if (probe.failed == Failed::tls) {
    out.verdict = Verdict::bad;
    out.words = probe.why;
    out.advice =
        "the certificate is not one that this machine trusts; if it is the archive's own, put its authority into a "
        "file and name it: [tls] ca in ~/.config/skymount/skymount.toml";
  } else if (probe.failed != Failed::nothing) {
    out.verdict = Verdict::skipped;
    out.words = "there is no connection";
  } else {
    out.words = "the certificate is trusted";
    if (probe.certificate_ends) {
      const auto left = std::chrono::seconds(*probe.certificate_ends) - now.time_since_epoch();
      const auto days = std::chrono::duration_cast<std::chrono::days>(left).count();
      out.words += " and good for " + std::to_string(days) + " days";
      if (days < 14) {  // two weeks: automatic renewals happen a month before the end
        out.verdict = Verdict::warn;
        out.advice = "it ends soon: tell the archive";
      }
    }
  }
  return out;
}

void check_connection(Checkup& run) {
  const Result<Url> url = Url::parse(run.archive.tap.url);
  if (!url) {
    run.blocked = "[tap] url cannot be asked";
    run.add(
        {"dns", Verdict::bad, "[tap] url: " + url.error().what(), "correct it in " + run.archive.config_file, {}, 0});
    run.add({"connect", Verdict::skipped, run.blocked, {}, {}, 0});
    run.add({"tls", Verdict::skipped, run.blocked, {}, {}, 0});
    return;
  }
  const ConnectionProbe probe =
      probe_connection(*url, run.archive.http, std::min(run.archive.limits.connect, run.options.step));
  run.add(dns_step(*url, probe));
  run.add(connect_step(*url, probe));
  run.add(tls_step(probe, run.clock.now()));
  if (probe.failed != ConnectionProbe::Failed::nothing) run.blocked = "there is no connection to the archive";
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::warn: return "warn";
    case Verdict::bad: return "not well";
    case Verdict::skipped: return "skipped";
  }
  return "";
}

bool is_well(const std::vector<CheckStep>& steps) {
  return std::none_of(steps.begin(), steps.end(), [](const CheckStep& step) { return step.verdict == Verdict::bad; });
}

Result<HttpResponse> CheckedClient::send(const HttpRequest& request, const OnHeader& on_header, const OnBody& on_body,
                                         const FetchContext& ctx) {
  {
    std::lock_guard lock(mutex_);
    if (requests_ == kMostCheckRequests)
      return fail(Code::unavailable, "a check asks no more than " + std::to_string(kMostCheckRequests) + " times");
    ++requests_;
  }
  const auto header = [&](const HttpResponse& response) -> Result<void> {
    note_date(response);
    return on_header ? on_header(response) : Result<void>{};
  };
  return http_->send(request, header, on_body, ctx);
}

void CheckedClient::note_date(const HttpResponse& response) {
  const auto date = parse_http_date(response.headers.get("Date").value_or(""));
  if (!date) return;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  std::lock_guard lock(mutex_);
  skew_s_ = *date - now;
}

unsigned CheckedClient::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::optional<std::int64_t> CheckedClient::skew_s() const {
  std::lock_guard lock(mutex_);
  return skew_s_;
}

Checkup::Checkup(const ArchiveOptions& given, const Clock& the_clock, const CheckupOptions& the_options)
    : clock(the_clock), options(the_options), archive(given) {
  ArchiveClient client = client_for(given, the_clock, the_options);
  http = std::make_shared<CheckedClient>(std::move(client.http), the_clock);
  credential = std::move(client.credential);
}

void Checkup::add(CheckStep step) {
  if (options.on_step) options.on_step(step);
  steps.push_back(std::move(step));
}

void Checkup::run(const char* name, const std::function<CheckStep(Checkup&)>& step) {
  CheckStep out;
  if (blocked.empty()) {
    const Steady::time_point begin = Steady::now();
    const unsigned before = http->requests();
    out = step(*this);
    out.took = since(begin);
    out.requests = http->requests() - before;
    if (out.verdict == Verdict::ok && out.requests > 0 && out.took > options.slow_after) {
      out.verdict = Verdict::warn;
      out.words += "; slow, " + milliseconds(out.took);
      out.advice = "raise the times under [limits] if folders end in \"Connection timed out\"";
    }
  } else {
    out.verdict = Verdict::skipped;
    out.words = blocked;
  }
  out.name = name;
  add(std::move(out));
}

CheckStep failed_step(const Error& error, std::string advice) {
  CheckStep out;
  out.verdict = Verdict::bad;
  out.words = error.what();
  switch (error.code()) {
    case Code::timed_out:
      out.advice = "the archive is overloaded or this question is too hard for it; try again later";
      break;
    case Code::unavailable: out.advice = "the archive has a problem of its own just now; try again later"; break;
    case Code::denied:
      out.advice = "the archive wants to know who asks: describe how in [auth], then run skymount login NAME";
      break;
    default: out.advice = std::move(advice); break;
  }
  return out;
}

std::vector<CheckStep> check_archive(const ArchiveOptions& archive, const Clock& clock, const CheckupOptions& options) {
  Checkup run(archive, clock, options);
  check_connection(run);
  run.run("tap", check_tap);
  run.run("obscore", check_obscore);
  run.run("maxrec", check_maxrec);
  run.run("geometry", check_geometry);
  run.run("links", check_links);
  run.run("batch", check_batch);
  run.run("auth", check_auth);
  run.run("ranges", check_ranges);
  run.run("clock", check_clock);
  if (archive.routes.empty()) {
    run.add({"routes", Verdict::skipped, "there are none", {}, {}, 0});
    return std::move(run.steps);
  }
  if (run.only_routes) run.blocked.clear();
  run.run("routes", check_routes_of);
  return std::move(run.steps);
}

}  // namespace skymount::vo
