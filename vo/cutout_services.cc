// SPDX-License-Identifier: MIT
#include "vo/cutout_services.h"

#include "cache/base/text.h"
#include "vo/cutouts.h"
#include "vo/file_names.h"
#include "vo/http/url.h"
#include "vo/protocol/parameter_value.h"
#include "vo/protocol/soda.h"
#include "vo/query/words.h"

#include <algorithm>

namespace skymount::vo {
namespace {

using Service = DatasetFolder::CutoutService;

// Two parameters show how names are put together; more make a line that nobody reads.
constexpr std::size_t kShownParameters = 2;

/// What a service is called: its own name, else the last word of its address.
std::string wish_of(const Service& service) {
  const Result<Url> url = Url::parse(service.access_url);
  std::string name = safe_name(!service.name.empty() ? service.name : url ? url->last_segment() : "");
  if (name.empty()) name = "service";
  std::replace(name.begin(), name.end(), '.', '_');  // no name of a cutout, which ends in its format
  return name;
}

/// A part of a name: what would end a term or a component is written as bytes.
std::string as_typed(std::string_view value) {
  std::string out;
  for (const char c : value)
    out += c == ',' || c == '/' || c == '%' || is_control(c) ? percent_byte(c) : std::string(1, c);
  return out;
}

}  // namespace

std::vector<std::string> service_folders(const DatasetFolder& folder) {
  if (folder.services.size() < 2) return {};
  std::vector<NameWish> wishes;
  for (const Service& service : folder.services) {
    const Result<Url> url = Url::parse(service.access_url);
    wishes.push_back({wish_of(service), (url ? url->without_signature() : service.access_url) + "\n" +
                                            declared_names(service.parameters)});
  }
  return unique_names(wishes, Suffix::at_end);
}

std::optional<DatasetFolder> with_service(const DatasetFolder& folder, std::string_view name) {
  const std::vector<std::string> names = service_folders(folder);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  DatasetFolder out;
  out.services.push_back(folder.services[static_cast<std::size_t>(found - names.begin())]);
  return out;
}

std::optional<std::string> example_name(const Service& service, const Dataset& dataset) {
  std::string terms;
  std::size_t shown = 0;
  for (const Field& parameter : service.parameters) {
    if (shown == kShownParameters) break;
    if (same_word(parameter.name, "FORMAT") || same_word(parameter.name, "RESPONSEFORMAT")) continue;
    if (!parameter.value.empty()) continue;  // a constant: that it may be set at all is a guess
    const std::optional<std::string> value = example_value(parameter);
    if (!value || safe_name(parameter.name) != parameter.name) continue;
    const bool interval = parameter.options.empty();
    terms += (shown++ == 0 ? "" : ",") + parameter.name + "=" + (interval ? *value : as_typed(*value));
  }
  if (shown == 0) return std::nullopt;
  DatasetFolder alone;
  alone.services.push_back(service);
  std::vector<std::string> formats = formats_of(service.parameters, service.content_type);
  if (formats.empty()) formats = {"fits", "vot", "csv", "txt"};
  for (const std::string& format : formats)
    if (cutout_entry(alone, dataset, terms + "." + format, CutDefaults{1, {}})) return terms + "." + format;
  return std::nullopt;
}

}  // namespace skymount::vo
