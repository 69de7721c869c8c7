// SPDX-License-Identifier: MIT
#include "vo/cutouts.h"

#include "vo/http/redact.h"
#include "vo/http/url.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/soda.h"

#include <algorithm>

namespace skymount::vo {
namespace {

using Service = DatasetFolder::CutoutService;

bool sets(const Parameters& parameters, std::string_view name) {
  return std::any_of(parameters.begin(), parameters.end(), [&](const auto& p) { return same_word(p.first, name); });
}

/// Service, dataset and parameters in one order; without what changes from day to day.
std::string identity_of(const Service& service, const Dataset& dataset, const Parameters& all) {
  Parameters stable;
  for (const auto& [name, value] : all) {
    if (!names_a_secret(name) && !same_word(name, "RUNID")) stable.emplace_back(name, value);
  }
  std::sort(stable.begin(), stable.end());
  const Result<Url> url = Url::parse(service.access_url);
  return "soda:" + (url ? url->without_signature() : service.access_url) + "\n" + std::string(dataset.publisher_did) +
         "\n" + form_encode(stable);
}

Entry entry_of(const Service& service, const Dataset& dataset, Parameters asked, std::string_view extension) {
  // The user's value takes the place of a constant: that was only a default.
  Parameters all;
  for (const auto& fixed : service.fixed) {
    if (!sets(asked, fixed.first)) all.push_back(fixed);
  }
  all.insert(all.end(), asked.begin(), asked.end());
  Entry entry;
  entry.identity = identity_of(service, dataset, all);
  if (const Result<Url> url = Url::parse(service.access_url)) entry.url = url->with_parameters(all).text();
  entry.service = ServiceCall{service.access_url, std::move(all)};
  entry.semantics = "#cutout";
  entry.description = service.description;
  entry.content_type = type_of_extension(extension);
  return entry;
}

/// Format added unless a term set it. The shape or filter in `asked` is what keeps the service from sending everything.
Result<Entry> call(const Service& service, const Dataset& dataset, Parameters asked, std::string_view extension) {
  if (asked.empty()) return fail(Code::invalid, "a cutout needs at least one parameter");
  if (!sets(asked, "FORMAT") && !sets(asked, "RESPONSEFORMAT")) {
    auto format = soda_format(extension, service.parameters, service.content_type);
    if (!format) return fail(std::move(format).error());
    if (*format) asked.push_back(std::move(**format));
  }
  return entry_of(service, dataset, std::move(asked), extension);
}

/// A cutout for which there is no service.
Entry entry_of(std::shared_ptr<const LocalCut> cut) {
  Entry entry;
  entry.identity = identity_of(*cut);
  entry.url = cut->of.url;
  entry.semantics = "#cutout";
  entry.description = "cut out on this machine";
  entry.content_type = type_of_extension("fits");
  entry.error = cut->of.error;
  entry.local = std::move(cut);
  return entry;
}

}  // namespace

CutDefaults cut_defaults(const ArchiveOptions& options) {
  return {options.cutout.radius_deg, {options.best.full, options.auth.kind != AuthOptions::Kind::none}};
}

Result<Entry> cutout_entry(const DatasetFolder& folder, const Dataset& dataset, std::string_view name,
                           const CutDefaults& defaults) {
  if (folder.services.empty() && !can_be_cut_here(folder, dataset, defaults))
    return fail(Code::unsupported, "the archive offers no cutout service for this dataset, and it has no FITS image");
  std::vector<std::string> declared, formats;
  for (const Service& service : folder.services) {
    for (const Field& field : service.parameters) declared.push_back(field.name);
    for (std::string& format : formats_of(service.parameters, service.content_type))
      formats.push_back(std::move(format));
  }
  const Result<CutoutName> parsed = parse_cutout_name(name, declared, formats);
  if (!parsed) return fail(parsed.error());
  const auto placed = [&](Entry entry) {
    entry.name = name;
    entry.folder = "cutout";
    return entry;
  };
  Result<std::shared_ptr<const LocalCut>> local = local_cut(folder, dataset, *parsed, defaults);
  std::optional<Error> reason;
  for (const Service& service : folder.services) {
    Result<Parameters> asked = soda_parameters(*parsed, service.parameters, defaults.radius_deg);
    Result<Entry> entry = asked ? call(service, dataset, std::move(*asked), parsed->extension)
                                : Result<Entry>(fail(std::move(asked).error()));
    if (entry) {
      if (local) entry->local = *local;
      return placed(std::move(*entry));
    }
    if (!reason) reason = std::move(entry).error();
  }
  if (local) return placed(entry_of(std::move(*local)));
  // Where there is an image, what it could be asked for is worth knowing, too.
  if (!reason) return fail(std::move(local).error());
  return fail(std::move(*reason));
}

Result<Entry> field_cutout_entry(const DatasetFolder& folder, const Dataset& dataset, const Query& query,
                                 const CutDefaults& defaults) {
  if (!query.position) return fail(Code::not_found, "the path holds no position to cut out");
  const SkyCircle field{*query.position, query.radius_deg.value_or(defaults.radius_deg)};
  Result<std::shared_ptr<const LocalCut>> local = local_field_cut(folder, dataset, field, defaults);
  for (const Service& service : folder.services) {
    if (!takes_position(service.parameters)) continue;
    Result<Parameters> asked = shape_parameters(field, service.parameters);
    if (!asked) continue;
    Result<Entry> entry = call(service, dataset, std::move(*asked), "fits");
    if (!entry) continue;
    entry->name = "cutout.fits";
    if (local) entry->local = std::move(*local);
    return entry;
  }
  if (local) {
    Entry entry = entry_of(std::move(*local));
    entry.name = "cutout.fits";
    return entry;
  }
  return fail(Code::not_found, "no service of this dataset cuts out a position as FITS, and it has no FITS image");
}

}  // namespace skymount::vo
