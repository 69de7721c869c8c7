// SPDX-License-Identifier: MIT
#include "vo/protocol/vosi.h"

#include "vo/protocol/dali.h"
#include "vo/votable/small_xml.h"

#include <charconv>

namespace skymount::vo {
namespace {

constexpr const char* kUsualName = "ivoa.obscore";

// String comparison in TAP_SCHEMA minds the case although identifiers in queries do not, so the variants are listed;
// LOWER() is an optional feature of ADQL.
constexpr const char* kWhere =
    "SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name IN "
    "('ivoa.obscore', 'ivoa.ObsCore', 'ivoa.Obscore', 'ivoa.OBSCORE', 'obscore', 'ObsCore', 'Obscore')";

std::optional<std::uint64_t> rows_of(XmlElement limit, std::string_view which) {
  const XmlElement element = child_of(limit, which);
  if (!element || (element.text_of("unit") != "row" && !element.text_of("unit").empty())) return std::nullopt;
  const std::string text = element.text();
  std::uint64_t rows = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return rows;
}

void read_language(XmlElement language, TapCapabilities& out) {
  const std::string name = child_of(language, "name").text();
  for (XmlElement part = language.first_child(); part; part = part.next_sibling()) {
    if (part.name() == "version") out.languages.push_back(words_of(name + " " + part.text(), 40));
    if (part.name() != "languageFeatures" || !lower(part.text_of("type")).ends_with("#features-adqlgeo")) continue;
    for (XmlElement feature = part.first_child(); feature; feature = feature.next_sibling())
      if (const XmlElement form = child_of(feature, "form")) out.geometry.push_back(words_of(form.text(), 40));
  }
}

void read_capability(XmlElement capability, TapCapabilities& out) {
  // "ivo://ivoa.net/std/TAP", not those of its parts: "...TAP#aux", "...TAPRegExt".
  const std::string standard = lower(capability.text_of("standardID"));
  if (standard != "ivo://ivoa.net/std/tap" && !standard.starts_with("ivo://ivoa.net/std/tap/")) return;
  out.tap = true;
  for (XmlElement part = capability.first_child(); part; part = part.next_sibling()) {
    if (part.name() == "language") read_language(part, out);
    if (part.name() != "outputLimit") continue;
    out.default_rows = rows_of(part, "default");
    out.hard_rows = rows_of(part, "hard");
  }
}

Result<XmlTree> fetch_vosi(HttpClient& client, const std::string& base, std::string_view what,
                           const FetchContext& ctx) {
  const Result<Url> url = Url::parse(base + "/" + std::string(what));
  if (!url) return fail(url.error());
  const Result<FetchedDocument> document = get_document(client, *url, ctx);
  if (!document) return fail(document.error());
  Result<XmlTree> tree = parse_small_xml(document->body);
  if (!tree || tree->root().name() != what)
    return fail(Code::corrupt,
                url->redacted() + " is no document of " + std::string(what) + " but: " + first_words(document->body));
  return tree;
}

}  // namespace

Result<TapCapabilities> fetch_capabilities(HttpClient& client, const std::string& base, const FetchContext& ctx) {
  const Result<XmlTree> tree = fetch_vosi(client, base, "capabilities", ctx);
  if (!tree) return fail(tree.error());
  TapCapabilities out;
  for (XmlElement part = tree->root().first_child(); part; part = part.next_sibling())
    if (part.name() == "capability") read_capability(part, out);
  return out;
}

Result<Availability> fetch_availability(HttpClient& client, const std::string& base, const FetchContext& ctx) {
  const Result<XmlTree> tree = fetch_vosi(client, base, "availability", ctx);
  if (!tree) return fail(tree.error());
  Availability out;
  const XmlElement available = child_of(tree->root(), "available");
  out.available = !available || (available.text() != "false" && available.text() != "0");
  for (XmlElement part = tree->root().first_child(); part; part = part.next_sibling())
    if (part.name() == "note") out.note += (out.note.empty() ? "" : "; ") + words_of(part.text(), 200);
  return out;
}

Result<std::string> find_obscore_table(const TapService& service, const std::string& language,
                                       const FetchContext& ctx) {
  // 10: at most the seven variants can match.
  const Result<Table> found = service.query({.query = kWhere, .language = language, .maxrec = 10}, ctx);
  if (!found) {
    const Code code = found.error().code();
    if (code == Code::invalid || code == Code::corrupt || code == Code::unsupported) return std::string(kUsualName);
    return fail(found.error().during("looking for the ObsCore table"));
  }
  std::string bare;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const std::string name = found->text(i, "table_name");
    if (starts_with_word(name, "ivoa.") && same_word(name.substr(5), "obscore")) return name;
    if (same_word(name, "obscore")) bare = name;
  }
  // A bare name comes from services that strip schemas in TAP_SCHEMA; queries want the schema all the same.
  return bare.empty() ? std::string(kUsualName) : "ivoa." + bare;
}

}  // namespace skymount::vo
