// SPDX-License-Identifier: MIT
//
// Where each key of an archive's file ends up, with its bounds and the reasons for them.
#include "fs/config/archive_settings.h"

#include "cache/base/text.h"
#include "fs/config/values.h"
#include "vo/dataset_names.h"
#include "vo/links_habits.h"

#include <algorithm>
#include <filesystem>

namespace skymount::fs {
namespace {

constexpr std::size_t kLongestName = 255;  // NAME_MAX: the name is a folder

/// Why `name` cannot be a folder of the mount's root; empty when it can.
std::string name_fault(const std::string& name) {
  if (name.empty()) return "is empty";
  if (name.size() > kLongestName) return "is longer than 255 bytes";
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; };
  if (!std::all_of(name.begin(), name.end(), plain))
    return "names a folder: letters, digits, '-', '_' and '.' only, not \"" + name + "\"";
  if (name.front() == '.' || name.front() == '-') return "must not begin with '.' or '-'";
  if (name == "README.txt") return "is taken by the mount's own README.txt";
  return {};
}

void read_services(SettingReader& read, vo::ArchiveOptions& out) {
  read.url("tap.url", out.tap.url);
  for (const std::string_view end : {"/sync", "/async", "/capabilities", "/tables"})
    if (out.tap.url.ends_with(end))
      read.mistake(*read.find("tap.url"), Code::invalid,
                   "is an address below the service; write what stands before " + std::string(end));
  read.text("tap.language", out.tap.language);
  read.choice("tap.mode", {"auto", "sync", "async"}, out.tap.mode);
  // A week: what runs longer is no listing that anybody waits for, and most archives delete jobs earlier.
  std::uint64_t seconds = 0;
  read.whole("tap.execution_duration", 1, 604'800, seconds);
  out.tap.execution_duration = std::chrono::seconds(seconds);
  // A million rows make a folder that no tool lists in comfort; more is a table to be asked for, not a folder.
  read.whole("tap.maxrec", 1, 1'000'000, out.tap.maxrec);

  read.url("ssa.url", out.ssa_url);
  read.url("sia.url", out.sia_url);
  std::uint64_t version = out.sia_version;
  read.whole("sia.version", 1, 2, version);
  out.sia_version = static_cast<unsigned>(version);

  read.text("obscore.table", out.obscore.table);
  read.text("obscore.where", out.obscore.where);
  read.text("obscore.order_by", out.obscore.order_by);
  read.choice("obscore.form", {"auto", "intersects", "contains", "centre", "box"}, out.obscore.form);
  read.angle("obscore.search_radius", out.obscore.search_radius_deg);
  read.texts("obscore.id_columns", out.obscore.id_columns);

  read.url("datalink.url", out.datalink.url);
  std::uint64_t batch = 0;
  read.whole("datalink.batch", 1, vo::kMostIds, batch);
  out.datalink.batch = static_cast<unsigned>(batch);
}

/// "Authorization: Token {token}": a header that says nothing about the request itself, and one hole.
std::string header_fault(const std::string& header) {
  const std::size_t colon = header.find(':');
  const auto in_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
  if (colon == 0 || colon == std::string::npos ||
      !std::all_of(header.begin(), header.begin() + static_cast<long>(colon), in_name))
    return "must be NAME: VALUE, such as \"Authorization: Token {token}\"";
  const std::size_t hole = header.find("{token}", colon);
  if (hole == std::string::npos || header.find("{token}", hole + 1) != std::string::npos)
    return "must hold {token} once, where the token belongs";
  if (std::any_of(header.begin(), header.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return "must be one line";
  const std::string name = lower(header.substr(0, colon));
  for (const char* ours :
       {"host", "range", "content-length", "content-type", "transfer-encoding", "accept-encoding", "connection"})
    if (name == ours)
      return "must not be the header " + header.substr(0, colon) + ", which each request needs for itself";
  return {};
}

/// full = { semantics = "#coderived" }
void read_best(SettingReader& read, vo::ArchiveOptions& out) {
  const Setting* full = read.find("best.full");
  if (full == nullptr) return;
  const std::string wanted =
      "must be a table that says which links are images in full resolution, such as "
      "{ semantics = \"#coderived\" }";
  const auto* table = std::get_if<TableValue>(&full->value);
  if (table == nullptr) return read.mistake(*full, Code::invalid, wanted + ", not " + kind_of(full->value));
  for (const Setting& item : *table->items) {
    const auto* text = std::get_if<std::string>(&item.value);
    if (item.key != "semantics" || text == nullptr || text->empty()) return read.mistake(*full, Code::invalid, wanted);
    out.best.full = *text;
  }
  if (out.best.full.empty()) read.mistake(*full, Code::invalid, wanted);
}

void read_auth(SettingReader& read, vo::ArchiveOptions& out) {
  using Kind = vo::AuthOptions::Kind;
  std::string kind = "none";
  read.choice("auth.kind", {"none", "basic", "bearer", "header", "oidc-password", "x509"}, kind);
  for (const Kind each : {Kind::none, Kind::basic, Kind::bearer, Kind::header, Kind::oidc_password, Kind::x509})
    if (vo::to_text(each) == kind) out.auth.kind = each;

  std::vector<std::string> hosts;
  read.texts("auth.hosts", hosts);
  for (const std::string& host : hosts) {
    Result<vo::HostRule> rule = vo::HostRule::parse(host);
    if (rule) out.auth.hosts.push_back(std::move(*rule));
    if (!rule) read.mistake(*read.find("auth.hosts"), Code::invalid, "lists " + rule.error().what());
  }
  read.text("auth.header", out.auth.header);
  if (const Setting* setting = read.find("auth.header"); setting != nullptr)
    if (const std::string fault = header_fault(out.auth.header); !fault.empty())
      read.mistake(*setting, Code::invalid, fault);
  read.url("auth.token_url", out.auth.token_url);
  read.text("auth.client_id", out.auth.client_id);
  std::vector<std::string> scope = {"files", "links", "tap"};
  read.texts("auth.scope", scope);
  const auto in_scope = [&](const char* word) { return std::find(scope.begin(), scope.end(), word) != scope.end(); };
  out.auth.files = in_scope("files");
  out.auth.links = in_scope("links");
  out.auth.tap = in_scope("tap");
  for (const std::string& word : scope)
    if (word != "files" && word != "links" && word != "tap")
      read.mistake(*read.find("auth.scope"), Code::invalid,
                   "lists \"" + word + "\"; there are \"files\", \"links\" and \"tap\"");
  const Setting* named = read.find("auth.kind");
  if (out.auth.kind == Kind::oidc_password && out.auth.token_url.empty())
    read.mistake(*named, Code::invalid, "= \"oidc-password\" needs [auth] token_url, the address that gives tokens");
  if (out.auth.kind == Kind::oidc_password && out.auth.hosts.empty())
    read.mistake(*named, Code::invalid, "= \"oidc-password\" needs [auth] hosts, where its tokens may be sent");
}

void read_limits(SettingReader& read, vo::ArchiveOptions& out) {
  std::uint64_t connections = out.limits.connections;
  // 16: more from one client is what archives ban addresses for.
  read.whole("limits.connections", 1, 16, connections);
  out.limits.connections = static_cast<unsigned>(connections);
  read.number("limits.requests_per_second", 0, 10'000, out.limits.requests_per_second);
  read.size("limits.bytes_per_hour", out.limits.bytes_per_hour);
  read.seconds("limits.connect", out.limits.connect);
  read.seconds("limits.first_byte", out.limits.first_byte);
  read.seconds("limits.stall", out.limits.stall);
  read.seconds("limits.listing", out.limits.listing);
  read.seconds("limits.read", out.limits.read);
  read.seconds("limits.open", out.limits.open);
}

void read_network(SettingReader& read, vo::ArchiveOptions& out) {
  read.flag("network.allow_private", out.http.allow_private);
  const Setting* setting = read.find("network.allow_private");
  if (setting != nullptr && out.http.allow_private && !setting->users_own)
    read.mistake(
        *setting, Code::denied,
        "may only be set in your own file (~/.config/skymount/ or one given with --config), because it lets an "
        "archive point into your private network");
}

}  // namespace

Result<vo::ArchiveOptions> archive_from(const Settings& settings, const std::string& file, const vo::Lifetimes& ttl) {
  vo::ArchiveOptions out;
  out.config_file = file;
  out.ttl = ttl;
  SettingReader read(settings);

  read.text(".name", out.name);
  if (const Setting* name = read.find(".name"); name != nullptr) {
    if (const std::string fault = name_fault(out.name); !fault.empty()) read.mistake(*name, Code::invalid, fault);
  }
  read.text(".title", out.title);
  read.text(".description", out.description);
  read_services(read, out);
  read.text("naming.dataset", out.naming.dataset);
  if (const Setting* naming = read.find("naming.dataset"); naming != nullptr) {
    if (Result<vo::NameTemplate> parsed = vo::NameTemplate::parse(out.naming.dataset); !parsed)
      read.mistake(*naming, Code::invalid, "is no template for names: " + parsed.error().what());
  }
  read.angle("cutout.radius", out.cutout.radius_deg);
  read.size("cutout.max_bytes", out.cutout.max_bytes);
  read_best(read, out);
  read_auth(read, out);
  read_limits(read, out);
  read_lifetimes(read, out.ttl);
  read_network(read, out);
  if (Result<void> all = read.result(); !all) return fail(all.error());

  if (read.find(".name") == nullptr)
    return fail(Code::invalid, file + ": 'name' is missing; the archive's folder needs one, for example name = \"" +
                                   std::filesystem::path(file).stem().string() + "\"");
  if (out.tap.url.empty() && out.ssa_url.empty() && out.sia_url.empty())
    return fail(Code::invalid,
                file +
                    ": [tap] url is missing; give the address of the archive's TAP service, for example url = "
                    "\"http://dc.g-vo.org/tap\"");
  if (out.title.empty()) out.title = out.name;
  out.http.connections = out.limits.connections;
  out.http.requests_per_second = out.limits.requests_per_second;
  out.http.bytes_per_hour = out.limits.bytes_per_hour;
  out.http.connect = out.limits.connect;
  out.http.first_byte = out.limits.first_byte;
  out.http.stall = out.limits.stall;
  return out;
}

}  // namespace skymount::fs
