// SPDX-License-Identifier: MIT
#include "vo/sources.h"

#include "cache/base/log.h"
#include "vo/file_records.h"
#include "vo/fits/fits_layout.h"
#include "vo/single_flight.h"

#include <map>

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
// A computed answer cannot be re-checked without computing it again, so it is trusted longer than a file.
constexpr int kComputedLifetimes = 30;

/// A first contact that came to its end. `size` may be unknown: then the download that gives it is under way.
struct Contact {
  LearnedFile learned;
  std::shared_ptr<cache::ByteSource> source;
};
using ContactPtr = std::shared_ptr<const Contact>;

}  // namespace

class Sources::Impl {
 public:
  Impl(std::string archive, Lifetimes ttl, std::uint64_t max_cutout_bytes, std::shared_ptr<HttpClient> http,
       std::shared_ptr<cache::MetaStore> store, cache::BlockCache& blocks, const Clock& clock)
      : archive_(std::move(archive)),
        ttl_(ttl),
        max_cutout_bytes_(max_cutout_bytes),
        http_(std::move(http)),
        blocks_(blocks),
        clock_(clock),
        records_(archive_, std::move(store)),
        contacts_("contact", kContacts) {}

  KnownFile known(const Entry& entry) const {
    KnownFile out;
    out.size = entry.size_estimate.value_or(0) > 0 ? *entry.size_estimate : kUnknownSize;
    out.content_type = entry.content_type;
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (!record) return out;
    const LearnedFile& learned = record->learned;
    if (learned.size) out.size = *learned.size;
    out.exact = learned.size.has_value();
    out.version = learned.version;
    out.last_modified = learned.last_modified;
    if (!learned.content_type.empty()) out.content_type = learned.content_type;
    out.etag = learned.etag;
    out.filename = learned.filename;
    return out;
  }

  cache::ContentId content_id(const std::string& identity, const std::string& version) const {
    return {archive_, {}, identity, version};
  }

  Reader open_in_memory(const Entry& entry) {
    if (!entry.error.empty()) return nullptr;
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (!record || !record->learned.size || !fresh(*record)) return nullptr;
    if (Reader open = open_reader(entry.identity, record->learned.version)) return open;
    if (ContactPtr running = download(entry.identity); running && running->learned.version == record->learned.version) {
      return reader_of(entry.identity, *record->learned.size, running->source);
    }
    // What only comes whole is not worth a reader that would have to begin from nothing.
    if (!record->learned.ranges && !all_here(entry.identity, record->learned)) return nullptr;
    return remembered_reader(entry, record->learned);
  }

  Result<Reader> open(const Entry& entry, const FetchContext& ctx) {
    if (!entry.error.empty()) return fail(Code::denied, entry.error);
    if (Reader reader = open_in_memory(entry)) return reader;
    // A download that an earlier open began is joined; when it fails it may have failed long ago, so one new try is
    // made.
    if (const ContactPtr running = download(entry.identity)) {
      Result<Reader> joined = settle(entry, running, ctx);
      if (joined || joined.error().code() == Code::timed_out || joined.error().code() == Code::cancelled) return joined;
    }
    Result<ContactPtr> contact = contacts_.run(entry.identity, ctx, kContactLimit,
                                               [this, entry](const FetchContext& own) { return meet(entry, own); });
    if (!contact) return after_failure(entry, std::move(contact).error());
    return settle(entry, *contact, ctx);
  }

 private:
  RemoteFile remote(const Entry& entry, const Url& url) const {
    return {url,
            archive_,
            entry.identity,
            entry.content_type,
            entry.service.has_value(),
            entry.service ? max_cutout_bytes_ : 0};
  }

  static Result<Url> url_of(const Entry& entry) {
    if (!entry.service) return Url::parse(entry.url);
    const Result<Url> service = Url::parse(entry.service->access_url);
    if (!service) return service;
    return service->with_parameters(entry.service->parameters);
  }

  bool fresh(const FileRecord& record) const {
    const auto lifetime = record.computed ? ttl_.links * kComputedLifetimes : ttl_.links;
    return clock_.now() - record.learned_at < lifetime;
  }

  bool all_here(const std::string& identity, const LearnedFile& learned) const {
    return learned.size && blocks_.cached_bytes(content_id(identity, learned.version)) >= *learned.size;
  }

  // --- the first contact, on a thread of its own ---

  Result<ContactPtr> meet(const Entry& entry, const FetchContext& ctx) {
    const Result<Url> url = url_of(entry);
    if (!url) return fail(url.error());
    Result<OpenedRemote> opened = open_remote(http_, remote(entry, *url), ctx);
    if (!opened) return fail(std::move(opened).error());
    const LearnedFile& learned = opened->learned;
    forget_older_version(entry.identity, learned.version);
    auto contact = std::make_shared<const Contact>(Contact{learned, opened->source});
    if (learned.size && !opened->head.empty()) {
      blocks_.put(content_id(entry.identity, learned.version), 0, opened->head, *learned.size);
    }
    const bool complete = learned.size && opened->head.size() >= *learned.size;
    if (opened->source->whole_only() && !complete) {
      downloads_.with([&](auto& downloads) { downloads[entry.identity] = contact; });
      // The answer is already flowing: it is taken in whether or not its first caller can wait for it.
      blocks_.begin(opened->source, {ctx.priority, ctx.cause, FetchContext::Steady::time_point::max(), {}});
    }
    if (learned.size) remember(entry, learned);
    return contact;
  }

  void remember(const Entry& entry, const LearnedFile& learned) {
    records_.put(entry.identity, {learned, entry.service.has_value(), clock_.now()});
  }

  void forget_older_version(const std::string& identity, const std::string& version) {
    const std::optional<FileRecord> older = records_.get(identity);
    if (!older || older->learned.version.empty() || older->learned.version == version) return;
    if (!open_reader(identity, older->learned.version)) blocks_.drop(content_id(identity, older->learned.version));
  }

  /// With the archive gone, what was seen stays readable as far as it is here.
  Result<Reader> after_failure(const Entry& entry, Error error) {
    const bool gone = error.code() == Code::unavailable || error.code() == Code::timed_out;
    const std::optional<FileRecord> record = records_.get(entry.identity);
    if (gone && record && record->learned.size && all_here_or_ranged(entry.identity, record->learned)) {
      if (Reader reader = remembered_reader(entry, record->learned)) {
        log(LogLevel::info, archive_ + ": " + entry.name + " is served as it was last seen: " + error.what());
        return reader;
      }
    }
    return fail(std::move(error));
  }

  bool all_here_or_ranged(const std::string& identity, const LearnedFile& learned) const {
    return learned.ranges || all_here(identity, learned);
  }

  // --- from a contact to a reader, on the caller's thread ---

  Result<Reader> settle(const Entry& entry, const ContactPtr& contact, const FetchContext& ctx) {
    if (contact->learned.size) return reader_of(entry.identity, *contact->learned.size, contact->source);
    const Result<std::uint64_t> size = blocks_.complete(contact->source, ctx);
    if (!size) {
      if (size.error().code() != Code::timed_out && size.error().code() != Code::cancelled)
        end_download(entry, contact);
      return fail(size.error());
    }
    if (*size == 0) {
      end_download(entry, contact);
      return fail(Code::no_data, "the archive's answer is empty");
    }
    LearnedFile learned = contact->learned;
    learned.size = *size;
    remember(entry, learned);
    Reader reader = reader_of(entry.identity, *size, contact->source);
    end_download(entry, contact);
    return reader;
  }

  ContactPtr download(const std::string& identity) {
    ContactPtr running = downloads_.with([&](auto& downloads) {
      const auto it = downloads.find(identity);
      return it == downloads.end() ? nullptr : it->second;
    });
    if (!running || !running->learned.size || !all_here(identity, running->learned)) return running;
    downloads_.with([&](auto& downloads) { downloads.erase(identity); });  // it is done; the cache has it all
    return nullptr;
  }

  void end_download(const Entry& entry, const ContactPtr& contact) {
    downloads_.with([&](auto& downloads) {
      const auto it = downloads.find(entry.identity);
      if (it != downloads.end() && it->second == contact) downloads.erase(it);
    });
  }

  // --- readers, shared by all that have one content open ---

  static std::string reader_key(const std::string& identity, const std::string& version) {
    return identity + "\n" + version;
  }

  Reader open_reader(const std::string& identity, const std::string& version) const {
    return readers_.with([&](const auto& readers) -> Reader {
      const auto it = readers.find(reader_key(identity, version));
      return it == readers.end() ? nullptr : it->second.lock();
    });
  }

  Reader reader_of(const std::string& identity, std::uint64_t size, const std::shared_ptr<cache::ByteSource>& source) {
    static const auto layout = std::make_shared<const FitsLayout>();
    return readers_.with([&](auto& readers) {
      // Ends of readers are only noticed here; 1,000 leftovers are cheaper than looking each time.
      if (readers.size() > 1000) std::erase_if(readers, [](const auto& item) { return item.second.expired(); });
      std::weak_ptr<cache::ContentReader>& slot = readers[reader_key(identity, source->id().version)];
      Reader reader = slot.lock();
      if (reader) return reader;
      reader = std::make_shared<cache::ContentReader>(source, size, blocks_, layout);
      slot = reader;
      return reader;
    });
  }

  Reader remembered_reader(const Entry& entry, const LearnedFile& learned) {
    const Result<Url> url = url_of(entry);
    if (!url) return nullptr;
    return reader_of(entry.identity, *learned.size, remembered_source(http_, remote(entry, *url), learned));
  }

  const std::string archive_;
  const Lifetimes ttl_;
  const std::uint64_t max_cutout_bytes_;
  const std::shared_ptr<HttpClient> http_;
  cache::BlockCache& blocks_;
  const Clock& clock_;
  FileRecords records_;
  // Whole downloads under way, so that the next open joins instead of asking again.
  Synchronized<std::map<std::string, ContactPtr>> downloads_;
  Synchronized<std::map<std::string, std::weak_ptr<cache::ContentReader>>> readers_;
  SingleFlight<ContactPtr> contacts_;  // last: its work uses all of the above
};

Sources::Sources(std::string archive, const Limits& /*the budgets travel in FetchContext*/, Lifetimes ttl,
                 std::uint64_t max_cutout_bytes, std::shared_ptr<HttpClient> http,
                 std::shared_ptr<cache::MetaStore> store, cache::BlockCache& blocks, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(archive), ttl, max_cutout_bytes, std::move(http), std::move(store), blocks,
                                   clock)) {}
Sources::~Sources() = default;

KnownFile Sources::known(const Entry& entry) const {
  return impl_->known(entry);
}

cache::ContentId Sources::content_id(const Entry& entry, const std::string& version) const {
  return impl_->content_id(entry.identity, version);
}

Result<std::shared_ptr<cache::ContentReader>> Sources::open(const Entry& entry, const FetchContext& ctx) {
  return impl_->open(entry, ctx);
}

std::shared_ptr<cache::ContentReader> Sources::open_in_memory(const Entry& entry) {
  return impl_->open_in_memory(entry);
}

}  // namespace skymount::vo
