// SPDX-License-Identifier: MIT
#include "fs/tree/saved_queries.h"

#include "cache/base/record.h"

#include <algorithm>

namespace skymount::fs {
namespace {

using Room = cache::MetaStore::Room;

constexpr std::size_t kMost = 10'000;  // of an archive: a record of two megabytes at most, and no list for people

/// Whether `path` lies below `folder`.
bool is_below(std::string_view path, std::string_view folder) {
  if (folder.empty()) return true;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

SavedQueries::SavedQueries(std::shared_ptr<cache::MetaStore> store, std::string archive)
    : store_(std::move(store)), key_("saved\n" + std::move(archive)) {}

SavedQueries::Paths SavedQueries::current() const {
  if (!store_) return without_store_.with([](const Paths& paths) { return paths; });
  Paths paths;
  const auto record = store_->get(Room::saved, key_);
  if (!record) return paths;
  RecordReader in(record->value);
  while (in.ok() && !in.at_end()) {
    const std::string_view path = in.text();
    if (in.ok()) paths.emplace(path);
  }
  return paths;
}

Result<void> SavedQueries::keep(Paths paths) {
  if (!store_) {
    without_store_.with([&](Paths& all) { all = std::move(paths); });
    return {};
  }
  RecordWriter out;
  for (const std::string& path : paths) out.text(path);
  if (Result<void> kept = store_->put_durably(Room::saved, key_, out.view()); !kept) {
    return fail(std::move(kept).error().during("what is saved cannot be written to the cache"));
  }
  return {};
}

Result<void> SavedQueries::save(std::string_view path) {
  return writing_.with([&](int&) -> Result<void> {
    Paths paths = current();
    if (paths.contains(path)) return fail(Code::exists, "this question is saved already");
    if (paths.size() >= kMost) return fail(Code::no_space, std::to_string(kMost) + " questions are saved; remove some");
    paths.emplace(path);
    return keep(std::move(paths));
  });
}

Result<void> SavedQueries::remove(std::string_view path) {
  return writing_.with([&](int&) -> Result<void> {
    Paths paths = current();
    if (std::any_of(paths.begin(), paths.end(), [&](const std::string& each) { return is_below(each, path); })) {
      return fail(Code::not_empty, "questions below it are saved: remove those first");
    }
    const auto it = paths.find(path);
    if (it == paths.end()) return fail(Code::read_only, "only saved questions can be removed");
    paths.erase(it);
    return keep(std::move(paths));
  });
}

bool SavedQueries::shows(std::string_view path) const {
  const Paths paths = current();
  return std::any_of(paths.begin(), paths.end(),
                     [&](const std::string& each) { return each == path || is_below(each, path); });
}

std::vector<std::string> SavedQueries::names_in(std::string_view path) const {
  std::set<std::string> names;
  for (const std::string& each : current()) {
    if (!is_below(each, path)) continue;
    const std::size_t from = path.empty() ? 0 : path.size() + 1;
    names.insert(each.substr(from, each.find('/', from) - from));
  }
  return {names.begin(), names.end()};
}

}  // namespace skymount::fs
