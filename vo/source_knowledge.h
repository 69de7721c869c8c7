// SPDX-License-Identifier: MIT
//
// What is known of the files of one archive while it is mounted: records, readers, and whole downloads under way.
// Fetches report here and may outlive Sources, whose part this is.
#pragma once

#include "cache/base/synchronized.h"
#include "vo/file_records.h"
#include "vo/http/file_version.h"
#include "vo/open_readers.h"
#include "vo/watched_source.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace skymount::vo {

/// A first contact that came to its end. `size` may be unknown: then the download that gives it is under way.
struct Contact {
  LearnedFile learned;
  std::shared_ptr<cache::ByteSource> source;
  std::stop_source given_up{std::nostopstate};  ///< of what is made here: ends the making
};
using ContactPtr = std::shared_ptr<const Contact>;

/// What is known of the files of one archive just now. Fetches report here; they may outlive it.
class Knowledge final : public SourceKeeper {
 public:
  // A download that ended and that no open asks for keeps its bytes from eviction no longer than this.
  static constexpr std::chrono::minutes kUnaskedFor{10};

  /// `asker` as for FileRecords.
  Knowledge(const std::string& archive, std::shared_ptr<cache::MetaStore> store, cache::BlockCache& blocks,
            FileRecords::Asker asker)
      : records(archive, std::move(store), asker),
        readers(std::make_shared<OpenReaders>(blocks)),
        archive_(archive),
        asker_(std::move(asker)),
        blocks_(blocks) {}

  bool wanted(const cache::ContentId& id) const override { return readers->in_use(id); }

  void ended(const cache::ByteSource& source, const Result<void>& outcome) override {
    const cache::ContentId& id = source.id();
    ContactPtr over;  // ends after the lock
    downloads_.with([&](auto& downloads) {
      const auto it = downloads.find({id.identity, id.auth});
      if (it == downloads.end() || it->second.contact->source.get() != &source) return;
      it->second.ended = std::chrono::steady_clock::now();
      if (outcome) return;
      over = std::move(it->second.contact);
      downloads.erase(it);
    });
    if (outcome || !disproves_record(outcome.error().code())) return;
    records.withdraw(id.identity, id.version);
    readers->disown(id);
    // Whatever of it is here may be of any version, and another one may have the same head again.
    if (outcome.error().code() == Code::stale && is_head_hash(id.version)) blocks_.drop(id);
  }

  /// Not `flowing`: it begins when somebody reads beyond what is here, if ever.
  void add_download(const std::string& identity, const ContactPtr& contact, bool flowing) {
    std::vector<ContactPtr> over;
    downloads_.with([&](auto& downloads) {
      const auto long_ago = std::chrono::steady_clock::now() - kUnaskedFor;
      for (auto it = downloads.begin(); it != downloads.end();) {
        const bool unasked = it->second.ended && *it->second.ended < long_ago;
        if (unasked) over.push_back(std::move(it->second.contact));
        it = unasked ? downloads.erase(it) : std::next(it);
      }
      Download& slot = downloads[{identity, contact->learned.auth}];
      over.push_back(std::exchange(slot.contact, contact));
      slot.ended = flowing ? std::nullopt : std::optional(std::chrono::steady_clock::now());
    });
  }
  ContactPtr download(const std::string& identity) const {
    const std::string asker = asker_ ? asker_() : "";
    return downloads_.with([&](const auto& downloads) -> ContactPtr {
      auto it = downloads.find({identity, asker});
      if (it == downloads.end() && !asker.empty()) it = downloads.find({identity, ""});
      const bool unasked = it != downloads.end() && it->second.ended &&
                           *it->second.ended < std::chrono::steady_clock::now() - kUnaskedFor;
      return it == downloads.end() || unasked ? nullptr : it->second.contact;
    });
  }
  void end_download(const std::string& identity, const ContactPtr& contact) {
    downloads_.with([&](auto& downloads) {
      const auto it = downloads.find({identity, contact->learned.auth});
      if (it != downloads.end() && it->second.contact == contact) downloads.erase(it);
    });
  }

  /// Of the bytes that the asker may see.
  cache::ContentId content_id(const std::string& identity, const std::string& version) const {
    const std::optional<FileRecord> record = version.empty() ? std::nullopt : records.get(identity);
    const bool known = record && record->learned.version == version;
    return {archive_, known ? record->learned.auth : "", identity, version};
  }

  FileRecords records;
  const std::shared_ptr<OpenReaders> readers;

 private:
  const std::string archive_;
  const FileRecords::Asker asker_;
  cache::BlockCache& blocks_;
  struct Download {
    ContactPtr contact;
    std::optional<std::chrono::steady_clock::time_point> ended;
  };
  // Whole downloads under way, so that the next open joins instead of asking again.
  Synchronized<std::map<std::pair<std::string, std::string>, Download>> downloads_;  // by identity and who may see it
};

/// For RemoteFile::ranges_ignored.
inline std::function<void()> tells_that_ranges_are_ignored(const std::shared_ptr<Knowledge>& knowledge,
                                                           const std::string& identity) {
  return [weak = std::weak_ptr(knowledge), identity] {
    const auto living = weak.lock();
    const auto record = living ? living->records.get(identity) : std::nullopt;
    if (record) living->records.no_ranges(identity, record->learned.version);
  };
}

}  // namespace skymount::vo
