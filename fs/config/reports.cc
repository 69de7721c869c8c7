// SPDX-License-Identifier: MIT
#include "fs/config/reports.h"

#include "fs/config/values.h"
#include "vo/file_names.h"
#include "vo/query/grammar.h"

#include <algorithm>
#include <filesystem>

namespace skymount::fs {
namespace {

constexpr std::string_view kKeys[] = {"file", "in", "semantics", "fields", "warn", "means"};

tl::unexpected<Error> mistake(const Setting& at, const std::string& words) {
  return fail(Code::invalid, at.where() + ": [[report]] " + at.key + " " + words);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const std::string near(vo::nearest(word, known));
  return near.empty() ? "" : " - did you mean '" + near + "'?";
}

class ReportReader {
 public:
  explicit ReportReader(const RepeatedSection& section) : section_(section) {
    for (const Setting& setting : section.settings) settings_["report." + setting.key] = setting;
  }

  Result<vo::LinkReport> read() {
    if (Result<void> known = check_keys_here(); !known) return fail(known.error());
    SettingReader read(settings_);
    read.text("report.file", out_.file);
    read.text("report.in", out_.in);
    read.texts("report.semantics", out_.semantics);
    read.texts("report.fields", out_.fields);
    if (Result<void> plain = read.result(); !plain) return fail(plain.error());
    if (Result<void> needed = check_needed(); !needed) return fail(needed.error());
    if (Result<void> warn = read_table("warn", out_.warn, field_names(), "fields"); !warn) return fail(warn.error());
    std::vector<std::string_view> warned;
    for (const auto& [field, rule] : out_.warn) warned.push_back(field);
    if (Result<void> means = read_table("means", out_.means, warned, "warn"); !means) return fail(means.error());
    return std::move(out_);
  }

 private:
  const Setting* find(const std::string& key) const {
    const auto found = settings_.find("report." + key);
    return found == settings_.end() ? nullptr : &found->second;
  }

  Result<void> check_keys_here() {
    if (!section_.settings.empty()) {
      const Setting& any = section_.settings.front();
      out_.where = std::filesystem::path(any.file).filename().string() + ":" + std::to_string(any.line);
    }
    for (const Setting& setting : section_.settings)
      if (std::find(std::begin(kKeys), std::end(kKeys), setting.key) == std::end(kKeys))
        return mistake(setting,
                       "is no key of a report" + did_you_mean(setting.key, {std::begin(kKeys), std::end(kKeys)}));
    return {};
  }

  Result<void> check_needed() const {
    const auto missing = [&](const char* key, const char* why) {
      return fail(Code::invalid, out_.where + ": [[report]] '" + key + "' is missing" + why);
    };
    if (out_.file.empty()) return missing("file", "; it is the name of the report: \"CASCADE.txt\"");
    if (out_.in.empty()) return missing("in", "; it names the folders that have it: \"calSelector_*\"");
    if (out_.fields.empty()) return missing("fields", "; they are the keys of the KEY=\"VALUE\" pairs to be shown");
    if (vo::safe_name(out_.file) != out_.file)
      return mistake(*find("file"),
                     "is no name of a file that works everywhere; perhaps \"" + vo::safe_name(out_.file) + "\"");
    if (vo::is_reserved_name(out_.file))
      return mistake(*find("file"), "is the name '" + out_.file + "', which skymount itself shows");
    for (const std::string& field : out_.fields)
      if (field.empty() || field.find_first_of("=\"' ") != std::string::npos)
        return mistake(*find("fields"), "has \"" + field + "\", which is no key of a KEY=\"VALUE\" pair");
    return {};
  }

  std::vector<std::string_view> field_names() const { return {out_.fields.begin(), out_.fields.end()}; }

  /// A table whose keys are among `known`, which are those of `whose`.
  Result<void> read_table(const char* key, std::map<std::string, std::string>& out,
                          const std::vector<std::string_view>& known, const std::string& whose) const {
    const Setting* setting = find(key);
    if (setting == nullptr) return {};
    const auto* table = std::get_if<TableValue>(&setting->value);
    if (table == nullptr) return mistake(*setting, "must be a table: { FIELD = \"text\", ... }");
    for (const Setting& each : *table->items) {
      const auto* text = std::get_if<std::string>(&each.value);
      if (text == nullptr || text->empty() || *text == "!") return mistake(each, "must be a text");
      if (std::find(known.begin(), known.end(), each.key) == known.end())
        return mistake(*setting,
                       "is about '" + each.key + "', which is not among " + whose + did_you_mean(each.key, known));
      out[each.key] = *text;
    }
    return {};
  }

  const RepeatedSection& section_;
  Settings settings_;
  vo::LinkReport out_;
};

}  // namespace

Result<std::vector<vo::LinkReport>> read_reports(const std::vector<RepeatedSection>& sections) {
  std::vector<vo::LinkReport> out;
  std::vector<std::string> files;
  for (const RepeatedSection& section : sections) {
    if (section.name != "report") continue;
    Result<vo::LinkReport> report = ReportReader(section).read();
    if (!report) return fail(report.error());
    const std::string& file = section.settings.front().file;
    std::size_t at = 0;
    while (at < out.size() && (out[at].file != report->file || out[at].in != report->in)) ++at;
    if (at < out.size() && files[at] == file)
      return fail(Code::invalid, report->where + ": [[report]] \"" + report->file + "\" in \"" + report->in +
                                     "\" is there twice (" + out[at].where + ")");
    if (at == out.size()) {
      out.emplace_back();
      files.emplace_back();
    }
    out[at] = std::move(*report);
    files[at] = file;
  }
  return out;
}

}  // namespace skymount::fs
