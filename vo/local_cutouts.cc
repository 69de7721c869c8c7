// SPDX-License-Identifier: MIT
#include "vo/local_cutouts.h"

#include "cache/base/log.h"
#include "cache/content_id.h"
#include "vo/derived_files.h"
#include "vo/fits/cutout_source.h"
#include "vo/fits/unpacked.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

namespace skymount::vo {
namespace {

constexpr std::string_view kMadeHere = "made here ";

/// What a cutout depends on: the original's version, what is cut, and how we write it.
std::string depends_on(const Entry& entry, const cache::ContentId& original) {
  return std::string(kMadeHere) +
         cache::hash_hex(original.hex() + "\n" + entry.local->spec.canonical + "\n" + SKYMOUNT_VERSION) + " ";
}

// A cutout of which it is worth a request to know that it is one.
constexpr std::uint64_t kSuspicious = 1_MiB;

std::string date_of(WallTime now) {
  constexpr double kUnixEpochMjd = 40587, kMillisecondsOfDay = 86'400'000;
  const double mjd = kUnixEpochMjd + static_cast<double>(now.time_since_epoch().count()) / kMillisecondsOfDay;
  return mjd_to_iso(mjd).substr(0, 19) + "Z";
}

/// A service's failure after which it is tried here. Not when the answer would be too much.
bool leaves_it_to_us(Code code) {
  return code != Code::cancelled && code != Code::too_large && code != Code::no_space;
}

}  // namespace

bool is_made_here(std::string_view version) {
  return version.starts_with(kMadeHere);
}

Result<std::shared_ptr<cache::ContentReader>> open_original(const OpensFiles& files, FileRecords& records,
                                                            const Entry& of, const FetchContext& ctx,
                                                            const Renew& renew) {
  const bool dated = records.shows_last_modified(of.identity);
  auto reader = files.open(of, ctx, renew);
  if (reader && !dated) records.keep_date(of.identity, (*reader)->id().version);
  return reader;
}

LocalCutouts::LocalCutouts(std::string archive, Lifetimes ttl, std::uint64_t max_bytes,
                           std::shared_ptr<Workers> workers, std::shared_ptr<Knowledge> knowledge,
                           cache::BlockCache& blocks, const Clock& clock, OpensFiles files)
    : archive_(std::move(archive)),
      ttl_(ttl),
      max_bytes_(max_bytes),
      workers_(std::move(workers)),
      knowledge_(std::move(knowledge)),
      blocks_(blocks),
      clock_(clock),
      files_(std::move(files)),
      services_(ttl.negative, clock) {}

/// Without a service as long as the original is looked at; with one until that is worth another try.
std::optional<FileRecord> LocalCutouts::made_before(const Entry& entry) const {
  std::optional<FileRecord> record = knowledge_->records.get(entry.identity);
  if (!record || record->withdrawn || !is_made_here(record->learned.version) || !record->learned.size)
    return std::nullopt;
  const auto lifetime = entry.service ? std::min(ttl_.negative, ttl_.links) : ttl_.links;
  if (clock_.now() - record->learned_at >= lifetime) return std::nullopt;
  return record;
}

/// Services that do not understand an order send all they have. Told by the size of the original; that is asked for
/// only when the answer is about as long as the original is said to be, or long and nobody says.
bool LocalCutouts::is_whole_file(const Entry& entry, const cache::ContentReader& served, const FetchContext& ctx,
                                 const Renew& renew) {
  const auto same = [&](const std::string& identity) {
    const std::optional<FileRecord> original = knowledge_->records.get(identity);
    return original && original->learned.size == served.size();
  };
  const std::vector<std::string>& wholes = entry.local->wholes;
  if (std::any_of(wholes.begin(), wholes.end(), same)) return true;
  const Entry& of = entry.local->of;
  const std::optional<FileRecord> known = knowledge_->records.get(of.identity);
  if ((known && known->learned.size) || served.size() < of.size_estimate.value_or(kSuspicious) / 10 * 9) return false;
  const Result<Reader> original = open_original(files_, knowledge_->records, of, ctx, renew);
  return original && (*original)->size() == served.size();
}

Result<LocalCutouts::Reader> LocalCutouts::open(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
  if (!entry.service || made_before(entry)) return make(entry, ctx, renew);
  const std::optional<Error> failed = workers_ ? services_.failure(*entry.service) : std::nullopt;
  if (!failed) return ask_service(entry, ctx, renew);
  if (Reader kept = files_.open_in_memory(entry, {})) return kept;  // it worked for this one before
  Result<Reader> made = make(entry, ctx, renew);
  // It may be able to do what nobody can do here.
  return !made && made.error().code() == Code::unsupported ? ask_service(entry, ctx, renew) : made;
}

Result<LocalCutouts::Reader> LocalCutouts::ask_service(const Entry& entry, const FetchContext& ctx,
                                                       const Renew& renew) {
  Hedged first = serve_or_make(entry, ctx, renew);
  if (first.made) {
    services_.failed(*entry.service, Error(Code::timed_out, "it did not answer in half of the time that there was"));
    return first.made;
  }
  if (!first.served) {
    const Error why = first.served.error();
    const bool its_own = why.code() != Code::timed_out || !ctx.expired();
    if (why.code() == Code::timed_out) services_.failed(*entry.service, why);
    if (!its_own || !leaves_it_to_us(why.code())) return fail(why);
    return make_instead(entry, why, ctx, renew);
  }
  const Result<void> good = check_served(entry, *first.served, ctx, renew);
  if (good) {
    services_.worked(*entry.service);
    return first.served;
  }
  if (ctx.stopped() || ctx.expired()) return fail(good.error());
  // What is no cutout of this is never shown as one.
  const cache::ContentId id = (*first.served)->id();
  first.served = fail(good.error());
  knowledge_->records.withdraw(entry.identity, id.version);
  knowledge_->readers->disown(id);
  blocks_.drop(id);
  return make_instead(entry, good.error(), ctx, renew);
}

/// The service's answer; or the cutout as it was made here, when that was there first and the service had half of the
/// time for itself alone. Then its answer is given up.
LocalCutouts::Hedged LocalCutouts::serve_or_make(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
  const auto now = FetchContext::Steady::now();
  // Nobody waits for ever: a year of time is none.
  const bool bounded = ctx.deadline < now + std::chrono::hours(24);
  if (!workers_ || !bounded) return {files_.open(entry, ctx, {}), nullptr};
  std::stop_source asking;
  FetchContext own = ctx;
  own.stop = asking.get_token();
  Reader made;
  std::jthread meanwhile([&, half = now + (ctx.deadline - now) / 2](const std::stop_token& over) {
    std::mutex mutex;
    std::condition_variable_any bell;
    std::unique_lock lock(mutex);
    bell.wait_until(lock, over, half, [] { return false; });
    if (over.stop_requested()) return;
    FetchContext here = ctx;
    here.stop = over;
    Result<Reader> result = make_guarded(entry, here, renew);
    if (!result) return;
    made = std::move(*result);
    asking.request_stop();
  });
  const std::stop_callback interrupted(ctx.stop, [&] {
    meanwhile.request_stop();
    asking.request_stop();
  });
  Result<Reader> served = files_.open(entry, own, {});
  meanwhile.request_stop();
  meanwhile.join();
  if (served) made.reset();
  return {std::move(served), std::move(made)};
}

/// A thread's end: nothing may come out of it but a value.
Result<LocalCutouts::Reader> LocalCutouts::make_guarded(const Entry& entry, const FetchContext& ctx,
                                                        const Renew& renew) {
  try {
    return make(entry, ctx, renew);
  } catch (const std::exception& e) {
    return fail(Code::unavailable, std::string("the cutout could not be made here: ") + e.what());
  }
}

Result<void> LocalCutouts::check_served(const Entry& entry, const Reader& served, const FetchContext& ctx,
                                        const Renew& renew) {
  if (Result<void> good = can_be_a_cutout(*served, ctx); !good) return good;
  if (is_whole_file(entry, *served, ctx, renew))
    return fail(Code::corrupt, "the service sent the whole file in the place of a part");
  return {};
}

/// After the service failed at it.
Result<LocalCutouts::Reader> LocalCutouts::make_instead(const Entry& entry, const Error& why, const FetchContext& ctx,
                                                        const Renew& renew) {
  if (is_failure_of_the_service(why.code())) services_.failed(*entry.service, why);
  Result<Reader> made = make(entry, ctx, renew);
  if (made) {
    if (why.code() == Code::no_data) services_.failed(*entry.service, why);  // the field lies in the image
    if (why.code() == Code::invalid) services_.refused(*entry.service, why);
    log(LogLevel::info, archive_ + ": " + entry.name + " is made here: " + why.what());
    return made;
  }
  // Outside of the image is outside, whoever says so; else the archive's own words come first.
  if (made.error().code() == Code::no_data || why.code() == Code::no_data)
    return fail(Code::no_data, made.error().code() == Code::no_data ? made.error().what() : why.what());
  return fail(why.code(), why.what() + "; nor can it be made here: " + made.error().what());
}

LocalCutouts::Reader LocalCutouts::open_in_memory(const Entry& entry, const Renew& renew) {
  const std::optional<FileRecord> record = made_before(entry);
  if (!record) return entry.service ? files_.open_in_memory(entry, {}) : nullptr;
  Reader original = files_.open_in_memory(entry.local->of, renew);
  // Whether it is compressed is remembered as part of what was made of it.
  if (knowledge_->records.get(unpacked_entry_of(entry.local->of).identity))
    original = files_.open_in_memory(unpacked_entry_of(entry.local->of), renew);
  const std::string& version = record->learned.version;
  if (!original || !version.starts_with(depends_on(entry, original->id()))) return nullptr;
  const auto plan = plans_.with([&](auto& plans) {
    const auto* found = plans.get(entry.identity + "\n" + version);
    return found == nullptr ? nullptr : *found;
  });
  return plan ? reader_of(entry, version, plan, original) : nullptr;
}

/// The file itself, or what is compressed in it: rows can only be told apart once all before them are unpacked.
Result<LocalCutouts::Reader> LocalCutouts::inside(const Entry& of, const Reader& file, const FetchContext& ctx,
                                                  const Renew& renew) {
  const Result<SharedBytes> head = file->read_alone({0, 3}, ctx);
  if (!head) return fail(head.error());
  if (packing_of(head->view()) == Packing::none) return file;
  return files_.open(unpacked_entry_of(of), ctx, renew);
}

Result<LocalCutouts::Reader> LocalCutouts::make(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
  if (!workers_) return fail(Code::unsupported, "cutouts are not made on this machine");
  const LocalCut& cut = *entry.local;
  Result<Reader> original = open_original(files_, knowledge_->records, cut.of, ctx, renew);
  if (original) original = inside(cut.of, *original, ctx, renew);
  if (!original) return fail(Error(original.error()).during("the original " + cut.of.name));
  const std::optional<FileRecord> older = knowledge_->records.get(entry.identity);
  const std::string base = depends_on(entry, (*original)->id());
  // The date it bears is the one when it was first made, so that its bytes are the same after they were forgotten.
  const bool same = older && !older->withdrawn && older->learned.version.starts_with(base);
  const std::string version = same ? older->learned.version : base + date_of(clock_.now());
  const auto read = [&](ByteRange range) { return (*original)->read_alone(range, ctx); };
  Result<CutPlan> planned = plan_cutout((*original)->size(), read, cut.spec, {cut.source, version.substr(base.size())},
                                        max_bytes_, *workers_, ctx);
  if (!planned) return fail(std::move(planned).error());
  const auto plan = std::make_shared<const CutPlan>(std::move(*planned));
  plans_.with([&](auto& plans) { plans.put(entry.identity + "\n" + version, plan, plan->header.size() + 1000); });
  if (older && older->learned.version != version && !older->learned.version.empty())
    knowledge_->readers->drop_when_unused({archive_, older->learned.auth, entry.identity, older->learned.version});
  LearnedFile learned;
  learned.version = version;
  learned.auth = (*original)->id().auth;
  learned.size = plan->size();
  learned.ranges = !plan->image.tiled;
  learned.content_type = "application/fits";
  knowledge_->records.put(entry.identity, {learned, /*computed=*/true, false, false, clock_.now()});
  blocks_.put({archive_, learned.auth, entry.identity, version}, 0, plan->header, plan->size());
  return reader_of(entry, version, plan, *original);
}

LocalCutouts::Reader LocalCutouts::reader_of(const Entry& entry, const std::string& version,
                                             std::shared_ptr<const CutPlan> plan, const Reader& original) {
  const cache::ContentId id{archive_, original->id().auth, entry.identity, version};
  if (Reader open = knowledge_->readers->find(id)) return open;
  const std::uint64_t size = plan->size();
  return knowledge_->readers->find_or_make(cutout_source(id, std::move(plan), original, workers_), size);
}

}  // namespace skymount::vo
