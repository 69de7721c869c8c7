// SPDX-License-Identifier: MIT
#include "fs/xattrs.h"

#include "fs/tree/readable.h"
#include "vo/http/url.h"

namespace skymount::fs {
namespace {

std::string address_of(const vo::Entry& entry) {
  Result<vo::Url> url = vo::Url::parse(entry.service ? entry.service->access_url : entry.url);
  if (!url) return "";
  return (entry.service ? url->with_parameters(entry.service->parameters) : *url).redacted();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> xattrs_of(const Node& node, const cache::BlockCache& blocks,
                                                           const ErrorJournal& journal) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out.emplace_back("user.skymount." + std::string(name), readable(value));
  };
  const Place& place = node.place;
  if (place.query) add("query", place.query->canonical());
  if (place.kind == PlaceKind::data) {
    const vo::Entry& entry = *place.entry;
    const vo::KnownFile known = place.archive->sources.known(entry);
    const Attributes attributes = attributes_of(node, blocks, {});
    add("url", address_of(entry));
    add("semantics", entry.semantics);
    add("description", entry.description);
    add("content_type", known.content_type.empty() ? entry.content_type : known.content_type);
    add("size", attributes.exact ? "exact" : "estimate");
    add("etag", known.etag);
    add("filename", known.filename);
    add("cached", std::to_string(attributes.cached_bytes));
    if (entry.service) add("made_by", "archive");
    if (!entry.error.empty()) add("error", entry.error);
  }
  add("error", journal.last_for(node.ino));
  return out;
}

}  // namespace skymount::fs
