// SPDX-License-Identifier: MIT
#include "fs/tree/recent_queries.h"

#include "cache/base/record.h"
#include "cache/content_id.h"
#include "vo/file_names.h"

#include <algorithm>

namespace skymount::fs {
namespace {

using Room = cache::MetaStore::Room;

constexpr std::size_t kMost = 20;  // what a person looks through at a glance

/// The same question asked again within so long is written down once: a loop over a folder is no news each time.
constexpr std::chrono::minutes kSameVisit{1};

std::vector<RecentQuery> load(const cache::MetaStore* store, const std::string& key) {
  std::vector<RecentQuery> out;
  if (store == nullptr) return out;
  const auto record = store->get(Room::saved, key);
  if (!record) return out;
  RecordReader in(record->value);
  while (in.ok() && !in.at_end() && out.size() < kMost) {
    RecentQuery query;
    query.name = in.text();
    query.path = in.text();
    query.when = WallTime(std::chrono::milliseconds(in.i64()));
    if (in.ok()) out.push_back(std::move(query));
  }
  return out;
}

/// A canonical text is a valid name unless nesting made it longer than a name may be.
std::string name_of(std::string_view canonical) {
  if (canonical.size() <= vo::kMaxNameBytes) return std::string(canonical);
  std::size_t cut = 200;
  while (cut > 0 && (static_cast<unsigned char>(canonical[cut]) & 0xC0U) == 0x80U) --cut;  // between characters
  return std::string(canonical.substr(0, cut)) + "~" + cache::hash_hex(canonical).substr(0, 6);
}

}  // namespace

RecentQueries::RecentQueries(std::shared_ptr<cache::MetaStore> store, std::string archive, const Clock& clock)
    : store_(std::move(store)),
      key_("recent\n" + std::move(archive)),
      clock_(clock),
      queries_(load(store_.get(), key_)) {}

void RecentQueries::note(std::string_view canonical, std::string_view path) {
  const RecentQuery asked{name_of(canonical), std::string(path), clock_.now()};
  queries_.with([&](std::vector<RecentQuery>& queries) {
    if (!queries.empty() && queries.front().name == asked.name && queries.front().path == asked.path &&
        asked.when - queries.front().when < kSameVisit) {
      return;
    }
    std::erase_if(queries, [&](const RecentQuery& each) { return each.name == asked.name; });
    queries.insert(queries.begin(), asked);
    if (queries.size() > kMost) queries.resize(kMost);
    if (!store_) return;
    RecordWriter out;
    for (const RecentQuery& each : queries) {
      out.text(each.name);
      out.text(each.path);
      out.i64(each.when.time_since_epoch().count());
    }
    static_cast<void>(store_->put(Room::saved, key_, out.view()));  // a memory lost is no reason to fail a listing
  });
}

std::vector<RecentQuery> RecentQueries::all() const {
  return queries_.with([](const std::vector<RecentQuery>& queries) { return queries; });
}

}  // namespace skymount::fs
