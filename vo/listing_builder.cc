// SPDX-License-Identifier: MIT
#include "vo/listing_builder.h"

#include "cache/base/log.h"
#include "cache/base/text.h"
#include "cache/content_id.h"
#include "vo/archive_options.h"
#include "vo/dataset_names.h"
#include "vo/protocol/discovery.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>

namespace skymount::vo {
namespace {

std::optional<std::uint64_t> size_in_bytes(const Value& kilobytes) {
  const std::optional<double> number = to_number(kilobytes);
  // Zero is how many services write "unknown". kbyte is decimal (ObsCore 1.1); 9e12 kB is beyond any product.
  if (!number || !(*number > 0) || *number > 9e12) return std::nullopt;
  return static_cast<std::uint64_t>(*number * 1000);
}

/// The columns that datasets are made of, looked up once.
struct Columns {
  explicit Columns(const TableMeta& meta)
      : did(meta.column("obs_publisher_did")),
        obs_id(meta.column("obs_id")),
        url(meta.column("access_url")),
        format(meta.column("access_format")),
        size(meta.column("access_estsize")),
        t_min(meta.column("t_min")),
        type(meta.column("dataproduct_type")) {}
  std::optional<std::size_t> did, obs_id, url, format, size, t_min, type;
};

const Value& cell(const Row& cells, std::optional<std::size_t> column) {
  static const Value null;
  return column && *column < cells.size() ? cells[*column] : null;
}

std::string trimmed_cell(const Row& cells, std::optional<std::size_t> column) {
  return std::string(trim(to_text(cell(cells, column))));
}

/// All but name and rows.
DatasetDraft to_dataset(const Row& cells, const Columns& columns) {
  DatasetDraft dataset;
  const auto text = [&](std::optional<std::size_t> column) { return trimmed_cell(cells, column); };
  dataset.publisher_did = text(columns.did);
  dataset.access_url = text(columns.url);
  dataset.access_format = text(columns.format);
  dataset.product_type = text(columns.type);
  dataset.size_estimate = size_in_bytes(cell(cells, columns.size));
  const std::optional<double> t_min = to_number(cell(cells, columns.t_min));
  if (t_min && std::isfinite(*t_min)) dataset.t_min_mjd = t_min;
  return dataset;
}

/// What makes a row the same dataset as another. Rows without id and URL have nothing but their obs_id.
std::string key_of(const DatasetDraft& dataset, const Row& cells, const Columns& columns, bool rows_are_files) {
  if (rows_are_files && !dataset.publisher_did.empty()) return dataset.publisher_did;
  std::string key = dataset.publisher_did + "\n" + dataset.access_url;
  if (key.size() > 1) return key;
  return key + "\n" + to_text(cell(cells, columns.obs_id));
}

NameTemplate template_of(const std::string& text) {
  Result<NameTemplate> parsed = NameTemplate::parse(text);
  if (parsed) return std::move(*parsed);
  log(LogLevel::warning, "[naming] dataset: " + parsed.error().what() + "; the default is used");
  return std::move(NameTemplate::parse(ArchiveOptions::Naming{}.dataset).value());
}

std::string iso_time(WallTime time) {
  // 40587: the MJD of 1970-01-01.
  const double mjd = 40587 + static_cast<double>(time.time_since_epoch().count()) / 86'400'000.0;
  return mjd_to_iso(mjd).substr(0, 19) + "Z";
}

/// Groups the rows into datasets and names these.
PackedDatasets make_datasets(const Listing& listing, const std::string& name_template) {
  const Table& table = listing.table;
  const Columns columns(table.meta);
  const NameTemplate names = template_of(name_template);
  std::map<std::string, std::optional<std::size_t>, std::less<>> naming;
  for (const std::string& column : names.columns()) naming[column] = table.meta.column(column);
  const bool files = rows_are_files(table.meta);
  std::unordered_map<std::string, std::uint32_t> known;
  std::vector<NameWish> wishes;
  std::vector<DatasetDraft> datasets;
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    const Row cells = table.row(row);
    DatasetDraft dataset = to_dataset(cells, columns);
    dataset.rows = {row};
    std::string key = key_of(dataset, cells, columns, files);
    const auto [place, is_new] = known.try_emplace(key, static_cast<std::uint32_t>(datasets.size()));
    if (!is_new) {
      datasets[place->second].rows.push_back(row);
      continue;
    }
    std::string name = names.name_of([&](std::string_view column) {
      const auto known_column = naming.find(column);
      return known_column == naming.end() ? std::string() : trimmed_cell(cells, known_column->second);
    });
    wishes.push_back({std::move(name), std::move(key), id_tail(dataset.publisher_did)});
    datasets.push_back(std::move(dataset));
  }
  if (datasets.empty() && !listing.links_id.empty()) {
    DatasetDraft dataset;
    dataset.publisher_did = listing.links_id;
    wishes.push_back({safe_name(id_tail(listing.links_id), kMaxDatasetName), listing.links_id, listing.links_id});
    datasets.push_back(std::move(dataset));
  }
  // Twins are told apart by their id where that can do it: URLs come and go, and names shall stay.
  std::unordered_map<std::string, unsigned> rows_of_id;
  for (const DatasetDraft& dataset : datasets) ++rows_of_id[dataset.publisher_did];
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const std::string& did = datasets[i].publisher_did;
    if (!did.empty() && rows_of_id[did] == 1) wishes[i].identity = did;
  }
  std::vector<std::string> unique = unique_dataset_names(wishes);
  for (std::size_t i = 0; i < datasets.size(); ++i) datasets[i].name = std::move(unique[i]);
  return PackedDatasets::of(datasets, name_template);
}

}  // namespace

Listing build_listing(ListingParts parts, const std::string& name_template) {
  Listing listing;
  listing.query = std::move(parts.query);
  listing.adql = std::move(parts.adql);
  listing.service_url = std::move(parts.service_url);
  listing.asked_at = parts.asked_at;
  listing.shortfalls = std::move(parts.shortfalls);
  listing.table = std::move(parts.table);
  listing.links_id = std::move(parts.links_id);
  const bool named = !parts.datasets.empty() && parts.datasets.name_template() == name_template;
  listing.datasets = named ? std::move(parts.datasets) : make_datasets(listing, name_template);
  listing.rows_hash = parts.rows_hash != 0 ? parts.rows_hash : cache::hash64(as_text(listing.table.pack()));
  const std::string stamp = listing.query.canonical() + "\n" + listing.adql + "\n" + listing.links_id + "\n" +
                            std::to_string(listing.asked_at.time_since_epoch().count()) + "\n";
  listing.version = cache::hash64(stamp + std::to_string(listing.rows_hash));
  return listing;
}

void mark_overdue(Listing& listing, const std::optional<Error>& failure, WallTime failed_at, bool offline) {
  listing.stale = true;
  if (!failure) return;
  const bool late = failure->code() == Code::timed_out;
  std::string words = "These rows are those of " + iso_time(listing.asked_at) + " and past their time to live";
  words +=
      offline ? std::string("; mounted with --offline, nobody is asked for newer ones. A mount without it asks.")
              : ". At " + iso_time(failed_at) + " the archive was asked again, and " +
                    (late ? "has not answered in time: " : "that failed: ") + failure->what() +
                    ". What was seen stays readable meanwhile; new rows appear by themselves once the archive answers.";
  listing.version = cache::hash64(std::to_string(listing.version) + words);
  listing.shortfalls.push_back({late ? Shortfall::Kind::budget : Shortfall::Kind::unreachable, std::move(words)});
}

const Entry* Listing::file(std::string_view group, std::string_view name) const {
  const std::tuple<std::string_view, std::string_view> wanted{group, name};
  const auto words = [&](std::uint32_t i) {
    return std::tuple<std::string_view, std::string_view>{files[i].folder, files[i].name};
  };
  const auto at = std::lower_bound(files_by_name.begin(), files_by_name.end(), wanted,
                                   [&](std::uint32_t i, const auto& text) { return words(i) < text; });
  return at == files_by_name.end() || words(*at) != wanted ? nullptr : &files[*at];
}

std::uint64_t weight(const Listing& listing) {
  // 1000: a file's strings and its place in the index, as malloc rounds them up (measured).
  return 4096 + listing.datasets.weight() + listing.files.size() * 1000 + listing.table.bytes();
}

}  // namespace skymount::vo
