// SPDX-License-Identifier: MIT
#include "fs/config/secrets.h"

#include "fs/config/document.h"
#include "fs/config/search.h"
#include "vo/query/grammar.h"

#include <algorithm>

namespace skymount::fs {
namespace {

constexpr std::string_view kForms = R"({ env = "NAME" }, { file = "PATH" } or { command = ["PROGRAM", ...] })";

tl::unexpected<Error> mistake(const Setting& at, const std::string& words, Code code = Code::invalid) {
  return fail(code, at.where() + ": '" + at.key + "' " + words);
}

Result<std::string> text_of(const Setting& setting) {
  const auto* text = std::get_if<std::string>(&setting.value);
  if (text == nullptr || text->empty()) return mistake(setting, "must be a text");
  return *text;
}

/// { env = ... }, { file = ... } or { command = [...] }: one of them, alone.
Result<vo::SecretPtr> secret_of(const Setting& setting, const Environment& environment) {
  const auto* table = std::get_if<TableValue>(&setting.value);
  if (table == nullptr) {
    return mistake(setting, "is written down plainly, which is refused; say where it is: " + std::string(kForms),
                   Code::denied);
  }
  if (table->items->size() != 1) return mistake(setting, "must be one of " + std::string(kForms));
  const Setting& form = table->items->front();
  using Kind = vo::Secret::Kind;
  if (form.key == "command") {
    const auto* words = std::get_if<std::vector<std::string>>(&form.value);
    if (words == nullptr || words->empty() || words->front().empty()) {
      return mistake(form, R"(must be a list of texts, the program first: ["pass", "show", "eso"])");
    }
    std::vector<std::string> argv = *words;
    argv.front() = expand_home(argv.front(), environment).string();
    return std::make_shared<const vo::Secret>(Kind::command, std::move(argv));
  }
  if (form.key != "env" && form.key != "file") return mistake(setting, "must be one of " + std::string(kForms));
  Result<std::string> text = text_of(form);
  if (!text) return fail(text.error());
  if (form.key == "env") return std::make_shared<const vo::Secret>(Kind::environment, std::vector{*text});
  const std::filesystem::path file = expand_home(*text, environment);
  if (!file.is_absolute()) return mistake(form, "must be an absolute path or begin with ~/");
  return std::make_shared<const vo::Secret>(Kind::file, std::vector{file.string()});
}

Result<void> read_key(const Setting& setting, const Environment& environment, vo::SecretBinding& out) {
  static const std::vector<std::string_view> kKeys = {"username",    "password", "token",
                                                      "certificate", "key",      "passphrase"};
  const auto secret = [&](vo::SecretPtr& where) -> Result<void> {
    Result<vo::SecretPtr> made = secret_of(setting, environment);
    if (!made) return fail(made.error());
    where = *made;
    return {};
  };
  if (setting.key == "password") return secret(out.password);
  if (setting.key == "token") return secret(out.token);
  if (setting.key == "passphrase") return secret(out.passphrase);
  if (std::find(kKeys.begin(), kKeys.end(), setting.key) == kKeys.end()) {
    const std::string near(vo::nearest(setting.key, kKeys));
    return mistake(setting, near.empty()
                                ? "is not known; there are: username, password, token, certificate, key, passphrase"
                                : "is not known - did you mean '" + near + "'?");
  }
  Result<std::string> text = text_of(setting);
  if (!text) return fail(text.error());
  if (setting.key == "username") {
    out.username = *text;
    return {};
  }
  const std::filesystem::path file = expand_home(*text, environment);
  if (!file.is_absolute()) return mistake(setting, "must be an absolute path or begin with ~/");
  (setting.key == "key" ? out.key : out.certificate) = file.string();
  return {};
}

Result<vo::SecretBinding> binding_of(const Setting& setting, const Environment& environment) {
  const auto* table = std::get_if<TableValue>(&setting.value);
  if (table == nullptr) {
    return fail(Code::invalid, setting.where() + ": a secret is bound to an archive and an origin; write [" +
                                   setting.section + ".\"https://HOST\"] above '" + setting.key + "'");
  }
  Result<vo::HostRule> origin = vo::HostRule::parse(setting.key);
  if (!origin) return fail(origin.error().during(setting.where()));
  vo::SecretBinding out;
  out.origin = std::move(*origin);
  out.where = std::filesystem::path(setting.file).filename().string() + ":" + std::to_string(setting.line);
  for (const Setting& key : *table->items)
    if (Result<void> read = read_key(key, environment, out); !read) return fail(read.error());
  return out;
}

/// What the kind needs and the binding lacks; empty when it is whole.
std::string lacking(const vo::SecretBinding& binding, vo::AuthOptions::Kind kind) {
  using Kind = vo::AuthOptions::Kind;
  switch (kind) {
    case Kind::none: return "";
    case Kind::basic:
    case Kind::oidc_password:
      if (binding.username.empty()) return "username";
      return binding.password ? "" : "password";
    case Kind::bearer:
    case Kind::header: return binding.token ? "" : "token";
    case Kind::x509: return binding.certificate.empty() ? "certificate" : "";
  }
  return "";
}

}  // namespace

Result<SecretBindings> read_secrets(const std::filesystem::path& directory, const Environment& environment) {
  SecretBindings out;
  const std::filesystem::path file = directory / "secrets.toml";
  std::error_code error;
  if (directory.empty() || !std::filesystem::exists(file, error)) return out;
  if (Result<void> safe = vo::check_private(file); !safe) return fail(safe.error());
  Result<Document> document = read_document(file, true);
  if (!document) return fail(document.error());
  for (const RepeatedSection& section : document->repeated)
    return fail(Code::invalid, file.string() + ":" + std::to_string(section.line) + ": write [" + section.name +
                                   ".\"https://HOST\"] with single brackets");
  for (const Setting& setting : document->settings) {
    if (setting.section.empty())
      return fail(Code::invalid,
                  setting.where() + ": '" + setting.key +
                      "' belongs below [ARCHIVE.\"https://HOST\"], the archive and the origin it is for");
    Result<vo::SecretBinding> binding = binding_of(setting, environment);
    if (!binding) return fail(binding.error());
    out[setting.section].push_back(std::move(*binding));
  }
  return out;
}

Result<void> bind_secrets(const SecretBindings& secrets, const std::filesystem::path& state,
                          vo::ArchiveOptions& archive) {
  if (archive.auth.kind == vo::AuthOptions::Kind::none) return {};
  if (!state.empty()) archive.auth.token_file = state / "tokens" / (archive.name + ".json");
  const auto bound = secrets.find(archive.name);
  if (bound == secrets.end()) return {};
  for (const vo::SecretBinding& binding : bound->second) {
    if (const std::string missing = lacking(binding, archive.auth.kind); !missing.empty())
      return fail(Code::invalid, binding.where + ": '" + missing + "' is missing; " + archive.name +
                                     " has [auth] kind = \"" + std::string(vo::to_text(archive.auth.kind)) +
                                     "\", which needs it");
  }
  archive.auth.bindings = bound->second;
  return {};
}

}  // namespace skymount::fs
