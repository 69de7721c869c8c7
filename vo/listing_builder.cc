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
Dataset to_dataset(const Row& cells, const Columns& columns) {
  Dataset dataset;
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
std::string key_of(const Dataset& dataset, const Row& cells, const Columns& columns, bool rows_are_files) {
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

std::string without_twin_suffix(const std::string& name) {
  const std::size_t tilde = name.rfind('~');
  return tilde == std::string::npos || tilde == 0 ? std::string{} : name.substr(0, tilde);
}

void index_names(Listing& listing) {
  std::unordered_map<std::string, unsigned> bases;
  for (const Dataset& dataset : listing.datasets) ++bases[without_twin_suffix(dataset.name)];
  for (std::uint32_t i = 0; i < listing.datasets.size(); ++i) {
    const std::string base = without_twin_suffix(listing.datasets[i].name);
    if (!base.empty() && bases[base] == 1) listing.by_name.emplace(base, i);
  }
  for (std::uint32_t i = 0; i < listing.datasets.size(); ++i) listing.by_name[listing.datasets[i].name] = i;
}

/// Groups the rows into datasets and names these.
void make_datasets(Listing& listing, const std::string& name_template) {
  const Table& table = listing.table;
  const Columns columns(table.meta);
  const NameTemplate names = template_of(name_template);
  std::map<std::string, std::optional<std::size_t>, std::less<>> naming;
  for (const std::string& column : names.columns()) naming[column] = table.meta.column(column);
  const bool files = rows_are_files(table.meta);
  std::unordered_map<std::string, std::uint32_t> known;
  std::vector<NameWish> wishes;
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    const Row cells = table.row(row);
    Dataset dataset = to_dataset(cells, columns);
    dataset.rows = {row};
    std::string key = key_of(dataset, cells, columns, files);
    const auto [place, is_new] = known.try_emplace(key, static_cast<std::uint32_t>(listing.datasets.size()));
    if (!is_new) {
      listing.datasets[place->second].rows.push_back(row);
      continue;
    }
    std::string name = names.name_of([&](std::string_view column) {
      const auto known_column = naming.find(column);
      return known_column == naming.end() ? std::string() : trimmed_cell(cells, known_column->second);
    });
    wishes.push_back({std::move(name), std::move(key), id_tail(dataset.publisher_did)});
    listing.datasets.push_back(std::move(dataset));
  }
  if (listing.datasets.empty() && !listing.links_id.empty()) {
    Dataset dataset;
    dataset.publisher_did = listing.links_id;
    wishes.push_back({safe_name(id_tail(listing.links_id), kMaxDatasetName), listing.links_id, listing.links_id});
    listing.datasets.push_back(std::move(dataset));
  }
  // Twins are told apart by their id where that can do it: URLs come and go, and names shall stay.
  std::unordered_map<std::string, unsigned> rows_of_id;
  for (const Dataset& dataset : listing.datasets) ++rows_of_id[dataset.publisher_did];
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const std::string& did = listing.datasets[i].publisher_did;
    if (!did.empty() && rows_of_id[did] == 1) wishes[i].identity = did;
  }
  std::vector<std::string> unique = unique_dataset_names(wishes);
  for (std::size_t i = 0; i < listing.datasets.size(); ++i) listing.datasets[i].name = std::move(unique[i]);
}

/// The same from what was remembered. False when that does not fit the rows; the listing is untouched then.
bool restore_datasets(Listing& listing, RememberedNames names) {
  const auto fits = [&](const RememberedNames::One& one) {
    return !one.rows.empty() &&
           std::all_of(one.rows.begin(), one.rows.end(), [&](std::uint32_t row) { return row < listing.table.size(); });
  };
  if (names.datasets.empty() || !std::all_of(names.datasets.begin(), names.datasets.end(), fits)) return false;
  const Columns columns(listing.table.meta);
  listing.datasets.reserve(names.datasets.size());
  for (RememberedNames::One& one : names.datasets) {
    Dataset dataset = to_dataset(listing.table.row(one.rows.front()), columns);
    dataset.name = std::move(one.name);
    dataset.rows = std::move(one.rows);
    listing.datasets.push_back(std::move(dataset));
  }
  return true;
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
  listing.named_by = name_template;
  const bool named =
      parts.names && parts.names->name_template == name_template && restore_datasets(listing, std::move(*parts.names));
  if (!named) make_datasets(listing, name_template);
  index_names(listing);
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

std::uint64_t weight(const Listing& listing) {
  // 1000: a dataset's strings, its vectors and its place in the index, as malloc rounds them up (measured).
  return 4096 + (listing.datasets.size() + listing.files.size()) * 1000 + listing.table.bytes();
}

}  // namespace skymount::vo
