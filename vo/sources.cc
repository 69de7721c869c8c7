// SPDX-License-Identifier: MIT
#include "vo/sources.h"

#include "cache/base/log.h"
#include "vo/derived_files.h"
#include "vo/file_records.h"
#include "vo/fits/promised_size.h"
#include "vo/http/file_version.h"
#include "vo/kept_content.h"
#include "vo/local_cutouts.h"
#include "vo/open_readers.h"
#include "vo/remote_entry.h"
#include "vo/renewed_source.h"
#include "vo/single_flight.h"
#include "vo/source_knowledge.h"
#include "vo/watched_source.h"

#include <atomic>

namespace skymount::vo {
namespace {

using Reader = std::shared_ptr<cache::ContentReader>;

// What an unknown size is shown as: one FITS block. Zero would make programs skip the file.
constexpr std::uint64_t kUnknownSize = 2880;
// First contacts of one archive under way at once; the HTTP client's connection limit is the real bound.
constexpr std::size_t kContacts = 16;
// A first contact ends by the HTTP client's own timers long before; this only keeps a forgotten one from living for
// ever.
constexpr std::chrono::hours kContactLimit{1};
// After a check that was not answered in time, so long nobody waits for another one: it is made behind the readers.
constexpr std::chrono::seconds kNoWaiting{60};
// A computed answer cannot be re-checked without computing it again, so it is trusted longer than a file.
constexpr int kComputedLifetimes = 30;

}  // namespace

class Sources::Impl {
 public:
  Impl(std::string archive, const Limits& limits, Lifetimes ttl, std::uint64_t max_cutout_bytes,
       std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store, cache::BlockCache& blocks,
       const Clock& clock, bool with_credential)
      : archive_(std::move(archive)),
        with_credential_(with_credential),
        data_connections_(std::max(2U, limits.connections) - 1),
        connect_(limits.connect),
        ttl_(ttl),
        max_cutout_bytes_(max_cutout_bytes),
        http_(std::move(http)),
        blocks_(blocks),
        clock_(clock),
        knowledge_(std::make_shared<Knowledge>(archive_, std::move(store), blocks,
                                               [http = http_] { return http->identity(AskedFor::files); })),
        records_(knowledge_->records),
        readers_(*knowledge_->readers),
        contacts_("contact", kContacts) {}

  KnownFile known(const Entry& entry) const {
    KnownFile out;
    out.size = entry.size_estimate.value_or(0) > 0 ? *entry.size_estimate : kUnknownSize;
    out.content_type = entry.content_type;
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (!record) return out;
    const LearnedFile& learned = record->learned;
    if (learned.size) out.size = *learned.size;
    if (!learned.content_type.empty()) out.content_type = learned.content_type;
    out.filename = learned.filename;
    // The next open will learn another version: nobody may be bound to this one before.
    if (record->withdrawn || made_anew_by_open(entry.identity, learned)) return out;
    out.exact = learned.size.has_value();
    out.version = learned.version;
    out.learned_at = record->learned_at;
    out.stale = !fresh(*record);
    // A computed answer is as old as its request, which says nothing of the data.
    if (!record->dated && !record->computed) out.last_modified = learned.last_modified;
    out.etag = learned.etag;
    return out;
  }

  cache::ContentId content_id(const std::string& identity, const LearnedFile& learned) const {
    return {archive_, learned.auth, identity, learned.version};
  }

  ~Impl() { gate_->close(); }
  const std::shared_ptr<Knowledge>& knowledge() const { return knowledge_; }

  /// The entry as it was found when its URL had expired before.
  Entry newest(const Entry& entry) const {
    return renewed_.with([&](auto& renewed) {
      const Entry* newer = renewed.get(entry.identity + "\n" + entry.url);
      return newer == nullptr ? entry : *newer;
    });
  }

  Result<Reader> open_or_renew(const Entry& given, const FetchContext& ctx, const Renew& renew) {
    const Entry entry = newest(given);
    Result<Reader> reader = open(entry, ctx, renew);
    if (reader || !renew || is_closed(entry)) return reader;
    const Code code = reader.error().code();
    if (!may_have_expired(code) && code != Code::corrupt) return reader;
    Result<std::optional<Entry>> newer = renew(entry, reader.error(), ctx);
    if (!newer && newer.error().code() == Code::stale) return fail(newer.error());
    if (!newer || !*newer) return reader;
    constexpr std::uint64_t kRoughSize = 1000;
    renewed_.with([&](auto& renewed) { renewed.put(given.identity + "\n" + given.url, **newer, kRoughSize); });
    return open(**newer, ctx, renew);
  }

  void set_maker(Maker maker) { maker_ = std::move(maker); }

  /// The archive says beforehand that it is not for everybody, and there is nothing that could show who asks.
  bool is_closed(const Entry& entry) const { return !entry.error.empty() && !with_credential_; }

  Reader open_in_memory(const Entry& entry, const Renew& renew) {
    if (is_closed(entry)) return nullptr;
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (!record || !record->learned.size || !fresh(*record)) return nullptr;
    if (Reader open = readers_.find(content_id(entry.identity, record->learned))) return open;
    if (ContactPtr running = download(entry.identity);
        running && content_id(entry.identity, running->learned) == content_id(entry.identity, record->learned)) {
      return readers_.find_or_make(running->source, *record->learned.size);
    }
    // What only comes whole is not worth a reader that would have to begin from nothing.
    if (!all_here_or_ranged(entry.identity, record->learned)) return nullptr;
    return remembered_reader(entry, record->learned, renew);
  }

  Result<Reader> open(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
    if (is_closed(entry)) return fail(Code::denied, entry.error);
    if (Reader reader = open_in_memory(entry, renew)) return reader;
    if (const Reader old = whole_but_old(entry)) return open_checked(entry, old, ctx, renew);
    return open_anew(entry, ctx, renew);
  }

 private:
  /// As it was last seen, when its time to live is over and every byte is here.
  Reader whole_but_old(const Entry& entry) {
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (!record || record->withdrawn || !intact(entry.identity, record->learned)) return nullptr;
    return remembered_reader(entry, record->learned, {});
  }

  /// What the archive says of it, for whoever does not have to wait long for that; else `old`, and the question goes
  /// on. While `old` lives its bytes stay, whatever is learned meanwhile.
  Result<Reader> open_checked(const Entry& entry, const Reader& old, const FetchContext& ctx, const Renew& renew) {
    const auto now = FetchContext::Steady::now();
    const bool at_once = now < unanswered_until_.load();
    FetchContext brief = ctx;
    brief.deadline = std::min(ctx.deadline, at_once ? now : now + connect_);
    Result<Reader> checked = open_anew(entry, brief, renew);
    if (!at_once && !ctx.stopped() && FetchContext::Steady::now() >= brief.deadline)
      unanswered_until_ = FetchContext::Steady::now() + kNoWaiting;
    if (!checked && checked.error().code() == Code::timed_out) return old;
    return checked;
  }

  Result<Reader> open_anew(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
    // A download that an earlier open began is joined; when it fails it may have failed long ago, so one new try is
    // made.
    if (const ContactPtr running = download(entry.identity)) {
      Result<Reader> joined = settle(entry, running, ctx);
      const bool dropped = !joined && joined.error().code() == Code::cancelled && !ctx.stopped();  // by others
      if (joined || (!dropped && !worth_a_new_contact(joined.error().code()))) return joined;
    }
    Result<ContactPtr> contact =
        contacts_.run(entry.identity + "\n" + http_->identity(AskedFor::files), ctx, kContactLimit,
                      [this, entry, renew](const FetchContext& own) { return meet(entry, own, renew); });
    if (!contact) return after_failure(entry, std::move(contact).error());
    return settle(entry, *contact, ctx);
  }

  RemoteFile remote(const Entry& entry, const Url& url) const {
    RemoteFile file = remote_file(archive_, max_cutout_bytes_, entry, url, *http_);
    file.ranges_ignored = tells_that_ranges_are_ignored(knowledge_, entry.identity);
    return file;
  }

  bool fresh(const FileRecord& record) const {
    if (record.withdrawn) return false;
    const auto lifetime = record.computed ? ttl_.links * kComputedLifetimes : ttl_.links;
    return clock_.now() - record.learned_at < lifetime;
  }

  bool all_here(const std::string& identity, const LearnedFile& learned) const {
    return learned.size && blocks_.has_all(content_id(identity, learned), *learned.size);
  }

  /// The same. What cannot be asked for again is looked at, too, because the index does not know what happened to the
  /// cache's files.
  bool intact(const std::string& identity, const LearnedFile& learned) const {
    if (!all_here(identity, learned)) return false;
    if (!is_one_time(learned.version) || *learned.size == 0) return true;
    const cache::ContentId id = content_id(identity, learned);
    return blocks_.read_cached(id, {0, 1}) && blocks_.read_cached(id, {*learned.size - 1, 1});
  }

  bool made_anew_by_open(const std::string& identity, const LearnedFile& learned) const {
    return is_one_time(learned.version) && !readers_.find(content_id(identity, learned)) &&
           !knowledge_->download(identity) && !all_here(identity, learned);
  }

  /// Ranged reads go on under the entry's newer URL when the one they began with expires.
  std::shared_ptr<cache::ByteSource> watch(std::shared_ptr<cache::ByteSource> source, const Entry& entry,
                                           const LearnedFile& learned, const Renew& renew) const {
    if (renew && !source->whole_only() && !is_one_time(learned.version)) {
      const auto made = [http = http_, archive = archive_, most = max_cutout_bytes_, known = with_credential_,
                         learned](const Entry& newer) -> std::shared_ptr<cache::ByteSource> {
        if (!newer.error.empty() && !known) return nullptr;
        const Result<Url> url = url_of(newer);
        return url ? remembered_source(http, remote_file(archive, most, newer, *url, *http), learned) : nullptr;
      };
      source = renewing(std::move(source), entry, gate_->guard(renew), made);
    }
    WatchBounds bounds;
    bounds.unknown_length = blocks_.room();
    bounds.parallel_fetches = data_connections_;
    std::shared_ptr<void> held = source->whole_only() ? blocks_.hold(source->id()) : nullptr;
    return watched(std::move(source), knowledge_, bounds, std::move(held));
  }

  // --- the first contact, on a thread of its own ---

  /// What is made here comes as a whole, for all who want it, and is kept like every other answer.
  Result<ContactPtr> make(const Entry& entry, const FetchContext& ctx) {
    if (!maker_) return fail(Code::unsupported, entry.name + " cannot be made here");
    Result<OpenedRemote> opened = maker_(entry, ctx);
    if (!opened) return fail(std::move(opened).error());
    const std::stop_source given_up;
    auto source = watch(until(opened->source, given_up.get_token()), entry, opened->learned, {});
    auto contact = std::make_shared<const Contact>(Contact{opened->learned, std::move(source), given_up});
    knowledge_->add_download(entry.identity, contact, opened->flowing);
    blocks_.begin(contact->source, {ctx.priority, ctx.cause, FetchContext::Steady::time_point::max(), {}});
    return contact;
  }

  Result<ContactPtr> meet(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
    if (entry.table) return make(entry, ctx);
    const Result<Url> url = url_of(entry);
    if (!url) return fail(url.error());
    const std::optional<FileRecord> older = records_.get(entry.identity);
    RemoteFile file = remote(entry, *url);
    if (older) heed(*older, file);
    Result<OpenedRemote> opened = open_remote(http_, file, ctx);
    if (!opened) return fail(std::move(opened).error());
    if (older && !older->withdrawn && older->learned.auth == opened->learned.auth &&
        is_one_time(older->learned.version) && same_head(older->learned.version, opened->learned.version) &&
        intact(entry.identity, older->learned))
      return as_before(entry, *url, *opened, older->learned.version);
    const LearnedFile& learned = opened->learned;
    auto contact = std::make_shared<const Contact>(Contact{learned, watch(opened->source, entry, learned, renew)});
    if (learned.size && !opened->head.empty()) {
      blocks_.put(content_id(entry.identity, learned), 0, opened->head, *learned.size);
    }
    const bool complete = learned.size && opened->head.size() >= *learned.size;
    if (contact->source->whole_only() && !complete) {
      knowledge_->add_download(entry.identity, contact, opened->flowing);
      // The answer is already flowing: it is taken in whether or not its first caller can wait for it.
      if (opened->flowing)
        blocks_.begin(contact->source, {ctx.priority, ctx.cause, FetchContext::Steady::time_point::max(), {}});
    }
    if (learned.size) remember(entry, learned);
    return contact;
  }

  /// No validator says so, but its head and size are those of what is here as a whole: it is not fetched again.
  ContactPtr as_before(const Entry& entry, const Url& url, const OpenedRemote& opened, const std::string& version) {
    LearnedFile learned = opened.learned;
    learned.version = version;
    auto source = watch(remembered_source(http_, remote(entry, url), learned), entry, learned, {});
    remember(entry, learned);
    return std::make_shared<const Contact>(Contact{learned, std::move(source)});
  }

  /// Only what is known to be there takes an older version's place.
  void remember(const Entry& entry, const LearnedFile& learned) {
    forget_older_version(entry.identity, learned);
    const std::optional<FileRecord> older = records_.get(entry.identity);
    const bool dated = older && older->dated && older->learned.version == learned.version;
    records_.put(entry.identity, {learned, entry.service.has_value(), /*withdrawn=*/false, dated, clock_.now()});
  }

  void forget_older_version(const std::string& identity, const LearnedFile& learned) {
    const std::optional<FileRecord> older = records_.get(identity);
    const cache::ContentId now = content_id(identity, learned);
    readers_.keep_bytes(now);
    if (!older || older->learned.version.empty() || content_id(identity, older->learned) == now) return;
    readers_.drop_when_unused(content_id(identity, older->learned));
  }

  /// With the archive gone, what was seen stays readable as far as it is here.
  Result<Reader> after_failure(const Entry& entry, Error error) {
    const bool gone =
        error.code() == Code::unavailable || error.code() == Code::timed_out || error.code() == Code::over_quota;
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (gone && record && !record->withdrawn && record->learned.size &&
        all_here_or_ranged(entry.identity, record->learned)) {
      if (Reader reader = remembered_reader(entry, record->learned, {})) {
        log(LogLevel::info, archive_ + ": " + entry.name + " is served as it was last seen: " + error.what());
        return reader;
      }
    }
    return fail(std::move(error));
  }

  bool all_here_or_ranged(const std::string& identity, const LearnedFile& learned) const {
    return (learned.ranges && !is_one_time(learned.version)) || intact(identity, learned);
  }

  // --- from a contact to a reader, on the caller's thread ---

  Result<Reader> settle(const Entry& entry, const ContactPtr& contact, const FetchContext& ctx) {
    if (contact->learned.size) return kept_reader(contact, *contact->learned.size);
    std::shared_ptr<void> waiting = readers_.use(contact->source->id());
    const Result<std::uint64_t> size = blocks_.complete(contact->source, ctx);
    if (!size) {
      waiting.reset();
      const bool last = ctx.stopped() && contact->given_up.stop_possible() && !readers_.in_use(contact->source->id());
      if (last) contact->given_up.request_stop();
      const Code code = size.error().code();
      if (last || (code != Code::timed_out && code != Code::cancelled))
        knowledge_->end_download(entry.identity, contact);
      return fail(size.error());
    }
    const bool empty = *size == 0;
    if (empty || !blocks_.has_all(contact->source->id(), *size)) {
      knowledge_->end_download(entry.identity, contact);
      return fail(empty ? Error(Code::no_data, "the archive's answer is empty") : answer_not_kept(*size));
    }
    const cache::ContentId& id = contact->source->id();
    const Result<void> whole =
        holds_what_its_headers_promise(*size, [&](ByteRange range) { return blocks_.read_cached(id, range); });
    if (!whole) {  // nothing else could tell: the answer had no length
      knowledge_->end_download(entry.identity, contact);
      blocks_.drop(id);
      return fail(whole.error());
    }
    LearnedFile learned = contact->learned;
    learned.size = *size;
    remember(entry, learned);
    Reader reader = kept_reader(contact, *size);
    knowledge_->end_download(entry.identity, contact);
    return reader;
  }

  /// What was computed for one download stays at hand for the kernel's second open and the user's second try.
  Reader kept_reader(const ContactPtr& contact, std::uint64_t size) {
    Reader reader = readers_.find_or_make(contact->source, size);
    if (is_one_time(contact->learned.version)) readers_.keep(reader);
    return reader;
  }

  ContactPtr download(const std::string& identity) {
    ContactPtr running = knowledge_->download(identity);
    if (!running || !running->learned.size || !all_here(identity, running->learned)) return running;
    knowledge_->end_download(identity, running);  // it is done; the cache has it all
    return nullptr;
  }

  Reader remembered_reader(const Entry& entry, const LearnedFile& learned, const Renew& renew) {
    if (entry.table)
      return readers_.find_or_make(std::make_shared<KeptContent>(content_id(entry.identity, learned), *learned.size),
                                   *learned.size);
    const Result<Url> url = url_of(entry);
    if (!url) return nullptr;
    auto source = watch(remembered_source(http_, remote(entry, *url), learned), entry, learned, renew);
    return readers_.find_or_make(source, *learned.size);
  }

  const std::string archive_;
  const bool with_credential_;
  const unsigned data_connections_;  // the other one is kept for metadata
  const std::chrono::milliseconds connect_;
  const Lifetimes ttl_;
  const std::uint64_t max_cutout_bytes_;
  const std::shared_ptr<HttpClient> http_;
  Maker maker_;
  cache::BlockCache& blocks_;
  const Clock& clock_;
  const std::shared_ptr<Knowledge> knowledge_;
  FileRecords& records_;  // of knowledge_
  OpenReaders& readers_;  // of knowledge_
  const std::shared_ptr<RenewalGate> gate_ = std::make_shared<RenewalGate>();
  // By identity and expired URL: whoever still holds the old one does not meet its refusal again.
  mutable Synchronized<Lru<Entry>> renewed_{Lru<Entry>(10'000, 10'000'000)};
  std::atomic<FetchContext::Steady::time_point> unanswered_until_{};
  SingleFlight<ContactPtr> contacts_;  // last: its work uses all of the above
};

Sources::Sources(std::string archive, const Limits& limits, Lifetimes ttl, std::uint64_t max_cutout_bytes,
                 std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store, cache::BlockCache& blocks,
                 const Clock& clock, std::shared_ptr<Workers> workers, bool with_credential)
    : impl_(std::make_unique<Impl>(archive, limits, ttl, max_cutout_bytes, std::move(http), std::move(store), blocks,
                                   clock, with_credential)),
      derived_(std::make_unique<DerivedFiles>(
          archive, impl_->knowledge(), blocks, clock, workers,
          OpensFiles{[this](const Entry& entry, const FetchContext& ctx, const Renew& renew) {
                       return entry.local ? cutouts_->open(entry, ctx, renew) : impl_->open_or_renew(entry, ctx, renew);
                     },
                     [this](const Entry& entry, const Renew& renew) {
                       return entry.local ? cutouts_->open_in_memory(entry, renew)
                                          : impl_->open_in_memory(impl_->newest(entry), renew);
                     }})),
      cutouts_(std::make_unique<LocalCutouts>(
          std::move(archive), ttl, max_cutout_bytes, std::move(workers), impl_->knowledge(), blocks, clock,
          OpensFiles{[this](const Entry& entry, const FetchContext& ctx, const Renew& renew) {
                       return is_derived(entry) ? derived_->open(entry, ctx, renew)
                                                : impl_->open_or_renew(entry, ctx, renew);
                     },
                     [this](const Entry& entry, const Renew& renew) {
                       return is_derived(entry) ? derived_->open_in_memory(entry, renew)
                                                : impl_->open_in_memory(impl_->newest(entry), renew);
                     }})) {}
Sources::~Sources() = default;

void Sources::set_maker(Maker maker) {
  impl_->set_maker(std::move(maker));
}

KnownFile Sources::known(const Entry& entry) const {
  return impl_->known(entry);
}

cache::ContentId Sources::content_id(const Entry& entry, const std::string& version) const {
  return impl_->knowledge()->content_id(entry.identity, version);
}

void Sources::keep_date(const Entry& entry, const std::string& version) {
  impl_->knowledge()->records.keep_date(entry.identity, version);
}

Result<std::shared_ptr<cache::ContentReader>> Sources::open(const Entry& entry, const FetchContext& ctx,
                                                            const Renew& renew) {
  if (!entry.local) return impl_->open_or_renew(entry, ctx, renew);
  if (impl_->is_closed(entry)) return fail(Code::denied, entry.error);
  return is_derived(entry) ? derived_->open(entry, ctx, renew) : cutouts_->open(entry, ctx, renew);
}

std::shared_ptr<cache::ContentReader> Sources::open_in_memory(const Entry& entry, const Renew& renew) {
  if (entry.local && impl_->is_closed(entry)) return nullptr;
  if (entry.local) {
    return is_derived(entry) ? derived_->open_in_memory(entry, renew) : cutouts_->open_in_memory(entry, renew);
  }
  return impl_->open_in_memory(impl_->newest(entry), renew);
}

}  // namespace skymount::vo
