// SPDX-License-Identifier: MIT
#include "vo/job_book.h"

#include "cache/base/log.h"
#include "cache/base/record.h"
#include "vo/protocol/dali.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

constexpr std::uint8_t kFormat = 1;
// Deleting takes one small request; so many at once are well within what an archive allows.
constexpr std::size_t kRemovers = 4;
constexpr std::chrono::milliseconds kTidying{2000};

/// A process number that was given away again keeps a job from being deleted by us; then the archive's own destruction
/// time ends it.
bool process_lives(std::int64_t process) {
  return process > 0 && (kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH);
}

}  // namespace

JobBook::JobBook(std::string archive, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
                 const Clock& clock, std::chrono::milliseconds lifetime)
    : archive_(std::move(archive)),
      http_(std::move(http)),
      store_(std::move(store)),
      clock_(clock),
      lifetime_(lifetime) {}

JobBook::~JobBook() {
  end(std::chrono::milliseconds(1500));  // nothing is left when end() was called before
}

std::optional<JobBook::Stored> JobBook::read(std::string question, const cache::MetaStore::Record& record) {
  RecordReader in(record.value);
  const std::uint8_t format = in.u8();
  const std::int64_t process = in.i64();
  const Result<Url> url = Url::parse(in.text());
  if (format != kFormat || !in.ok() || !url) return std::nullopt;
  return Stored{std::move(question), *url, process, record.stored_at};
}

std::vector<JobBook::Stored> JobBook::stored() const {
  std::vector<Stored> out;
  if (!store_) return out;
  const std::string prefix = key("");
  store_->each(Room::jobs, [&](std::string_view key, const cache::MetaStore::Record& record) {
    if (!key.starts_with(prefix)) return true;
    if (auto job = read(std::string(key.substr(prefix.size())), record)) out.push_back(std::move(*job));
    return true;
  });
  return out;
}

std::optional<JobBook::Stored> JobBook::stored(const std::string& question) const {
  const auto record = store_ ? store_->get(Room::jobs, key(question)) : std::nullopt;
  return record ? read(question, *record) : std::nullopt;
}

bool JobBook::open() const {
  return state_.with([](const State& state) { return !state.ending; });
}

std::optional<Url> JobBook::known(const std::string& question) {
  const std::optional<RunningJob> mine = state_.with([&](const State& state) {
    const auto it = state.mine.find(question);
    return it == state.mine.end() ? std::nullopt : std::optional(it->second.shown);
  });
  if (mine && mine->waited_for) return std::nullopt;
  const std::optional<Stored> job = stored(question);
  if (job && worth_joining(job->since) && (job->process == getpid() || !process_lives(job->process))) return job->url;
  return std::nullopt;
}

bool JobBook::attended(const std::string& question, const Url& job, const std::string& cause) {
  const auto before = stored(question);
  const WallTime since = before && before->url == job ? before->since : clock_.now();
  const bool kept = state_.with([&](State& state) {
    if (state.ending) return false;
    Mine& mine = state.mine[question];
    if (mine.shown.url.empty() || !(mine.url == job)) mine = {job, {job.redacted(), "", cause, since, true}};
    mine.shown.cause = cause;
    mine.shown.waited_for = true;
    return true;
  });
  if (!kept || !store_) return kept;
  if (before && before->url == job && before->process == getpid()) return true;
  RecordWriter out;
  out.u8(kFormat);
  out.i64(getpid());
  out.text(job.text());
  // A job that cannot be remembered runs all the same.
  (void)store_->put(Room::jobs, key(question), out.view());
  return true;
}

void JobBook::change(const std::string& question, const Url& job, const std::function<void(RunningJob&)>& how) {
  state_.with([&](State& state) {
    const auto it = state.mine.find(question);
    if (it != state.mine.end() && it->second.url == job) how(it->second.shown);
  });
}

void JobBook::phase(const std::string& question, const Url& job, const std::string& phase) {
  // Of the archive's words only what a phase may be; 20: the longest known has 9 letters.
  change(question, job, [&](RunningJob& shown) { shown.phase = words_of(phase, 20); });
}

void JobBook::left(const std::string& question, const Url& job) {
  change(question, job, [](RunningJob& shown) { shown.waited_for = false; });
}

void JobBook::ended(const std::string& question, const Url& job, bool removed) {
  const bool mine = state_.with([&](State& state) {
    const auto it = state.mine.find(question);
    if (it == state.mine.end() || !(it->second.url == job)) return false;
    state.mine.erase(it);
    return true;
  });
  if (!mine) return;  // end() took it over, or another job for the same question took its place
  if (!removed) log(LogLevel::warning, archive_ + ": a job could not be deleted; the archive will, in its own time");
  if (store_) store_->erase(Room::jobs, key(question));
}

std::vector<RunningJob> JobBook::running() const {
  return state_.with([](const State& state) {
    std::vector<RunningJob> out;
    for (const auto& [question, job] : state.mine) out.push_back(job.shown);
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
    return out;
  });
}

void JobBook::remove_all(const std::vector<std::pair<std::string, Url>>& jobs, const FetchContext& ctx) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size() && !ctx.expired() && !ctx.stopped(); i = next++) {
      const auto& [question, url] = jobs[i];
      const Result<void> removed = UwsService(http_, url).remove(url, ctx);
      if (removed && store_) store_->erase(Room::jobs, key(question));
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(kRemovers, jobs.size()); ++i) threads.emplace_back(work);
  work();
}

void JobBook::tidy(const FetchContext& ctx) {
  std::vector<std::pair<std::string, Url>> old;
  for (const Stored& job : stored()) {
    const bool watched = state_.with([&](const State& state) {
      const auto it = state.mine.find(job.question);
      return it != state.mine.end() && it->second.shown.waited_for;
    });
    const bool others = job.process != getpid() && process_lives(job.process);
    if (!watched && !others && !worth_joining(job.since)) old.emplace_back(job.question, job.url);
  }
  if (old.empty()) return;
  state_.with([&](State& state) {
    for (const auto& [question, url] : old) state.mine.erase(question);
  });
  FetchContext brief = ctx;
  brief.deadline = std::min(ctx.deadline, FetchContext::Steady::now() + kTidying);
  remove_all(old, brief);
}

void JobBook::end(std::chrono::milliseconds budget) {
  std::map<std::string, Url> jobs;
  for (const Stored& job : stored()) {
    if (!process_lives(job.process)) jobs.emplace(job.question, job.url);
  }
  state_.with([&](State& state) {
    state.ending = true;
    for (const auto& [question, job] : state.mine) jobs.insert_or_assign(question, job.url);
    state.mine.clear();
  });
  if (jobs.empty()) return;
  remove_all({jobs.begin(), jobs.end()}, FetchContext::within(budget, "clearing away jobs"));
}

}  // namespace skymount::vo
