// SPDX-License-Identifier: MIT
#include "vo/protocol/datalink.h"

#include "vo/http/message.h"
#include "vo/http/redact.h"
#include "vo/protocol/dali.h"
#include "vo/votable/reader.h"
#include "vo/votable/writer.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

constexpr std::size_t kMostLinks = 100'000;
constexpr std::string_view kCore = "http://www.ivoa.net/rdf/datalink/core#";
constexpr std::string_view kCoreHttps = "https://www.ivoa.net/rdf/datalink/core#";

// The terms of the core vocabulary that are seen without their '#'.
constexpr std::array<std::string_view, 26> kCoreTerms = {
    "this",          "progenitor",   "derivation",  "coderived", "counterpart", "auxiliary",     "weight",
    "error",         "noise",        "calibration", "bias",      "dark",        "flat",          "preview",
    "preview-image", "preview-plot", "thumbnail",   "proc",      "cutout",      "documentation", "detached-header",
    "package",       "science",      "sibling",     "pkg",       "description"};

// Columns in which archives tell a file's name beside the standard ones.
constexpr std::array<std::string_view, 2> kFileNameColumns = {"eso_origfile", "original_filename"};

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && blank(text.back())) text.pop_back();
  std::size_t start = 0;
  while (start < text.size() && blank(text[start])) ++start;
  return text.substr(start);
}

std::optional<bool> truth(const Value& value) {
  if (const bool* b = std::get_if<bool>(&value)) return *b;
  const std::string text = lower(trimmed(to_text(value)));
  if (text == "true" || text == "t" || text == "1") return true;
  if (text == "false" || text == "f" || text == "0") return false;
  return std::nullopt;
}

/// Which column holds what, looked up once a document.
struct Columns {
  explicit Columns(const TableMeta& meta)
      : id(meta.column("ID")),
        access_url(meta.column("access_url")),
        service_def(meta.column("service_def")),
        error_message(meta.column("error_message")),
        semantics(meta.column("semantics")),
        description(meta.column("description")),
        content_type(meta.column("content_type")),
        content_length(meta.column("content_length")),
        content_qualifier(meta.column("content_qualifier")),
        local_semantics(meta.column("local_semantics")),
        link_auth(meta.column("link_auth")),
        link_authorized(meta.column("link_authorized")),
        readable(meta.column("readable")) {
    for (const std::string_view name : kFileNameColumns) {
      if (!file_name) file_name = meta.column(name);
    }
  }
  using Column = std::optional<std::size_t>;
  Column id, access_url, service_def, error_message, semantics, description, content_type, content_length,
      content_qualifier, local_semantics, link_auth, link_authorized, readable, file_name;
};

Link to_link(const Table& table, std::size_t row, const Columns& columns) {
  const auto text = [&](Columns::Column column) { return trimmed(to_text(table.cell(row, column))); };
  Link link;
  link.row = static_cast<std::uint32_t>(row);
  link.id = text(columns.id);
  link.access_url = text(columns.access_url);
  link.service_def = text(columns.service_def);
  link.error_message = text(columns.error_message);
  link.semantics = normal_semantics(text(columns.semantics));
  link.description = text(columns.description);
  link.content_type = text(columns.content_type);
  link.local_semantics = text(columns.local_semantics);
  link.content_qualifier = text(columns.content_qualifier);
  link.file_name = text(columns.file_name);
  // Zero and -1 are how services write "unknown"; a real file of no bytes is not worth an exact promise.
  const std::optional<double> length = to_number(table.cell(row, columns.content_length));
  if (length && *length >= 1 && *length < 9e15) link.content_length = static_cast<std::uint64_t>(*length);
  const std::optional<bool> authorized = truth(table.cell(row, columns.link_authorized));
  link.needs_login = same_word(text(columns.link_auth), "true");
  link.forbidden = !authorized.value_or(truth(table.cell(row, columns.readable)).value_or(true));
  return link;
}

/// Position of the FIELD that a PARAM's ref names: by ID as XML says, else by name as some servers do.
std::optional<std::size_t> referenced_field(const TableMeta& meta, std::string_view ref) {
  for (std::size_t i = 0; i < meta.fields.size(); ++i) {
    if (!meta.fields[i].id.empty() && meta.fields[i].id == ref) return i;
  }
  return meta.column(ref);
}

std::string referenced_value(const Table& table, std::size_t row, std::string_view ref) {
  if (const auto column = referenced_field(table.meta, ref)) {
    return row < table.size() ? trimmed(to_text(table.cell(row, column))) : std::string{};
  }
  for (const Field& param : table.meta.params) {
    if (param.id == ref || same_word(param.name, ref)) return trimmed(param.value);
  }
  return {};
}

/// Tokens that a descriptor carries as constants.
std::string blank_constants(const TableMeta& meta, std::string text) {
  for (const ServiceDescriptor& service : meta.services) {
    for (const Field& input : service.inputs) {
      if (names_a_secret(input.name)) text = blank_word(std::move(text), input.value);
    }
  }
  return text;
}

/// A document's texts and remarks as people may see them; of its tags the URLs, so that it stays a document.
std::string redact_document(std::string_view document) {
  std::string out;
  out.reserve(document.size());
  while (!document.empty()) {
    const std::size_t tag = std::min(document.find('<'), document.size());
    out += redact_text(document.substr(0, tag));
    document.remove_prefix(tag);
    const bool cdata = document.starts_with("<![CDATA["), remark = document.starts_with("<!--");
    const std::string_view close = cdata ? "]]>" : remark ? "-->" : ">";
    const std::size_t end = document.find(close);
    const std::size_t size = end == std::string_view::npos ? document.size() : end + close.size();
    const bool words = cdata || remark || document.starts_with("<INFO");
    out += words ? redact_text(document.substr(0, size)) : blank_urls(document.substr(0, size));
    document.remove_prefix(size);
  }
  return out;
}

/// As read_votable, with the rows that come before an error.
Result<Table> rows_and_status(ByteView document) {
  Table table;
  const auto keep = [&](const Row& row) {
    table.append(row);
    return Result<void>();
  };
  VotableReader reader([](const TableMeta&) { return Result<void>(); }, keep);
  if (auto fed = reader.feed(document); !fed) return fail(fed.error());
  Result<TableMeta> meta = reader.finish();
  if (!meta) return fail(meta.error());
  table.meta = std::move(*meta);
  return table;
}

bool is_id(const Field& input) {
  return same_word(input.name, "ID");
}

}  // namespace

bool is_links_table(const TableMeta& meta) {
  return meta.has_table && meta.column("ID") && meta.column("access_url") && meta.column("semantics");
}

bool is_datalink_type(std::string_view content_type) {
  const MediaType type = MediaType::parse(content_type);
  return same_word(type.parameter("content"), "datalink");
}

Result<LinksAnswer> parse_links(ByteView document) {
  Result<Table> table = rows_and_status(document);
  if (!table) return fail(std::move(table).error());
  const bool failed = table->meta.status.kind == QueryStatus::Kind::error;
  if (failed && table->size() == 0) return fail(error_of_status(table->meta.status.message));
  if (!is_links_table(table->meta)) {
    return fail(Code::corrupt, "the VOTable has no columns ID, access_url and semantics: no links document");
  }
  if (table->size() > kMostLinks) {
    return fail(Code::too_large, "a links document with " + std::to_string(table->size()) + " links");
  }
  LinksAnswer answer;
  if (failed) answer.failure = error_of_status(table->meta.status.message).what();
  answer.overflow = table->meta.status.kind == QueryStatus::Kind::overflow;
  const Columns columns(table->meta);
  answer.links.reserve(table->size());
  for (std::size_t row = 0; row < table->size(); ++row) answer.links.push_back(to_link(*table, row, columns));
  answer.table = std::move(*table);
  return answer;
}

std::string normal_semantics(std::string_view text) {
  for (const std::string_view base : {kCore, kCoreHttps}) {
    if (text.starts_with(base)) return "#" + std::string(text.substr(base.size()));
  }
  if (std::find(kCoreTerms.begin(), kCoreTerms.end(), text) != kCoreTerms.end()) return "#" + std::string(text);
  return std::string(text);
}

ServiceKind kind_of(const ServiceDescriptor& service) {
  const std::string id = lower(service.standard_id);
  if (id.starts_with("ivo://ivoa.net/std/soda#sync") || id == "ivo://ivoa.net/std/soda" ||
      id.starts_with("ivo://ivoa.net/std/ssdp#sync")) {
    return ServiceKind::soda;
  }
  if (id.starts_with("ivo://ivoa.net/std/datalink")) return ServiceKind::datalink;
  return ServiceKind::other;
}

bool takes_parameters(const ServiceDescriptor& service) {
  const ServiceKind kind = kind_of(service);
  if (kind != ServiceKind::other) return kind == ServiceKind::soda;
  return !lower(service.standard_id).starts_with("ivo://ivoa.net/std/");
}

Result<BoundService> bind_service(const ServiceDescriptor& service, const Table& table, std::size_t row,
                                  const Url& base) {
  const std::string what = "service " + words_of(service.name.empty() ? service.id : service.name, 100);
  if (trimmed(service.access_url).empty()) return fail(Code::unsupported, what + " has no accessURL");
  const Result<Url> url = base.resolve(trimmed(service.access_url));
  if (!url) return fail(Code::unsupported, what + ": " + url.error().what());
  BoundService bound{url->text(), {}, {}, false};
  for (const Field& input : service.inputs) {
    if (input.name.empty()) continue;
    if (!input.ref.empty()) {
      std::string value = referenced_value(table, row, input.ref);
      if (value.empty()) {
        return fail(Code::unsupported, what + ": its input " + words_of(input.name, 60) + " has no value in this row");
      }
      bound.fixed.emplace_back(input.name, std::move(value));
      continue;
    }
    const bool constant = !input.value.empty();
    if (constant) bound.fixed.emplace_back(input.name, input.value);
    if (is_id(input)) {
      bound.id_missing = !constant;
      continue;  // which dataset is meant is never the user's choice
    }
    bound.open.push_back(input);
  }
  return bound;
}

std::string shown_links(const Table& table, std::string_view document) {
  Table shown;
  shown.meta = table.meta;
  std::vector<std::size_t> secret;
  for (std::size_t i = 0; i < table.meta.fields.size(); ++i) {
    if (names_a_secret(table.meta.fields[i].name)) secret.push_back(i);
  }
  const bool readable = looks_like_votable(as_bytes(document)) && !document.starts_with("\x1f\x8b") &&
                        document.find("<STREAM") == std::string_view::npos &&
                        document.find(":STREAM") == std::string_view::npos;
  if (secret.empty() && readable) return blank_constants(table.meta, redact_document(document));
  // Secret cells, or cells that nobody can read: written again from what was understood.
  for (std::size_t row = 0; row < table.size(); ++row) {
    Row cells = table.row(row);
    for (const std::size_t i : secret) {
      if (i < cells.size() && !is_null(cells[i])) cells[i] = Value(std::string("***"));
    }
    shown.append(cells);
  }
  for (const std::size_t i : secret) {
    Field& field = shown.meta.fields[i];
    field.datatype = Datatype::character;
    field.datatype_text = "char";
    field.arraysize_text = "*";
    field.arraysize = ArraySize::parse("*");
  }
  return blank_constants(table.meta, redact_document(write_votable(shown)));
}

}  // namespace skymount::vo
