// SPDX-License-Identifier: MIT
#include "fs/config/routes.h"

#include "fs/config/values.h"
#include "vo/file_names.h"
#include "vo/http/redact.h"
#include "vo/http/url.h"
#include "vo/query/grammar.h"

#include <algorithm>

namespace skymount::fs {
namespace {

using Rows = vo::Route::Rows;

constexpr std::string_view kKeys[] = {"path",   "adql", "rows",   "name", "id",           "url",
                                      "links",  "size", "group",  "date", "content_type", "language",
                                      "maxrec", "mode", "params", "list", "description",  "example"};

tl::unexpected<Error> mistake(const Setting& at, const std::string& words) {
  return fail(Code::invalid, at.where() + ": [[route]] " + at.key + " " + words);
}

bool is_interval(vo::HoleType type) {
  return type == vo::HoleType::interval || type == vo::HoleType::band;
}

/// What an archive's folder, or a routed one, shows by itself.
bool is_taken(const std::string& name, bool at_top) {
  static constexpr std::string_view kOurs[] = {"README.txt",  "COUNT.txt",  "results.csv",
                                               "results.vot", "query.adql", "INCOMPLETE.txt"};
  return (at_top && name == "recent") || vo::is_probed_name(name) ||
         std::find(std::begin(kOurs), std::end(kOurs), name) != std::end(kOurs);
}

class RouteReader {
 public:
  RouteReader(const RepeatedSection& section, const std::filesystem::path& users_folder)
      : section_(section), users_folder_(users_folder) {
    for (const Setting& setting : section.settings) settings_["route." + setting.key] = setting;
  }

  Result<vo::RoutePtr> read() {
    if (Result<void> known = check_keys_here(); !known) return fail(known.error());
    if (Result<void> path = read_path(); !path) return fail(path.error());
    read_plain();
    if (Result<void> params = read_params(); !params) return fail(params.error());
    if (Result<void> list = read_list(); !list) return fail(list.error());
    if (Result<void> needed = check_needed(); !needed) return fail(needed.error());
    if (Result<void> constants = check_constants(); !constants) return fail(constants.error());
    if (Result<void> holes = check_holes(); !holes) return fail(holes.error());
    return std::make_shared<const vo::Route>(std::move(out_));
  }

 private:
  const Setting* find(const std::string& key) const {
    const auto found = settings_.find("route." + key);
    return found == settings_.end() ? nullptr : &found->second;
  }
  tl::unexpected<Error> missing(const std::string& key, const std::string& why) const {
    return fail(Code::invalid, out_.where + ": [[route]] '" + key + "' is missing" + why);
  }

  Result<void> check_keys_here() {
    for (const Setting& setting : section_.settings) {
      if (std::find(std::begin(kKeys), std::end(kKeys), setting.key) != std::end(kKeys)) continue;
      const std::string near(vo::nearest(setting.key, {std::begin(kKeys), std::end(kKeys)}));
      std::string all;
      for (const std::string_view key : kKeys) all += (all.empty() ? "" : ", ") + std::string(key);
      return mistake(
          setting, "is no key of a route" + (near.empty() ? "; there are: " + all : " - did you mean '" + near + "'?"));
    }
    const Setting* any = section_.settings.empty() ? nullptr : &section_.settings.front();
    out_.where =
        any != nullptr ? std::filesystem::path(any->file).filename().string() + ":" + std::to_string(any->line) : "";
    return {};
  }

  Result<void> read_path() {
    const Setting* setting = find("path");
    if (setting == nullptr) return missing("path", "; it names the folder, such as \"product={product_id}\"");
    const auto* text = std::get_if<std::string>(&setting->value);
    if (text == nullptr || text->empty()) return mistake(*setting, "must be a text");
    out_.written = *text;
    for (std::size_t at = 0; at <= text->size();) {
      const std::size_t slash = std::min(text->find('/', at), text->size());
      Result<vo::RouteComponent> component = vo::RouteComponent::parse(std::string_view(*text).substr(at, slash - at));
      if (!component) return mistake(*setting, component.error().what());
      if (component->prefix.starts_with('.'))
        return mistake(*setting, "has a name that begins with a dot, which are never shown");
      if (component->literal() && is_taken(component->prefix, out_.path.empty()))
        return mistake(*setting, "uses the name '" + component->prefix + "', which skymount itself shows");
      for (const vo::RouteComponent& before : out_.path)
        if (!component->literal() && before.hole == component->hole)
          return mistake(*setting, "has the hole {" + component->hole + "} twice");
      out_.path.push_back(std::move(*component));
      at = slash + 1;
    }
    return {};
  }

  void read_plain() {
    SettingReader read(settings_);
    std::string rows = "files";
    read.choice("route.rows", {"files", "datasets", "table", "service"}, rows);
    out_.rows = rows == "files"      ? Rows::files
                : rows == "datasets" ? Rows::datasets
                : rows == "table"    ? Rows::table
                                     : Rows::service;
    for (const auto& [key, text] : {std::pair<const char*, std::string*>{"adql", &out_.adql},
                                    {"name", &out_.name},
                                    {"id", &out_.id},
                                    {"url", &out_.url},
                                    {"links", &out_.links},
                                    {"size", &out_.size},
                                    {"group", &out_.group},
                                    {"date", &out_.date},
                                    {"content_type", &out_.content_type},
                                    {"language", &out_.language},
                                    {"description", &out_.description},
                                    {"example", &out_.example}})
      read.text(std::string("route.") + key, *text);
    read.choice("route.mode", {"auto", "sync", "async"}, out_.mode);
    // A billion: more rows than a table file of any use; its real bound is the archive's.
    read.whole("route.maxrec", 1, 1'000'000'000, out_.maxrec);
    first_ = read.result();
  }

  Result<void> read_params() {
    const Setting* setting = find("params");
    if (!first_) return first_;
    if (setting == nullptr) return {};
    const auto* table = std::get_if<TableValue>(&setting->value);
    if (table == nullptr) return mistake(*setting, "must be a table: { NAME = \"value\", ... }");
    for (const Setting& each : *table->items) {
      const auto* text = std::get_if<std::string>(&each.value);
      if (text == nullptr) return mistake(each, "must be a text");
      if (vo::names_a_secret(each.key)) {
        return fail(Code::denied, each.where() + ": [[route]] params." + each.key +
                                      " is a secret, and secrets are refused in this file; [auth] sends them");
      }
      out_.params.emplace_back(each.key, *text);
    }
    return {};
  }

  Result<void> read_list() {
    const Setting* setting = find("list");
    if (setting == nullptr) return {};
    const auto* table = std::get_if<TableValue>(&setting->value);
    if (table == nullptr)
      return mistake(*setting, "must be a table: { csv = \"ids.csv\", columns = { HOLE = \"COLUMN\" } }");
    for (const Setting& each : *table->items) {
      const auto* text = std::get_if<std::string>(&each.value);
      const auto* columns = std::get_if<TableValue>(&each.value);
      if (each.key == "csv" && text != nullptr) {
        out_.list.csv = (std::filesystem::absolute(setting->file).parent_path() / *text).lexically_normal().string();
        if (!users_folder_.empty()) out_.list.users_csv = (users_folder_ / *text).lexically_normal().string();
      } else if (each.key == "strip" && text != nullptr) {
        out_.list.strip = *text;
      } else if (each.key == "columns" && columns != nullptr) {
        for (const Setting& column : *columns->items) {
          const auto* name = std::get_if<std::string>(&column.value);
          if (name == nullptr || !has_hole(column.key))
            return mistake(column,
                           "in list columns must be a hole of the path, and its value a column of the CSV file");
          out_.list.columns[column.key] = *name;
        }
      } else {
        return mistake(each, "is not understood in list; there are csv, columns and strip");
      }
    }
    if (out_.list.csv.empty()) return mistake(*setting, "needs csv, the file that holds the names");
    return {};
  }

  bool has_hole(std::string_view hole) const {
    return std::any_of(out_.path.begin(), out_.path.end(), [&](const auto& c) { return c.hole == hole; });
  }

  Result<void> check_needed() const {
    if (const Result<vo::Url> url = vo::Url::parse(out_.url); url && url->redacted() != url->text()) {
      return fail(Code::denied,
                  find("url")->where() +
                      ": [[route]] url holds a secret, and secrets are refused in this file; [auth] sends them");
    }
    // What was typed may fill any place of an address but the one that says whom it leads to.
    for (const std::string& hole : vo::holes_of_origin(out_.url))
      if (has_hole(hole))
        return mistake(*find("url"), "would let the name {" + hole +
                                         "} choose the server; a hole of the path may only stand behind the host");
    if (out_.rows == Rows::service)
      return out_.url.empty() ? Result<void>(missing("url", ", the service to be asked")) : Result<void>();
    if (out_.adql.empty()) return missing("adql", ", the question whose answer fills the folder");
    if (out_.rows == Rows::files && out_.url.empty())
      return missing("url", "; it names the column that holds each file's address: \"{access_url}\"");
    if (out_.rows == Rows::datasets && out_.url.empty() && out_.links.empty())
      return missing("links", " (or 'url'); it names the column that holds each dataset's links: \"{datalink_url}\"");
    if (out_.rows == Rows::table && !out_.path.back().literal())
      return mistake(*find("path"), "must end with the table's name, not with a hole");
    return {};
  }

  /// A name of a column without braces is a constant, the same for every row: never what was meant here.
  Result<void> check_constants() const {
    for (const char* key : {"url", "links", "id"}) {
      const Setting* setting = find(key);
      if (setting == nullptr || out_.rows == Rows::service) continue;
      const std::string& text = std::get<std::string>(setting->value);
      if (text.empty() || text.find('{') != std::string::npos) continue;
      return mistake(*setting, "is the same for every row; a column stands in braces: \"{" + text + "}\"");
    }
    return {};
  }

  /// In what is asked only the path's holes can be filled; in what a row names, its columns as well.
  Result<void> check_holes() const {
    for (const char* key : {"adql", "url", "name", "id", "links", "size", "group", "date", "content_type"}) {
      const Setting* setting = find(key);
      if (setting == nullptr) continue;
      const std::string& text = std::get<std::string>(setting->value);
      const Result<std::vector<std::string>> holes = vo::holes_of(text);
      if (!holes) return mistake(*setting, holes.error().what());
      const bool of_path = std::string_view(key) == "adql" || out_.rows == Rows::service;
      for (const std::string& hole : *holes)
        if (of_path && !has_hole(hole)) return unknown_hole(*setting, hole);
      if (std::string_view(key) == "adql")
        for (const vo::RouteComponent& component : out_.path)
          if (is_interval(component.type) && std::find(holes->begin(), holes->end(), component.hole) != holes->end())
            return mistake(*setting, "has the interval {" + component.hole +
                                         "}, which is no value of a question; only params may hold it");
      if (std::string_view(key) == "adql" &&
          (text.find("'{") != std::string::npos || text.find("}'") != std::string::npos))
        return mistake(*setting, "has a hole in quotes; it is quoted by its type, so write it without them");
    }
    for (const auto& [name, value] : out_.params) {
      const Result<std::vector<std::string>> holes = vo::holes_of(value);
      if (!holes) return mistake(*find("params"), holes.error().what());
      for (const std::string& hole : *holes)
        if (!has_hole(hole)) return unknown_hole(*find("params"), hole);
    }
    return {};
  }

  tl::unexpected<Error> unknown_hole(const Setting& setting, const std::string& hole) const {
    std::vector<std::string_view> known;
    for (const vo::RouteComponent& component : out_.path)
      if (!component.literal()) known.push_back(component.hole);
    const std::string near(vo::nearest(hole, known));
    return mistake(setting, "has the hole {" + hole + "}, which the path does not have" +
                                (near.empty() ? "" : " - did you mean {" + near + "}?"));
  }

  const RepeatedSection& section_;
  const std::filesystem::path& users_folder_;
  Settings settings_;
  vo::Route out_;
  Result<void> first_;
};

}  // namespace

Result<std::vector<vo::RoutePtr>> read_routes(const std::vector<RepeatedSection>& sections,
                                              const std::filesystem::path& users_folder) {
  std::vector<vo::RoutePtr> out;
  std::vector<std::string> files;
  for (const RepeatedSection& section : sections) {
    if (section.name != "route") continue;
    Result<vo::RoutePtr> route = RouteReader(section, users_folder).read();
    if (!route) return fail(route.error());
    // Another file may replace a route; twice in one file is a mistake, which check_routes finds.
    const std::string& file = section.settings.front().file;
    std::size_t at = 0;
    while (at < out.size() && (out[at]->written != (*route)->written || files[at] == file)) ++at;
    if (at == out.size()) {
      out.push_back(*route);
      files.push_back(file);
    }
    out[at] = *route;
    files[at] = file;
  }
  if (Result<void> checked = vo::check_routes(out); !checked) return fail(checked.error());
  return out;
}

}  // namespace skymount::fs
