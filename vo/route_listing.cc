// SPDX-License-Identifier: MIT
#include "vo/route_listing.h"

#include "cache/base/text.h"
#include "cache/content_id.h"
#include "vo/dataset_names.h"
#include "vo/http/url.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace skymount::vo {
namespace {

// What a links document calls itself (IVOA DataLink 1.1, section 3.1).
constexpr const char* kLinksType = "application/x-votable+xml;content=datalink";

/// One row as the values of the templates' holes: its columns, and what the path holds.
class RowWords {
 public:
  RowWords(const Table& table, const RouteCall& call) : table_(table), call_(call) {}
  void at(std::size_t row) { row_ = row; }

  std::string operator()(std::string_view column) const {
    if (const auto found = table_.meta.column(column)) return std::string(trim(to_text(table_.cell(row_, found))));
    for (const auto& [name, value] : call_.values)
      if (name == column) return value;
    return "";
  }
  std::string fill(const std::string& text) const {
    if (text.empty()) return "";
    RouteCall words;
    const Result<std::vector<std::string>> holes = holes_of(text);
    if (!holes) return "";
    for (const std::string& hole : *holes) words.values.emplace_back(hole, (*this)(hole));
    return filled(text, words);
  }

 private:
  const Table& table_;
  const RouteCall& call_;
  std::size_t row_ = 0;
};

/// What names its bytes wherever they are met. An id alone will not do: archives number the rows of each answer from 1,
/// and those of each table; nor will the address, in which a parameter that looks like a signature is left out.
std::string identity_of(const Route& route, const std::string& id, const std::string& url) {
  const Result<Url> parsed = Url::parse(url);
  return "row:" + route.written + "\n" + id + "\n" + (parsed ? parsed->without_signature() : url);
}

std::optional<double> mjd_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (const std::optional<double> number = to_number(Value(text))) return number;
  const Result<Interval> time = parse_time(text);
  return time && std::isfinite(time->low) ? std::optional(time->low) : std::nullopt;
}

Entry entry_of(const Route& route, const RowWords& words) {
  Entry out;
  out.url = words.fill(route.url);
  const std::string id = words.fill(route.id);
  out.identity = identity_of(route, id, out.url);
  out.content_type = words.fill(route.content_type);
  out.size_estimate = bytes_of_size(words.fill(route.size));
  out.date_mjd = mjd_of(words.fill(route.date));
  if (const std::string group = words.fill(route.group); !group.empty()) out.folder = group;
  LinkNaming naming;
  naming.configured = words.fill(route.name);
  for (const char* column : {"eso_origfile", "origfile", "original_filename", "filename"})
    if (naming.file_name.empty()) naming.file_name = words(column);
  naming.url = out.url;
  naming.id = id;
  naming.content_type = out.content_type;
  out.name = link_name(naming);
  out.local_semantics = id;
  return out;
}

/// Groups get safe names, one each, which yield to ours: what is hidden behind README.txt nobody finds.
void name_groups(std::vector<Entry>& files) {
  std::map<std::string, std::string> names;
  for (const Entry& file : files)
    if (!file.folder.empty()) names[file.folder];
  std::vector<NameWish> wishes;
  for (const auto& [group, ignored] : names) wishes.push_back({safe_name(group), group, ""});
  const std::vector<std::string> unique = unique_names(wishes, Suffix::at_end);
  std::size_t next = 0;
  for (auto& [ignored, name] : names) name = unique[next++];
  for (Entry& file : files)
    if (!file.folder.empty()) file.folder = names[file.folder];
}

/// Names unique in their group; a file's name yields to groups of that name and to ours.
void name_files(std::vector<Entry>& files) {
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < files.size(); ++i) groups[files[i].folder].push_back(i);
  for (const auto& [group, members] : groups) {
    std::unordered_map<std::string_view, std::size_t> files_of_id;
    for (const std::size_t i : members) ++files_of_id[files[i].local_semantics];
    std::vector<NameWish> wishes;
    for (const std::size_t i : members) {
      const std::string& id = files[i].local_semantics;
      // Twins keep their names when the archive moves its files, as long as the id tells them apart.
      const bool by_id = !id.empty() && files_of_id[id] == 1;
      wishes.push_back({files[i].name, by_id ? id : files[i].identity, id});
    }
    std::vector<std::string> taken;
    if (group.empty())
      for (const auto& [other, ignored] : groups)
        if (!other.empty()) taken.push_back(other);
    const std::vector<std::string> names = unique_names(wishes, Suffix::before_extension, taken);
    for (std::size_t n = 0; n < members.size(); ++n) files[members[n]].name = names[n];
  }
}

void make_files(Listing& listing, const Route& route, const RouteCall& call) {
  RowWords words(listing.table, call);
  std::unordered_set<std::string> seen;
  std::size_t nameless = 0;
  for (std::size_t row = 0; row < listing.table.size(); ++row) {
    words.at(row);
    Entry entry = entry_of(route, words);
    if (entry.url.empty()) {
      ++nameless;
      continue;
    }
    if (seen.insert(entry.folder + "\n" + entry.identity).second) listing.files.push_back(std::move(entry));
  }
  name_groups(listing.files);
  name_files(listing.files);
  listing.files_by_name.resize(listing.files.size());
  std::iota(listing.files_by_name.begin(), listing.files_by_name.end(), 0U);
  std::sort(listing.files_by_name.begin(), listing.files_by_name.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Entry &left = listing.files[a], &right = listing.files[b];
    return std::tie(left.folder, left.name) < std::tie(right.folder, right.name);
  });
  if (nameless == 0) return;
  std::string told = std::to_string(nameless) + " of " + std::to_string(listing.table.size()) +
                     " rows name no file; they are in results.csv.";
  // An answer that was remembered may have it already.
  const auto said = [&](const Shortfall& shortfall) { return shortfall.words == told; };
  if (std::none_of(listing.shortfalls.begin(), listing.shortfalls.end(), said))
    listing.shortfalls.push_back({Shortfall::Kind::remark, std::move(told)});
}

/// What the configuration makes of a row: what was made otherwise is made anew.
std::string way_of(const Route& route) {
  std::string out;
  for (const std::string* part :
       {&route.name, &route.id, &route.url, &route.links, &route.size, &route.group, &route.date, &route.content_type})
    out += *part + "\n";
  return out;
}

void make_route_datasets(Listing& listing, const Route& route, const RouteCall& call) {
  RowWords words(listing.table, call);
  const Result<NameTemplate> naming = NameTemplate::parse(route.name);
  std::unordered_map<std::string, std::size_t> known;
  std::vector<NameWish> wishes;
  std::vector<DatasetDraft> datasets;
  for (std::uint32_t row = 0; row < listing.table.size(); ++row) {
    words.at(row);
    DatasetDraft dataset;
    const std::string links = words.fill(route.links);
    dataset.publisher_did = words.fill(route.id);
    dataset.access_url = links.empty() ? words.fill(route.url) : links;
    dataset.access_format = links.empty() ? words.fill(route.content_type) : kLinksType;
    dataset.rows = {row};
    dataset.size_estimate = bytes_of_size(words.fill(route.size));
    dataset.t_min_mjd = mjd_of(words.fill(route.date));
    const std::string key = dataset.publisher_did + "\n" + dataset.access_url;
    const auto [place, is_new] = known.try_emplace(key, datasets.size());
    if (!is_new) {
      datasets[place->second].rows.push_back(row);
      continue;
    }
    const std::string id = dataset.publisher_did.empty() ? dataset.access_url : dataset.publisher_did;
    std::string name = route.name.empty() || !naming
                           ? safe_name(id_tail(id), kMaxDatasetName)
                           : naming->name_of([&](std::string_view column) { return words(column); });
    wishes.push_back({std::move(name), key, id_tail(id)});
    datasets.push_back(std::move(dataset));
  }
  const std::vector<std::string> names = unique_dataset_names(wishes);
  for (std::size_t i = 0; i < names.size(); ++i) datasets[i].name = names[i];
  listing.datasets = PackedDatasets::of(datasets, way_of(route));
}

}  // namespace

Listing build_route_listing(ListingParts parts, const Route& route) {
  Listing listing;
  listing.query = std::move(parts.query);
  listing.adql = std::move(parts.adql);
  listing.service_url = std::move(parts.service_url);
  listing.asked_at = parts.asked_at;
  listing.shortfalls = std::move(parts.shortfalls);
  listing.table = std::move(parts.table);
  const RouteCall call = listing.query.route.value_or(RouteCall{});
  if (route.rows == Route::Rows::files) make_files(listing, route, call);
  if (route.rows == Route::Rows::datasets) {
    const bool named = !parts.datasets.empty() && parts.datasets.name_template() == way_of(route);
    if (named) listing.datasets = std::move(parts.datasets);
    if (!named) make_route_datasets(listing, route, call);
  }
  listing.rows_hash = parts.rows_hash != 0 ? parts.rows_hash : cache::hash64(as_text(listing.table.pack()));
  // What the configuration makes of a row is part of what the folder shows.
  const std::string stamp = listing.query.canonical() + "\n" + listing.adql + "\n" + way_of(route) +
                            std::to_string(listing.asked_at.time_since_epoch().count()) + "\n";
  listing.version = cache::hash64(stamp + std::to_string(listing.rows_hash));
  return listing;
}

Result<Entry> service_entry(const Route& route, const RouteCall& call, std::string_view name) {
  Entry out;
  // In a URL, what was typed is data as well: it fills one place of the path or of a parameter.
  RouteCall encoded = call;
  for (auto& [hole, value] : encoded.values) value = percent_encode(value);
  out.service = ServiceCall{filled(route.url, encoded), {}};
  for (const auto& [key, value] : route.params) out.service->parameters.emplace_back(key, filled(value, call));
  if (Result<Url> url = Url::parse(out.service->access_url); !url) return fail(url.error().during(route.where));
  out.name = name;
  out.content_type = filled(route.content_type, call);
  for (const auto& [key, value] : out.service->parameters)
    if (out.content_type.empty() && (same_word(key, "FORMAT") || same_word(key, "RESPONSEFORMAT")))
      out.content_type = value;
  out.identity = "service:" + out.service->access_url;
  for (const auto& [key, value] : out.service->parameters) out.identity += "\n" + key + "=" + value;
  out.description = route.description;
  return out;
}

Entry table_entry(const Route& route, const RouteCall& call, std::string_view format, bool incomplete) {
  Entry out;
  out.table = TableCall{call, std::string(format), incomplete};
  const std::string stem = route.path.back().prefix;
  out.name = stem + (incomplete ? ".INCOMPLETE." : ".") + std::string(format);
  Query query;
  query.route = call;
  out.identity = "table:" + query.canonical() + "\n" + cache::hash_hex(route_adql(route, call).value_or("")) + "\n" +
                 std::string(format) + (incomplete ? "\nincomplete" : "");
  out.content_type = format == "vot"    ? "application/x-votable+xml"
                     : format == "fits" ? "application/fits"
                     : format == "tsv"  ? "text/tab-separated-values"
                                        : "text/csv";
  out.description = route.description;
  return out;
}

std::optional<TableName> table_name(std::string_view stem, std::string_view name) {
  if (!name.starts_with(stem)) return std::nullopt;
  name.remove_prefix(stem.size());
  if (name == ".INCOMPLETE.csv") return TableName{"csv", true};
  for (const std::string_view format : kTableFormats)
    if (name.size() == format.size() + 1 && name.front() == '.' && name.substr(1) == format)
      return TableName{std::string(format), false};
  return std::nullopt;
}

}  // namespace skymount::vo
