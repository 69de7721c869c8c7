// SPDX-License-Identifier: MIT
#include "fs/tree/generated.h"

#include "fs/tree/error_journal.h"
#include "fs/tree/readable.h"
#include "vo/shown_table.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace skymount::fs {
namespace {

using Json = nlohmann::ordered_json;

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(double v) const { return std::isfinite(v) ? Json(v) : Json(nullptr); }  // JSON has no NaN
  Json operator()(const std::vector<double>& v) const {
    Json out = Json::array();
    for (const double d : v) out.push_back((*this)(d));
    return out;
  }
  template <class T>
  Json operator()(const T& v) const {
    return v;
  }
};

Json row_object(const vo::Table& table, std::uint32_t i, const vo::Showing& showing) {
  vo::Row row = table.row(i);
  showing.row(row);
  Json object = Json::object();
  for (std::size_t c = 0; c < showing.meta.fields.size() && c < row.size(); ++c) {
    object[showing.meta.fields[c].name] = std::visit(ToJson{}, row[c]);
  }
  return object;
}

}  // namespace

namespace {
/// Each line as people may see it; readable() would show the ends of lines as control bytes.
std::string readable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += readable(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}
}  // namespace

std::string_view file_name(GeneratedKind kind) {
  switch (kind) {
    case GeneratedKind::root_readme:
    case GeneratedKind::archive_readme:
    case GeneratedKind::query_readme:
    case GeneratedKind::route_readme:
    case GeneratedKind::cutout_readme: return "README.txt";
    case GeneratedKind::status_json: return "status.json";
    case GeneratedKind::errors_log: return "errors.log";
    case GeneratedKind::config_toml: return "config.toml";
    case GeneratedKind::results_vot: return "results.vot";
    case GeneratedKind::results_csv: return "results.csv";
    case GeneratedKind::query_adql: return "query.adql";
    case GeneratedKind::count_txt: return "COUNT.txt";
    case GeneratedKind::incomplete: return "INCOMPLETE.txt";
    case GeneratedKind::flat_errors:
    case GeneratedKind::errors_txt: return "ERRORS.txt";
    case GeneratedKind::links_vot: return "links.vot";
    case GeneratedKind::dataset_json: return "dataset.json";
    case GeneratedKind::link_report: return "";  // the configuration names it
  }
  return "";
}

std::string results_vot(const vo::Listing& listing) {
  const vo::Showing showing = vo::showing_of(listing.table);
  return vo::write_votable(listing.table, &showing);
}
std::string results_csv(const vo::Listing& listing) {
  const vo::Showing showing = vo::showing_of(listing.table);
  return vo::write_csv(listing.table, &showing);
}

std::string query_adql(const vo::Listing& listing, const vo::Resolved* resolved) {
  std::string out = "-- " + listing.query.canonical() + "\n";
  if (resolved != nullptr) out += "-- " + resolved_text(*resolved) + "\n";
  out += "-- asked of " + readable(listing.service_url) + "\n";
  out += "-- at " + utc_text(listing.asked_at) + "\n";
  return out + listing.adql + "\n";
}

std::string resolved_text(const vo::Resolved& resolved) {
  const std::string name = resolved.name.empty() ? "The object" : readable(resolved.name);
  const std::string who = resolved.resolver.empty() ? "the name resolver at " + resolved.url : resolved.resolver;
  std::string out = name + " is at " + resolved.position.canonical() + " (ICRS, degrees), says " + readable(who) +
                    ", asked at " + utc_text(resolved.asked_at);
  if (!resolved.remark.empty()) out += ". " + readable(resolved.remark);
  return out;
}

std::string count_txt(const vo::Count& count) {
  std::string out = std::string("rows: ") + (count.at_most ? "at most " : "") + std::to_string(count.rows) + "\n";
  out += "bytes: " + (count.bytes ? std::to_string(*count.bytes) + ", as the archive estimates" : "unknown") + "\n";
  out += count.adql.empty() ? "counted: in the answer that is here, of " + utc_text(count.asked_at) + "\n"
                            : "counted: by the archive, at " + utc_text(count.asked_at) + "\n";
  if (count.stale) out += "This count is older than it should be; a new one could not be had.\n";
  if (!count.words.empty()) out += readable_lines(count.words);
  return out;
}

std::string incomplete_text(const vo::Listing& listing) {
  std::string out;
  for (const vo::Shortfall& shortfall : listing.shortfalls) out += readable(shortfall.words) + "\n\n";
  return out;
}

std::string dataset_json(const vo::Listing& listing, const vo::Dataset& dataset) {
  Json out;
  const vo::Showing showing = vo::showing_of(listing.table);
  if (dataset.rows.size() == 1) {
    out = row_object(listing.table, dataset.rows.front(), showing);
  } else {
    out = Json::array();
    for (const std::uint32_t row : dataset.rows) out.push_back(row_object(listing.table, row, showing));
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string link_report_text(const vo::LinkReport& report, const vo::DatasetFolder& folder, std::string_view term) {
  return "What the archive says of the files in this folder (links.vot; " + readable(report.where) + "):\n\n" +
         readable_lines(vo::report_text(report, folder, term));
}

std::string errors_text(const vo::DatasetFolder& folder) {
  std::string out;
  for (const vo::LinkFault& fault : folder.faults) {
    out += readable(fault.fault) + "\n";
    if (!fault.semantics.empty()) out += "  about: " + readable(fault.semantics) + "\n";
    if (!fault.id.empty()) out += "  of: " + readable(fault.id) + "\n";
  }
  return out;
}

}  // namespace skymount::fs
