// SPDX-License-Identifier: MIT
#include "fs/daemon/tree_walk.h"

#include "vo/query/grammar.h"

#include <fnmatch.h>

namespace skymount::fs {
namespace {

// Links lead to links four deep at most, below a dataset, below nested questions.
constexpr unsigned kDeepest = 32;
// The links of a thousand datasets take their time; the budget of one ls is not the measure here.
constexpr std::chrono::hours kBudget{1};

bool is_pattern(std::string_view component) {
  return component.find_first_of("*?[") != std::string_view::npos && !vo::looks_like_term(component);
}

/// Headers and cutouts that are made here of a file that is found, too: nothing to bring. In cutouts/ itself they are
/// what is wanted; whoever names a folder above it gets the files that they are made of.
bool is_made_of_another(const Place& folder, const Place& place, unsigned depth) {
  const bool wanted = folder.kind == PlaceKind::flat_folder && depth == 0;
  return !wanted && place.entry && place.entry->local && !place.entry->service;
}

}  // namespace

TreeWalk::TreeWalk(const Namespace& tree, Listener listener, std::stop_token stop)
    : tree_(tree), listener_(std::move(listener)), stop_(std::move(stop)) {}

FetchContext TreeWalk::context(const Place& place, std::string_view doing) const {
  FetchContext ctx = FetchContext::within(kBudget, std::string(doing) + " " + place.path, stop_);
  ctx.priority = Priority::prefetch;
  return ctx;
}

void TreeWalk::failed(const std::string& path, const Error& error) {
  if (!stop_.stop_requested()) listener_.failure(path, error);
}

Result<Place> TreeWalk::child(const Place& folder, std::string_view name) {
  Result<Place> now = tree_.child(folder, name, nullptr);
  if (now || now.error().code() != Code::would_wait) return now;
  const FetchContext ctx = context(folder, "ls");
  return tree_.child(folder, name, &ctx);
}

Result<FolderContents> TreeWalk::contents(const Place& folder) {
  Result<FolderContents> now = tree_.contents(folder, nullptr);
  if (now || now.error().code() != Code::would_wait) return now;
  const FetchContext ctx = context(folder, "ls");
  return tree_.contents(folder, &ctx);
}

void TreeWalk::walk(const std::string& path) {
  descend(tree_.root(), path);
}

void TreeWalk::descend(const Place& at, std::string_view rest) {
  if (stop_.stop_requested()) return;
  while (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) return take(at, 0);
  const std::size_t slash = rest.find('/');
  const std::string name(rest.substr(0, slash));
  const std::string_view after = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  const std::string path = (at.path == "/" ? "" : at.path) + "/" + name;
  if (!is_pattern(name)) {
    const Result<Place> place = child(at, name);
    if (place) return descend(*place, after);
    return failed(path, place.error());
  }
  const Result<FolderContents> listed = contents(at);
  if (!listed) return failed(at.path, listed.error());
  bool matched = false;
  for (std::size_t i = 0; i < listed->size(); ++i) {
    const std::string found(listed->name(i));
    if (fnmatch(name.c_str(), found.c_str(), FNM_PERIOD) != 0) continue;
    matched = true;
    const Result<Place> place = child(at, found);
    place ? descend(*place, after) : failed((at.path == "/" ? "" : at.path) + "/" + found, place.error());
  }
  if (!matched) failed(path, Error(Code::not_found, "nothing matches in " + at.path));
}

void TreeWalk::take(Place place, unsigned depth) {
  if (place.is_folder()) {
    if (depth < kDeepest) below(place, depth);
  } else if (place.kind == PlaceKind::data && seen_.insert(place.key()).second) {
    listener_.file(std::move(place));
  }
}

void TreeWalk::below(const Place& folder, unsigned depth) {
  if (folder.kind == PlaceKind::control_folder) return;
  const Result<FolderContents> listed = contents(folder);
  if (!listed) return failed(folder.path, listed.error());
  for (std::size_t i = 0; i < listed->size(); ++i) {
    if (stop_.stop_requested()) return;
    const std::string name(listed->name(i));
    Result<Place> place = child(folder, name);
    if (place && is_made_of_another(folder, *place, depth)) continue;
    if (place) {
      take(std::move(*place), depth + 1);
    } else {
      failed((folder.path == "/" ? "" : folder.path) + "/" + name, place.error());
    }
  }
}

}  // namespace skymount::fs
