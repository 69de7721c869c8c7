// SPDX-License-Identifier: MIT
#include "vo/links_only.h"

#include "vo/listing_builder.h"

#include <algorithm>

namespace skymount::vo {
namespace {

/// The one id that the query asks for; empty when it asks for a pattern or anything else beside it.
std::string id_of(const Query& query) {
  const auto id = query.text.find(TextKey::id);
  if (id == query.text.end() || id->second.negated || id->second.has_wildcard()) return {};
  Query rest = query;
  rest.text.erase(TextKey::id);
  rest.limit.reset();
  // A constraint that nobody can check on links would be dropped in silence.
  return rest.empty() ? id->second.literal() : std::string{};
}

/// An answer in which every row says that there is no such thing.
bool says_not_found(const DatasetFolder& folder) {
  if (!folder.entries.empty() || !folder.services.empty()) return false;
  return std::all_of(folder.faults.begin(), folder.faults.end(), [](const LinkFault& fault) {
    return fault.fault.starts_with("NotFoundFault") || fault.semantics.empty();  // no row at all: the empty answer
  });
}

}  // namespace

Result<Listing> with_links_only(Listing listing, Archive& archive, DatasetFolders& folders, const FetchContext& ctx) {
  const std::string id = id_of(listing.query);
  const bool truncated = std::any_of(listing.shortfalls.begin(), listing.shortfalls.end(),
                                     [](const Shortfall& s) { return s.kind == Shortfall::Kind::overflow; });
  if (id.empty() || archive.options().datalink.url.empty() || truncated) return listing;
  Listing with = build_listing({.query = listing.query,
                                .adql = listing.adql,
                                .service_url = listing.service_url,
                                .asked_at = listing.asked_at,
                                .table = listing.table,
                                .shortfalls = listing.shortfalls,
                                .links_id = id},
                               archive.options().naming.dataset);
  Result<DatasetFolder> folder = archive.folder(with, with.datasets.front(), ctx);
  if (!folder) {
    const Code code = folder.error().code();
    if (code == Code::not_found || code == Code::invalid || code == Code::corrupt) return listing;
    return fail(std::move(folder).error().during("no row has this id; the links service"));
  }
  if (says_not_found(*folder)) return listing;
  folders.keep(with.datasets.front(), std::move(*folder));
  return with;
}

}  // namespace skymount::vo
