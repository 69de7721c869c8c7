// SPDX-License-Identifier: MIT
#include "fs/xattrs.h"

#include "fs/tree/readable.h"
#include "vo/http/url.h"
#include "vo/local_cutouts.h"

namespace skymount::fs {
namespace {

// The kernel takes values of up to 64 KiB (XATTR_SIZE_MAX), ext4 keeps some 4 KB for all of a file together. Archive
// text longer than this is cut, so that `cp -a` and `rsync -X` can carry the rest along.
constexpr std::size_t kMostValue = 2000;

std::string address_of(const vo::Entry& entry) {
  Result<vo::Url> url = vo::Url::parse(entry.service ? entry.service->access_url : entry.url);
  if (!url) return "";
  return (entry.service ? url->with_parameters(entry.service->parameters) : *url).redacted();
}

std::string bounded(std::string text) {
  if (text.size() <= kMostValue) return text;
  std::size_t end = kMostValue;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // between two characters
  return text.substr(0, end) + "...";
}

/// What one node says of itself, in the order of docs/SEMANTICS.md.
class Attributed {
 public:
  void add(std::string_view name, std::string_view value) {
    if (!value.empty()) all_.emplace_back("user.skymount." + std::string(name), bounded(readable(value)));
  }
  Xattrs take() && { return std::move(all_); }

 private:
  Xattrs all_;
};

vo::ListingPtr listing_behind(const Place& place) {
  if (place.listing || !place.query) return place.listing;
  return place.archive->catalog.listing_in_memory(*place.query);
}

/// Is any of the answers that led here past its time, shown because its archive cannot be reached?
bool is_stale(const Place& place, const vo::ListingPtr& listing) {
  if (listing && listing->stale) return true;
  if (place.kind == PlaceKind::data && place.archive->sources.known(*place.entry).stale) return true;
  if (!place.listing || place.dataset >= place.listing->datasets.size()) return false;
  const vo::DatasetFolderPtr links = place.archive->catalog.folder_in_memory(*place.listing, place.dataset_row());
  return links && links->stale;
}

void add_data(Attributed& out, const Node& node, const Attributes& attributes) {
  const vo::Entry& entry = *node.place.entry;
  const vo::KnownFile known = node.place.archive->sources.known(entry);
  out.add("url", address_of(entry));
  out.add("semantics", entry.semantics);
  out.add("description", entry.description);
  out.add("content_type", known.content_type.empty() ? entry.content_type : known.content_type);
  out.add("size", attributes.exact ? "exact" : "estimate");
  out.add("etag", known.etag);
  out.add("filename", known.filename);
  if (known.learned_at) out.add("fetched", utc_text(*known.learned_at));
  out.add("cached", std::to_string(attributes.cached_bytes));
  if (vo::is_made_here(known.version) || (entry.local && !entry.service))
    out.add("made_by", std::string("skymount ") + SKYMOUNT_VERSION);
  else if (entry.service && !known.version.empty())  // nobody has made what was never there
    out.add("made_by", "archive");
}

}  // namespace

Xattrs xattrs_of(const Node& node, const cache::BlockCache& blocks, const ErrorJournal& journal) {
  Attributed out;
  const Place& place = node.place;
  const vo::ListingPtr listing = listing_behind(place);
  if (place.query) out.add("query", place.query->canonical());
  if (place.kind == PlaceKind::data) {
    add_data(out, node, attributes_of(node, blocks, {}));
  } else if (listing) {
    out.add("fetched", utc_text(listing->asked_at));
  }
  // What went wrong last says more than what was known beforehand.
  const std::string failure = journal.last_for(node.ino);
  out.add("error", failure.empty() && place.entry ? place.entry->error : failure);
  if (is_stale(place, listing)) out.add("stale", "yes");
  return std::move(out).take();
}

}  // namespace skymount::fs
