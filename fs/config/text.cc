// SPDX-License-Identifier: MIT
//
// The configuration in force, written back as TOML: what .skymount/config.toml shows. The keys of an archive's file
// stand under [archive.NAME], the global ones as in skymount.toml.
#include "cache/base/log.h"
#include "fs/config/config.h"
#include "vo/http/url.h"
#include "vo/query/interval.h"

#include <cstdio>

namespace skymount::fs {
namespace {

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04X", static_cast<unsigned>(byte));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string redacted(const std::string& url) {
  const Result<vo::Url> parsed = vo::Url::parse(url);
  return toml_text(parsed ? parsed->redacted() : "***");
}

std::string list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + toml_text(text);
  return out + "]";
}

/// In the largest unit that is exact, as a person would have written it.
std::string size_text(std::uint64_t bytes) {
  for (const auto& [unit, name] : {std::pair{1'000'000'000ULL, " GB"}, {1ULL << 30, " GiB"}, {1ULL << 20, " MiB"}})
    if (bytes > 0 && bytes % unit == 0) return toml_text(std::to_string(bytes / unit) + name);
  return toml_text(std::to_string(bytes) + " B");
}

std::string duration_text(std::chrono::milliseconds time) {
  const std::int64_t ms = time.count();
  for (const auto& [unit, name] :
       {std::pair{86'400'000LL, " d"}, {3'600'000LL, " h"}, {60'000LL, " min"}, {1000LL, " s"}})
    if (ms > 0 && ms % unit == 0) return toml_text(std::to_string(ms / unit) + name);
  return toml_text(std::to_string(ms) + " ms");
}

std::string in_seconds(std::chrono::milliseconds time) {
  return vo::fixed_shortest(static_cast<double>(time.count()) / 1000);
}

class Writer {
 public:
  void comment(const std::string& words) { text_ += "# " + printable(words) + "\n"; }
  /// [archive."gavo".tap] for all sections after this, so that the text stays one valid document.
  void enter_archive(const std::string& name) { prefix_ = "archive." + toml_text(name); }
  void section(const std::string& name) {
    text_ += "\n[" + prefix_ + (prefix_.empty() || name.empty() ? "" : ".") + name + "]\n";
  }
  void line(const char* key, const std::string& value) { text_ += std::string(key) + " = " + value + "\n"; }
  void unless_empty(const char* key, const std::string& value) {
    if (!value.empty()) line(key, toml_text(value));
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_, prefix_;
};

void write_lifetimes(Writer& out, const vo::Lifetimes& ttl) {
  out.section("ttl");
  out.line("listings", duration_text(ttl.listings));
  out.line("links", duration_text(ttl.links));
  out.line("negative", duration_text(ttl.negative));
}

void write_global(Writer& out, const GlobalOptions& global) {
  out.section("cache");
  out.line("dir", toml_text(global.cache_dir.string()));
  out.line("size", size_text(global.cache_bytes));
  out.line("memory", size_text(global.memory_bytes));
  write_lifetimes(out, global.ttl);
  out.section("crawlers");
  out.line("deny", list(global.crawlers_deny));
  out.section("sesame");
  out.line("url", list(global.resolver.urls));
  if (!global.proxy.empty()) {
    out.section("proxy");
    out.line("url", redacted(global.proxy));
  }
  if (!global.tls_ca.empty()) {
    out.section("tls");
    out.line("ca", toml_text(global.tls_ca));
  }
}

std::string rule_text(const vo::HostRule& rule) {
  return (rule.scheme.empty() ? "" : rule.scheme + "://") + rule.host +
         (rule.port == 0 ? "" : ":" + std::to_string(rule.port)) + rule.path;
}

/// What is bound is named by its place alone.
void write_auth(Writer& out, const vo::AuthOptions& auth) {
  if (auth.kind == vo::AuthOptions::Kind::none) return;
  out.section("auth");
  out.line("kind", toml_text(vo::to_text(auth.kind)));
  std::vector<std::string> hosts, scope;
  for (const vo::HostRule& rule : auth.hosts) hosts.push_back(rule_text(rule));
  if (!hosts.empty()) out.line("hosts", list(hosts));
  if (auth.kind == vo::AuthOptions::Kind::header) out.line("header", toml_text(auth.header));
  if (!auth.token_url.empty()) out.line("token_url", redacted(auth.token_url));
  for (const auto& [on, word] : {std::pair{auth.files, "files"}, {auth.links, "links"}, {auth.tap, "tap"}})
    if (on) scope.emplace_back(word);
  out.line("scope", list(scope));
  for (const vo::SecretBinding& binding : auth.bindings)
    out.comment(binding.where + " binds a secret for " + rule_text(binding.origin));
}

void write_archive(Writer& out, const vo::ArchiveOptions& archive) {
  out.enter_archive(archive.name);
  out.section("");
  for (const std::string& file : archive.config_files) out.comment("from " + file);
  out.line("name", toml_text(archive.name));
  out.unless_empty("title", archive.title);
  out.unless_empty("description", archive.description);
  if (!archive.ssa_url.empty()) {
    out.section("ssa");
    out.line("url", redacted(archive.ssa_url));
  }
  if (!archive.sia_url.empty()) {
    out.section("sia");
    out.line("url", redacted(archive.sia_url));
    out.line("version", std::to_string(archive.sia_version));
  }
  out.section("tap");
  if (!archive.tap.url.empty()) out.line("url", redacted(archive.tap.url));
  out.line("language", toml_text(archive.tap.language));
  out.line("mode", toml_text(archive.tap.mode));
  out.line("maxrec", std::to_string(archive.tap.maxrec));
  if (archive.tap.execution_duration.count() > 0)
    out.line("execution_duration", std::to_string(archive.tap.execution_duration.count()));
  out.section("obscore");
  out.unless_empty("table", archive.obscore.table);
  out.unless_empty("where", archive.obscore.where);
  out.unless_empty("order_by", archive.obscore.order_by);
  out.line("form", toml_text(archive.obscore.form));
  out.line("search_radius", toml_text(vo::fixed_shortest(archive.obscore.search_radius_deg) + " deg"));
  if (!archive.obscore.id_columns.empty()) out.line("id_columns", list(archive.obscore.id_columns));
  if (!archive.datalink.url.empty()) {
    out.section("datalink");
    out.line("url", redacted(archive.datalink.url));
  }
  out.section("naming");
  out.line("dataset", toml_text(archive.naming.dataset));
  out.section("cutout");
  out.line("radius", toml_text(vo::fixed_shortest(archive.cutout.radius_deg) + " deg"));
  out.line("max_bytes", size_text(archive.cutout.max_bytes));
  if (!archive.best.full.empty()) {
    out.section("best");
    out.line("full", "{ semantics = " + toml_text(archive.best.full) + " }");
  }
  write_auth(out, archive.auth);
  out.section("limits");
  out.line("connections", std::to_string(archive.limits.connections));
  if (archive.limits.requests_per_second > 0)
    out.line("requests_per_second", vo::fixed_shortest(archive.limits.requests_per_second));
  if (archive.limits.bytes_per_hour > 0) out.line("bytes_per_hour", size_text(archive.limits.bytes_per_hour));
  out.line("connect", in_seconds(archive.limits.connect));
  out.line("first_byte", in_seconds(archive.limits.first_byte));
  out.line("stall", in_seconds(archive.limits.stall));
  out.line("listing", in_seconds(archive.limits.listing));
  out.line("read", in_seconds(archive.limits.read));
  out.line("open", in_seconds(archive.limits.open));
  write_lifetimes(out, archive.ttl);
  if (archive.http.allow_private) {
    out.section("network");
    out.line("allow_private", "true");
  }
  for (const auto& [host, url] : archive.http.map) out.comment("--map " + host + "=" + url);
}

}  // namespace

std::string effective_config_text(const Configuration& configuration) {
  Writer out;
  out.comment("What is in force in this mount: skymount.toml first, then the archives.");
  write_global(out, configuration.global);
  for (const vo::ArchiveOptions& archive : configuration.archives) write_archive(out, archive);
  return std::move(out).take();
}

}  // namespace skymount::fs
