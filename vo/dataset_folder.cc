// SPDX-License-Identifier: MIT
#include "vo/dataset_folder.h"

#include "cache/base/text.h"
#include "vo/entry_names.h"
#include "vo/file_names.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/discovery.h"
#include "vo/protocol/soda.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <map>

namespace skymount::vo {
namespace {

constexpr double kUnixEpochMjd = 40587;

std::string dataset_id(const Listing& listing, const Dataset& dataset) {
  if (!dataset.publisher_did.empty() || dataset.rows.empty()) return std::string(dataset.publisher_did);
  return listing.table.text(dataset.rows.front(), "obs_id");
}

/// Entries before they have names, and what tells them apart.
class FolderBuilder {
 public:
  FolderBuilder(const Listing& listing, const Dataset& dataset, WallTime now, LinksWay way = {})
      : listing_(listing),
        dataset_(dataset),
        id_(dataset_id(listing, dataset)),
        embargo_(embargo_of(listing, dataset, now)),
        way_(std::move(way)) {
    folder_.asked_at = now;
    if (!way_.documents.empty()) folder_.source = way_.documents.back();
  }

  void add_links(const LinksAnswer& answer, const Url& base) {
    for (const Link& link : answer.links) add_link(link, answer, base);
    // Descriptors that no row refers to serve the dataset as a whole.
    for (const ServiceDescriptor& service : answer.table.meta.services) {
      const auto refers = [&](const Link& link) { return !service.id.empty() && link.service_def == service.id; };
      if (std::any_of(answer.links.begin(), answer.links.end(), refers)) continue;
      if (takes_parameters(service)) add_service(service, answer.table, 0, base);
    }
    if (only_jobs_ && folder_.services.empty()) {
      folder_.faults.push_back(
          {id_, "#proc", "the archive's service for this dataset only runs jobs, which are not asked for"});
    }
    if (answer.overflow) {
      folder_.faults.push_back({id_, "", "the archive truncated its list of links; there are more"});
    }
    if (!answer.failure.empty()) fault({id_, "", std::string(kBrokeOff) + ": " + answer.failure});
  }

  /// Descriptors of the query's answer, with inputs from the dataset's row.
  void add_services_of_query() {
    const Result<Url> base = Url::parse(listing_.service_url);
    if (!base || dataset_.rows.empty()) return;
    for (const ServiceDescriptor& service : listing_.table.meta.services) {
      // Without an input of the row it is about no dataset.
      const auto of_row = [](const Field& input) { return !input.ref.empty(); };
      const bool about_it =
          kind_of(service) == ServiceKind::soda || std::any_of(service.inputs.begin(), service.inputs.end(), of_row);
      if (takes_parameters(service) && about_it) add_service(service, listing_.table, dataset_.rows.front(), *base);
    }
  }

  void add_file_of_row() {
    if (dataset_.access_url.empty()) {
      folder_.faults.push_back({id_, "#this", "the archive gives no access_url for this dataset"});
      return;
    }
    Entry entry;
    entry.url = dataset_.access_url;
    entry.semantics = "#this";
    entry.content_type = dataset_.access_format;
    entry.size_estimate = dataset_.size_estimate;
    entry.error = embargo_;
    // The file is its URL: other rows may lead to it under other ids.
    add({std::move(entry), "", "url:" + stable_url(dataset_.access_url)});
  }

  /// Each row of the dataset as a file: the same spectrum in several formats (SSA).
  void add_files_of_rows() {
    const auto cell = [&](std::uint32_t row, const char* column) {
      return std::string(trim(listing_.table.text(row, column)));
    };
    std::set<std::string> seen;
    for (const std::uint32_t row : dataset_.rows) {
      Entry entry;
      entry.url = cell(row, "access_url");
      if (entry.url.empty() || !seen.insert(entry.url).second) continue;
      entry.semantics = "#this";
      entry.content_type = cell(row, "access_format");
      entry.description = cell(row, "calibration");
      const auto kilobytes = to_number(listing_.table.cell(row, "access_estsize"));
      if (kilobytes && *kilobytes > 0 && *kilobytes < 9e12)
        entry.size_estimate = static_cast<std::uint64_t>(*kilobytes * 1000);
      entry.error = embargo_;
      const std::string identity = "url:" + stable_url(entry.url);
      add({std::move(entry), "", identity});
    }
  }

  void fault(LinkFault fault) { folder_.faults.push_back(std::move(fault)); }
  bool has_files() const { return !drafts_.empty(); }

  DatasetFolder finish(std::string links_document) {
    folder_.entries = named_entries(std::move(drafts_), id_, way_.reserved);
    tell_routes_apart();
    folder_.links_document = std::move(links_document);
    return std::move(folder_);
  }

 private:
  void add(EntryDraft draft) {
    if (draft.entry.links_document && !may_follow(draft.entry)) return;
    // What a nested document lists often belongs to many datasets (calibrations of a night): it is its URL.
    if (way_.nested() && draft.identity.empty()) draft.identity = nested_identity(draft.entry);
    drafts_.push_back(std::move(draft));
  }

  /// What a route takes for an id may be the number of a row: other routes and other values have that, too. An IVOA
  /// identifier is one and the same in the world.
  void tell_routes_apart() {
    if (!listing_.query.route || id_.starts_with("ivo:")) return;
    const std::string whose = "\n" + listing_.query.route->route + "\n" + stable_url(std::string(dataset_.access_url));
    for (Entry& entry : folder_.entries)
      if (entry.identity.starts_with("link:")) entry.identity += whose;
  }

  std::string nested_identity(const Entry& entry) const {
    if (!entry.service) return "url:" + stable_url(entry.url);
    return "service:" + way_.documents.back() + "\n" + entry.semantics + "\n" + entry.local_semantics + "\n" +
           stable_url(entry.url);
  }

  /// Whether a link to a links document becomes a folder; the fault says why not.
  bool may_follow(const Entry& entry) {
    const Result<Url> url = Url::parse(entry.url);
    const std::string address = url ? document_address(*url) : entry.url;
    const bool again = std::find(way_.documents.begin(), way_.documents.end(), address) != way_.documents.end();
    if (!again && way_.documents.size() <= kDeepestLinks) return true;
    const std::string where = url ? url->redacted() : words_of(entry.url, 200);
    folder_.faults.push_back({id_, entry.semantics,
                              again ? "a link back to a links document on the way here is not followed again: " + where
                                    : "a links document more than " + std::to_string(kDeepestLinks) +
                                          " levels deep is not followed: " + where});
    return false;
  }

  void add_link(const Link& link, const LinksAnswer& answer, const Url& base) {
    if (!link.error_message.empty() || link.semantics == "#error") {
      const std::string words = link.error_message.empty() ? link.description : link.error_message;
      folder_.faults.push_back({link.id, link.semantics, words_of(words)});
      return;
    }
    Entry entry;
    entry.semantics = link.semantics;
    entry.description = link.description;
    entry.content_type = link.content_type;
    entry.local_semantics = link.local_semantics;
    entry.content_qualifier = link.content_qualifier;
    entry.size_estimate = link.content_length;
    if (link.forbidden) {
      entry.error = link.needs_login ? "the archive says that this link needs a login with the right to it"
                                     : "the archive says that this link is not open to you";
    }
    if (link.semantics == "#this") {
      if (!entry.size_estimate) entry.size_estimate = dataset_.size_estimate;
      if (entry.error.empty()) entry.error = embargo_;
    }
    const bool served = !link.service_def.empty() && add_service_row(link, entry, answer, base);
    // A cutout service's own URL delivers everything when it is called without parameters: it is no file.
    if (served && (link.access_url.empty() || is_service(link.semantics))) return;
    if (link.access_url.empty()) {
      if (link.service_def.empty()) fault({link.id, link.semantics, "a link without URL, service or reason"});
      return;
    }
    const Result<Url> absolute = Url::parse(link.access_url);
    const Result<Url> resolved = absolute ? absolute : base.resolve(link.access_url);
    if (!resolved) {
      folder_.faults.push_back({link.id, link.semantics, "a link that is no URL: " + words_of(link.access_url, 200)});
      return;
    }
    entry.url = absolute ? link.access_url : resolved->text();
    entry.links_document = is_datalink_type(link.content_type) || way_.unmarked.contains(document_address(*resolved));
    if (entry.links_document) entry.size_estimate.reset();
    add({std::move(entry), link.file_name, {}});
  }

  /// A row that points at a service: a cutout service, a nested links document or a computed file. False when the
  /// descriptor is missing or unusable; the reason is then a fault.
  bool add_service_row(const Link& link, const Entry& draft, const LinksAnswer& answer, const Url& base) {
    const auto& services = answer.table.meta.services;
    const auto it = std::find_if(services.begin(), services.end(), [&](auto& s) { return s.id == link.service_def; });
    if (it == services.end()) {
      folder_.faults.push_back(
          {link.id, link.semantics, "the service " + words_of(link.service_def, 100) + " is not described"});
      return false;
    }
    const ServiceKind kind = kind_of(*it);
    const Result<BoundService> bound = bind_service(*it, answer.table, link.row, base);
    if (!bound) {
      folder_.faults.push_back({link.id, link.semantics, bound.error().what()});
      return false;
    }
    if (is_service(link.semantics) && kind == ServiceKind::other && !takes_parameters(*it)) {
      only_jobs_ = true;
      return true;
    }
    if (kind == ServiceKind::soda || (is_service(link.semantics) && !bound->open.empty())) {
      return add_service(*it, answer.table, link.row, base, link.description);
    }
    // What it makes by itself is a file; what else it can make is asked for by name.
    if (has_choice(*bound) && takes_parameters(*it)) add_service(*it, answer.table, link.row, base, link.description);
    Entry entry = draft;
    entry.service = ServiceCall{bound->access_url, with_id(*bound)};
    if (const Result<Url> url = Url::parse(bound->access_url))
      entry.url = url->with_parameters(entry.service->parameters).text();
    if (entry.content_type.empty()) entry.content_type = it->content_type;
    entry.links_document = kind == ServiceKind::datalink || is_datalink_type(entry.content_type);
    // Beside a URL of the row's own it is another thing (a tar file, and what is in it): it gets the service's name.
    const std::string name = link.access_url.empty() ? link.file_name : safe_name(it->name.empty() ? it->id : it->name);
    if (!link.access_url.empty()) entry.local_semantics = name;
    add({std::move(entry), name, {}});
    return true;
  }

  /// Whether anything is left to whoever asks.
  static bool has_choice(const BoundService& bound) {
    return std::any_of(bound.open.begin(), bound.open.end(), [](const Field& input) { return input.value.empty(); });
  }

  Parameters with_id(const BoundService& bound) const {
    Parameters fixed = bound.fixed;
    if (bound.id_missing) fixed.emplace_back("ID", id_);
    return fixed;
  }

  bool add_service(const ServiceDescriptor& service, const Table& table, std::size_t row, const Url& base,
                   std::string description = {}) {
    const Result<BoundService> bound = bind_service(service, table, row, base);
    if (!bound || (kind_of(service) == ServiceKind::other && bound->open.empty())) return false;
    DatasetFolder::CutoutService out{
        service.name,      description.empty() ? service.description : std::move(description),
        bound->access_url, service.content_type,
        with_id(*bound),   bound->open};
    const auto same = [&](const auto& s) { return s.access_url == out.access_url && s.fixed == out.fixed; };
    if (std::none_of(folder_.services.begin(), folder_.services.end(), same))
      folder_.services.push_back(std::move(out));
    return true;
  }

  const Listing& listing_;
  const Dataset& dataset_;
  const std::string id_, embargo_;
  const LinksWay way_;
  DatasetFolder folder_;
  bool only_jobs_ = false;  ///< there is a service that answers no GET
  std::vector<EntryDraft> drafts_;
};

}  // namespace

std::string embargo_of(const Listing& listing, const Dataset& dataset, WallTime now) {
  if (dataset.rows.empty()) return {};
  const std::uint32_t row = dataset.rows.front();
  const std::string rights = lower(listing.table.text(row, "data_rights"));
  if (rights == "public") return {};
  const std::string release = listing.table.text(row, "obs_release_date");
  const double today = kUnixEpochMjd + static_cast<double>(now.time_since_epoch().count()) / 86'400'000.0;
  const std::optional<double> open_from = iso_to_mjd(release);
  if (open_from && *open_from > today) {
    // The year 3000 stands for "no date yet" (ALMA).
    if (release.starts_with("3000")) return "not public yet; the archive names no date";
    return "not public before " + mjd_to_date(*open_from) + " (obs_release_date)";
  }
  if (!open_from && (rights == "proprietary" || rights == "secure"))
    return "not public (data_rights is " + rights + ")";
  return {};
}

DatasetFolder folder_of_file(const Listing& listing, const Dataset& dataset, WallTime now) {
  FolderBuilder builder(listing, dataset, now);
  if (dataset.rows.size() > 1 && rows_are_files(listing.table.meta))
    builder.add_files_of_rows();
  else
    builder.add_file_of_row();
  builder.add_services_of_query();
  return builder.finish({});
}

std::string document_address(const Url& url) {
  const std::string text = url.without_signature();
  return percent_decode(text).value_or(text);
}

DatasetFolder folder_of_links(const Listing& listing, const Dataset& dataset, const LinksAnswer& answer,
                              std::string_view document, const Url& base, const LinksWay& way, WallTime now) {
  FolderBuilder builder(listing, dataset, now, way);
  if (!way.nested()) builder.add_services_of_query();
  builder.add_links(answer, base);
  // A links service that does not know the id must not hide the file that the row names.
  const Result<Url> access = Url::parse(dataset.access_url);
  const bool row_is_file = !way.nested() && access && !is_datalink_type(dataset.access_format) &&
                           (way.documents.empty() || document_address(*access) != way.documents.front());
  if (!builder.has_files() && row_is_file) builder.add_file_of_row();
  if (answer.links.empty()) {
    // Archives also answer so when a right is missing (ALMA): an empty folder would pass for "no data".
    builder.fault({std::string(dataset.publisher_did), "",
                   "the archive lists no links here: it has none, or they are not open to you"});
  }
  return builder.finish(shown_links(answer.table, document));
}

}  // namespace skymount::vo
