// SPDX-License-Identifier: MIT
//
// An archive's folder: any question can be entered there, the kept ones are listed (mkdir, rmdir), and recent/ leads to
// those that were asked last.
#include "fs/tree/generated.h"
#include "fs/tree/namespace.h"
#include "fs/tree/readme.h"
#include "vo/query/grammar.h"

#include <algorithm>

namespace skymount::fs {
namespace {

constexpr std::string_view kRecentFolder = "recent";

/// "/gavo/pos=1,2/type=image" is "pos=1,2/type=image" in its archive; the archive's folder itself is "".
std::string_view path_in_archive(const Place& place) {
  std::string_view path = place.path;
  path.remove_prefix(1 + place.archive->name().size());
  if (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

/// The leading components that ask: "pos=1,2/type=image" of "pos=1,2/type=image/results.csv".
std::string_view question_of(std::string_view path) {
  std::size_t end = 0;
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    if (!vo::looks_like_term(path.substr(from, slash - from))) break;
    end = slash;
    from = slash + 1;
  }
  return path.substr(0, end);
}

Place recent_link(const Place& folder, const RecentQuery& recent) {
  Place place = symlink_below(folder, recent.name, "../" + recent.path);
  place.dated = recent.when;
  return place;
}

/// A question about a named object, its position filled in.
Result<vo::Query> with_position(const MountedArchive& archive, vo::Query query, Patience patience) {
  if (!archive.resolver) return fail(Code::unsupported, "target= needs a name resolver, and none is configured");
  if (patience != nullptr) return archive.resolver->complete(std::move(query), *patience);
  std::optional<vo::Query> known = archive.resolver->complete_in_memory(query);
  if (!known) return fail(Code::would_wait, "where " + *query.target + " is, is not in memory");
  return std::move(*known);
}

/// Asked before it was kept: it is listed in its archive's folder now.
bool is_kept(const MountedArchive& archive, const RecentQuery& recent) {
  return archive.saved_queries.shows(recent.path) || archive.saved_queries.shows(recent.name);
}

bool takes_queries(const Place& folder) {
  return folder.kind == PlaceKind::archive || folder.kind == PlaceKind::query;
}

}  // namespace

Result<Place> Namespace::query_below(const Place& folder, std::string_view component, Patience patience) const {
  Result<vo::Query> query = vo::parse_component(component, folder.query ? *folder.query : vo::Query{});
  if (query && query->target && !query->position) query = with_position(*folder.archive, std::move(*query), patience);
  if (!query) return fail(std::move(query).error());
  Place place = below(folder, component, PlaceKind::query);
  place.query = std::make_shared<const vo::Query>(std::move(*query));
  return place;
}

Result<Place> Namespace::child_of_archive(const Place& folder, std::string_view name, Patience patience) const {
  if (name == file_name(GeneratedKind::incomplete) &&
      !unlisted_text(*vo::route_root(folder.archive->options().routes)).empty())
    return generated_below(folder, GeneratedKind::incomplete);
  if (!folder.archive->options().routes.empty()) {
    Result<std::optional<Place>> routed = routed_child(folder, *vo::route_root(folder.archive->options().routes), name);
    if (!routed) return fail(routed.error());
    if (*routed) return std::move(**routed);
  }
  if (vo::looks_like_term(name)) return query_below(folder, name, patience);
  if (name == file_name(GeneratedKind::archive_readme)) return generated_below(folder, GeneratedKind::archive_readme);
  if (name == kRecentFolder) return below(folder, name, PlaceKind::recent_folder);
  return no_such(folder, name);
}

FolderContents Namespace::contents_of_archive(const Place& folder) {
  FolderContents out;
  add_generated(out, folder, GeneratedKind::archive_readme);
  add_folder(out, folder, kRecentFolder, PlaceKind::recent_folder);
  if (!folder.archive->options().routes.empty()) {
    const vo::RouteSpotPtr top = vo::route_root(folder.archive->options().routes);
    add_routed(out, folder, *top);
    if (!unlisted_text(*top).empty()) add_generated(out, folder, GeneratedKind::incomplete);
  }
  add_saved(out, folder);
  out.version = version_of(out.items);
  return out;
}

void Namespace::add_saved(FolderContents& contents, const Place& folder) {
  for (const std::string& name : folder.archive->saved_queries.names_in(path_in_archive(folder))) {
    add_folder(contents, folder, name, PlaceKind::query);
  }
}

Result<Place> Namespace::child_of_recent(const Place& folder, std::string_view name) {
  for (const RecentQuery& recent : folder.archive->recent_queries.all()) {
    if (recent.name == name && !is_kept(*folder.archive, recent)) return recent_link(folder, recent);
  }
  return no_such(folder, name);
}

FolderContents Namespace::contents_of_recent(const Place& folder) {
  FolderContents out;
  for (const RecentQuery& recent : folder.archive->recent_queries.all()) {
    if (!is_kept(*folder.archive, recent)) out.items.push_back(item_for(recent_link(folder, recent), recent.name));
  }
  out.version = version_of(out.items);
  return out;
}

bool Namespace::is_unsaved_query(const Place& place) {
  return place.kind == PlaceKind::query && !place.archive->saved_queries.shows(path_in_archive(place));
}

void Namespace::remember_query(const Place& in_it) {
  if (!in_it.query) return;
  const std::string_view question = question_of(path_in_archive(in_it));
  if (in_it.archive->saved_queries.shows(question)) return;
  in_it.archive->recent_queries.note(in_it.query->canonical(), question);
}

Result<Place> Namespace::make_folder(const Place& folder, std::string_view name, Patience patience) const {
  if (!takes_queries(folder) || !vo::looks_like_term(name)) {
    return fail(Code::read_only,
                "mkdir keeps a question, such as pos=156.01,48.14, in an archive's folder or below "
                "another question; nothing else can be made here");
  }
  Result<Place> place = child(folder, name, patience);
  if (!place) return place;
  if (patience == nullptr) return fail(Code::would_wait, "what is kept is written to disk first");
  if (Result<void> saved = folder.archive->saved_queries.save(path_in_archive(*place)); !saved) {
    return fail(std::move(saved).error());
  }
  return place;
}

Result<Place> Namespace::remove_folder(const Place& folder, std::string_view name) const {
  if (!takes_queries(folder) || !vo::looks_like_term(name)) {
    return fail(Code::read_only, "only questions that were kept with mkdir can be removed");
  }
  Place place = below(folder, name, PlaceKind::query);
  if (Result<void> removed = folder.archive->saved_queries.remove(path_in_archive(place)); !removed) {
    return fail(std::move(removed).error());
  }
  return place;
}

}  // namespace skymount::fs
