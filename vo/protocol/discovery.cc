// SPDX-License-Identifier: MIT
#include "vo/protocol/discovery.h"

#include "cache/base/text.h"
#include "vo/query/interval.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace skymount::vo {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// In the order of the columns that DiscoveryRows makes.
enum Column : std::size_t {
  kType,
  kCollection,
  kObsId,
  kDid,
  kTitle,
  kUrl,
  kFormat,
  kSize,
  kTarget,
  kRa,
  kDec,
  kTMin,
  kTMax,
  kEmMin,
  kEmMax,
  kInstrument,
  kCalibration,
  kColumns
};

std::string number(double value) {
  return fixed_shortest(value);
}

std::string iso(double mjd) {
  return mjd_to_iso(mjd).substr(0, 19);
}

/// "a/b", open where there is no end.
std::string range(const Interval& interval, std::string (*text)(double)) {
  return (std::isfinite(interval.low) ? text(interval.low) : "") + "/" +
         (std::isfinite(interval.high) ? text(interval.high) : "");
}

/// DALI: "low high", with infinities.
std::string dali_interval(const Interval& interval) {
  return (std::isfinite(interval.low) ? number(interval.low) : "-Inf") + " " +
         (std::isfinite(interval.high) ? number(interval.high) : "+Inf");
}

/// The text, when the query asks for exactly that.
std::string exact(const Query& query, TextKey key) {
  const auto found = query.text.find(key);
  if (found == query.text.end() || found->second.negated || found->second.has_wildcard()) return "";
  return found->second.literal();
}

void add_exact(Parameters& out, const Query& query, TextKey key, const char* name) {
  if (const std::string text = exact(query, key); !text.empty()) out.emplace_back(name, text);
}

Parameters ssa_parameters(const Query& query) {
  Parameters out = {{"REQUEST", "queryData"}};
  if (query.position) {
    const double radius = query.radius_deg.value_or(kSpectraAroundDeg);
    out.emplace_back("POS", number(query.position->ra_deg) + "," + number(query.position->dec_deg));
    out.emplace_back("SIZE", number(2 * radius));  // a diameter
  }
  if (query.time_mjd) out.emplace_back("TIME", range(*query.time_mjd, iso));
  if (query.band_m) out.emplace_back("BAND", range(*query.band_m, number));
  add_exact(out, query, TextKey::id, "PUBDID");
  return out;
}

Parameters sia1_parameters(const Query& query) {
  Parameters out = {{"FORMAT", "ALL"}};
  if (query.position) {
    out.emplace_back("POS", number(query.position->ra_deg) + "," + number(query.position->dec_deg));
    // SIZE 0 asks for the images that cover the point (SIA 1.0, 4.1.2).
    out.emplace_back("SIZE", number(2 * query.radius_deg.value_or(0)));
    out.emplace_back("INTERSECT", query.radius_deg ? "OVERLAPS" : "COVERS");
  }
  return out;
}

Parameters sia2_parameters(const Query& query) {
  Parameters out;
  if (query.position) {
    // A circle without radius is refused by some services; a second of arc is within any footprint's own error.
    out.emplace_back("POS", "CIRCLE " + number(query.position->ra_deg) + " " + number(query.position->dec_deg) + " " +
                                number(query.radius_deg.value_or(1.0 / 3600)));
  }
  if (query.time_mjd) out.emplace_back("TIME", dali_interval(*query.time_mjd));
  if (query.band_m) out.emplace_back("BAND", dali_interval(*query.band_m));
  add_exact(out, query, TextKey::collection, "COLLECTION");
  add_exact(out, query, TextKey::instrument, "INSTRUMENT");
  add_exact(out, query, TextKey::facility, "FACILITY");
  add_exact(out, query, TextKey::type, "DPTYPE");
  add_exact(out, query, TextKey::calib, "CALIB");
  add_exact(out, query, TextKey::id, "ID");
  return out;
}

Value text_or_null(std::string text) {
  return text.empty() ? Value() : Value(std::move(text));
}

Value number_or_null(std::optional<double> number) {
  return number && std::isfinite(*number) ? Value(*number) : Value();
}

/// Two directions in one cell: an array, or "Position ICRS 156.01 48.14" (SSA 1.0 services).
std::optional<std::pair<double, double>> direction(const Value& value) {
  if (const auto* array = std::get_if<std::vector<double>>(&value)) {
    if (array->size() >= 2) return std::pair((*array)[0], (*array)[1]);
    return std::nullopt;
  }
  const std::string text = to_text(value);
  std::vector<double> numbers;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" ,\t", at), text.size());
    if (const auto number = to_number(Value(text.substr(at, end - at)))) numbers.push_back(*number);
    at = end + 1;
  }
  return numbers.size() == 2 ? std::optional(std::pair(numbers[0], numbers[1])) : std::nullopt;
}

/// An MJD, or an ISO date.
std::optional<double> mjd(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    if (const auto date = iso_to_mjd(*text)) return date;
  const auto number = to_number(value);
  // 400,000: the year 2954; larger numbers in an MJD's place are Julian Dates.
  return number && *number > 400'000 ? *number - 2'400'000.5 : number;
}

double in_kilobytes(const Field& field) {
  const std::string unit = lower(trim(field.unit));
  if (unit.starts_with("k")) return 1;
  if (unit.starts_with("mb") || unit == "mbyte") return 1000;
  return 0.001;  // both standards say bytes
}

bool overlaps(const Interval& asked, const Value& low, const Value& high) {
  const auto from = to_number(low), to = to_number(high);
  if (!from && !to) return true;
  return from.value_or(*to) <= asked.high && to.value_or(from.value_or(0)) >= asked.low;
}

}  // namespace

std::string_view to_text(DiscoveryKind kind) {
  switch (kind) {
    case DiscoveryKind::ssa: return "SSA";
    case DiscoveryKind::sia1: return "SIA 1";
    case DiscoveryKind::sia2: return "SIA 2";
  }
  return "";
}

Parameters discovery_parameters(DiscoveryKind kind, const Query& query, std::uint64_t maxrec) {
  Parameters out = kind == DiscoveryKind::ssa    ? ssa_parameters(query)
                   : kind == DiscoveryKind::sia1 ? sia1_parameters(query)
                                                 : sia2_parameters(query);
  if (kind != DiscoveryKind::sia1) out.emplace_back("MAXREC", std::to_string(maxrec));
  return out;
}

DiscoveryRows::DiscoveryRows(DiscoveryKind kind, const TableMeta& meta) : kind_(kind), in_(meta) {
  if (kind_ == DiscoveryKind::sia2) {
    out_ = meta;
    return;
  }
  const bool ssa = kind_ == DiscoveryKind::ssa;
  url_ = ssa ? find("Access.Reference", "") : find("", "VOX:Image_AccessReference");
  if (!url_.column) url_ = ssa ? find("", "meta.ref.url") : find("Access.Reference", "meta.ref.url");
  format_ = ssa ? find("Access.Format", "") : find("Access.Format", "VOX:Image_Format");
  size_ = ssa ? find("Access.Size", "") : find("Access.Size", "VOX:Image_FileSize");
  did_ = find("Curation.PublisherDID", "meta.ref.ivoid");
  title_ = find("DataID.Title", ssa ? "" : "VOX:Image_Title");
  collection_ = find("DataID.Collection", "");
  instrument_ = find("DataID.Instrument", ssa ? "" : "INST_ID");
  target_ = find("Target.Name", "");
  location_ = find("Char.SpatialAxis.Coverage.Location.Value", "");
  ra_ = find("", ssa ? "pos.eq.ra;meta.main" : "POS_EQ_RA_MAIN");
  dec_ = find("", ssa ? "pos.eq.dec;meta.main" : "POS_EQ_DEC_MAIN");
  time_ = find("Char.TimeAxis.Coverage.Location.Value", ssa ? "" : "VOX:Image_MJDateObs");
  extent_ = find("Char.TimeAxis.Coverage.Bounds.Extent", "");
  low_ = find("Char.SpectralAxis.Coverage.Bounds.Start", ssa ? "" : "VOX:BandPass_LoLimit");
  high_ = find("Char.SpectralAxis.Coverage.Bounds.Stop", ssa ? "" : "VOX:BandPass_HiLimit");
  calibration_ = find("Char.FluxAxis.Calibration", "");
  // Columns that say what they are by their name alone.
  for (const char* name : {"s_ra", "ssa_location_ra", "ra"})
    if (!ra_.column) ra_.column = in_.column(name);
  for (const char* name : {"s_dec", "ssa_location_dec", "dec"})
    if (!dec_.column) dec_.column = in_.column(name);
  if (size_.column) size_in_kb_ = in_kilobytes(in_.fields[*size_.column]);

  out_.has_table = true;
  out_.table_name = meta.table_name;
  out_.description = meta.description;
  out_.infos = meta.infos;
  out_.status = meta.status;
  out_.services = meta.services;
  out_.infos.push_back({"", std::string(kDiscoveryMark), std::string(to_text(kind_)), ""});
  for (const char* name : {"dataproduct_type", "obs_collection", "obs_id", "obs_publisher_did", "obs_title",
                           "access_url", "access_format"})
    add_column(name, "char");
  add_column("access_estsize", "long", "kbyte");
  add_column("target_name", "char");
  add_column("s_ra", "double", "deg");
  add_column("s_dec", "double", "deg");
  add_column("t_min", "double", "d");
  add_column("t_max", "double", "d");
  add_column("em_min", "double", "m");
  add_column("em_max", "double", "m");
  add_column("instrument_name", "char");
  add_column("calibration", "char");
  for (const Field& field : in_.fields) {
    out_.fields.push_back(field);
    for (std::size_t i = 0; i < kColumns; ++i)  // ours has the name
      if (same_word(out_.fields[i].name, field.name)) out_.fields.back().name += "_as_sent";
  }
}

void DiscoveryRows::add_column(const char* name, const char* type, const char* unit) {
  Field field;
  field.name = name;
  field.unit = unit;
  field.datatype_text = type;
  const std::string_view word = type;
  field.datatype = word == "char" ? Datatype::character : word == "long" ? Datatype::int64 : Datatype::float64;
  if (word == "char") field.arraysize_text = "*";
  field.arraysize = ArraySize::parse(field.arraysize_text);
  out_.fields.push_back(std::move(field));
}

DiscoveryRows::Source DiscoveryRows::find(std::string_view utype, std::string_view ucd) const {
  Source out;
  if (!utype.empty()) out.column = in_.column_by_utype(utype);
  if (!out.column && !ucd.empty()) out.column = in_.column_by_ucd(ucd);
  if (out.column || utype.empty()) return out;
  for (const Field& param : in_.params) {
    const std::size_t colon = param.utype.find(':');
    const std::string_view tail = std::string_view(param.utype).substr(colon == std::string::npos ? 0 : colon + 1);
    if (same_word(tail, utype)) out.constant = text_or_null(param.value);
  }
  return out;
}

Value DiscoveryRows::value(const Source& source, const Row& cells) const {
  if (!source.column) return source.constant;
  return *source.column < cells.size() ? cells[*source.column] : Value();
}

void DiscoveryRows::place(const Row& cells, Row& out) const {
  std::optional<double> ra = to_number(value(ra_, cells)), dec = to_number(value(dec_, cells));
  if (const auto both = direction(value(location_, cells)); both && (!ra || !dec)) {
    ra = both->first;
    dec = both->second;
  }
  out[kRa] = number_or_null(ra);
  out[kDec] = number_or_null(dec);
}

void DiscoveryRows::times(const Row& cells, Row& out) const {
  const std::optional<double> middle = mjd(value(time_, cells));
  if (!middle) return;
  const double half = std::max(0.0, to_number(value(extent_, cells)).value_or(0)) / 2 / 86'400;
  out[kTMin] = number_or_null(*middle - half);
  out[kTMax] = number_or_null(*middle + half);
}

Row DiscoveryRows::row(const Row& cells) const {
  if (kind_ == DiscoveryKind::sia2) return cells;
  Row out(kColumns);
  const auto text = [&](const Source& source) { return std::string(trim(to_text(value(source, cells)))); };
  out[kType] = kind_ == DiscoveryKind::ssa ? "spectrum" : "image";
  out[kCollection] = text_or_null(text(collection_));
  const std::string did = text(did_), title = text(title_);
  out[kDid] = text_or_null(did);
  out[kObsId] = text_or_null(did.empty() ? title : did);
  out[kTitle] = text_or_null(title);
  out[kUrl] = text_or_null(text(url_));
  out[kFormat] = text_or_null(text(format_));
  const std::optional<double> size = to_number(value(size_, cells));
  if (size && *size > 0 && *size < 1e16) out[kSize] = static_cast<std::int64_t>(std::ceil(*size * size_in_kb_));
  out[kTarget] = text_or_null(text(target_));
  place(cells, out);
  times(cells, out);
  out[kEmMin] = number_or_null(to_number(value(low_, cells)));
  out[kEmMax] = number_or_null(to_number(value(high_, cells)));
  out[kInstrument] = text_or_null(text(instrument_));
  out[kCalibration] = text_or_null(text(calibration_));
  for (std::size_t i = 0; i < in_.fields.size(); ++i) out.push_back(i < cells.size() ? cells[i] : Value());
  return out;
}

bool rows_are_files(const TableMeta& meta) {
  return std::any_of(meta.infos.begin(), meta.infos.end(),
                     [](const Info& info) { return info.name == kDiscoveryMark; });
}

bool discovery_matches(const Query& query, const TableMeta& meta, const Row& row) {
  const auto cell = [&](std::string_view name) -> Value {
    const auto column = meta.column(name);
    return column && *column < row.size() ? row[*column] : Value();
  };
  if (query.time_mjd && !overlaps(*query.time_mjd, cell("t_min"), cell("t_max"))) return false;
  if (query.band_m && !overlaps(*query.band_m, cell("em_min"), cell("em_max"))) return false;
  for (const auto& [key, pattern] : query.text) {
    if (key == TextKey::id) {
      const std::string did = to_text(cell("obs_publisher_did")), id = to_text(cell("obs_id"));
      if (!text_matches(query, key, did) && !text_matches(query, key, id)) return false;
      continue;
    }
    const Value value = cell(column_of(key));
    if (!text_matches(query, key, to_text(value))) return false;
  }
  return true;
}

bool lies_elsewhere(DiscoveryKind kind, const Query& query, const TableMeta& meta, const Row& row) {
  // Services round what they compare and what they write; a second of arc is a hundredth of the smallest usual radius.
  constexpr double kRounding = 1.0 / 3600;
  if (kind != DiscoveryKind::ssa || !query.position) return false;
  const auto number = [&](std::string_view name) {
    const auto column = meta.column(name);
    return column && *column < row.size() ? to_number(row[*column]) : std::nullopt;
  };
  const auto ra = number("s_ra"), dec = number("s_dec");
  if (!ra || !dec || !std::isfinite(*ra) || !std::isfinite(*dec) || std::abs(*dec) > 90) return false;
  // A wide aperture may reach the position though its centre does not.
  const double aperture = number("s_fov").value_or(0) / 2;
  const double reach = query.radius_deg.value_or(kSpectraAroundDeg) + kRounding + (aperture > 0 ? aperture : 0);
  return separation_deg({*ra, *dec}, *query.position) > reach;
}

}  // namespace skymount::vo
