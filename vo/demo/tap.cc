// SPDX-License-Identifier: MIT
//
// IVOA TAP 1.1 over HTTP: parameters, formats, overflow, errors.
#include "vo/demo/services.h"
#include "vo/demo/tap_jobs.h"

#include <algorithm>
#include <charconv>

namespace skymount::demo {
namespace {

enum class Format { votable, csv };

struct Query {
  std::string adql;
  Format format = Format::votable;
  Serialization serialization = Serialization::binary;
  std::string content_type;
  unsigned maxrec = 0;
};

Serialization serialization_named(std::string_view name) {
  if (name == "TABLEDATA") return Serialization::tabledata;
  return name == "BINARY2" ? Serialization::binary2 : Serialization::binary;
}

void choose_format(const DemoOptions& options, const Fields& params, Query& query) {
  std::string wanted = param(params, "RESPONSEFORMAT").value_or(param(params, "FORMAT").value_or("votable"));
  std::erase(wanted, ' ');
  const auto is = [&](std::string_view name) { return same_ignoring_case(wanted, name); };
  query.content_type = "application/x-votable+xml";
  query.serialization = serialization_named(options.serialization);
  if (is("votable") || is("application/x-votable+xml") || is("text/xml")) return;
  if (is("votable/td") || is("application/x-votable+xml;serialization=TABLEDATA")) {
    query.serialization = Serialization::tabledata;
    query.content_type += ";serialization=TABLEDATA";
  } else if (is("votable/b2") || is("application/x-votable+xml;serialization=BINARY2")) {
    query.serialization = Serialization::binary2;
    query.content_type += ";serialization=BINARY2";
  } else if (is("votable/b") || is("application/x-votable+xml;serialization=BINARY")) {
    query.serialization = Serialization::binary;
  } else if (is("csv") || is("text/csv") || is("text/csv;header=present")) {
    query.format = Format::csv;
    query.content_type = "text/csv;header=present";
  } else {
    throw QueryError{"RESPONSEFORMAT " + wanted + " is not supported"};
  }
}

Query understand(const DemoOptions& options, const Fields& params) {
  Query query;
  const std::string language = param(params, "LANG").value_or("ADQL");
  if (!same_ignoring_case(language.substr(0, 4), "ADQL") && (language.empty() || language != options.language))
    throw QueryError{"LANG " + language + " is not supported"};
  if (const auto request = param(params, "REQUEST"); request && !same_ignoring_case(*request, "doQuery")) {
    throw QueryError{"REQUEST " + *request + " is not supported"};
  }
  const auto adql = param(params, "QUERY");
  if (!adql) throw QueryError{"QUERY is missing"};
  query.adql = *adql;
  choose_format(options, params, query);
  query.maxrec = options.default_maxrec;
  if (const auto text = param(params, "MAXREC")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), query.maxrec);
    if (error != std::errc{} || end != text->data() + text->size())
      throw QueryError{"MAXREC " + *text + " is no number"};
  }
  query.maxrec = std::min(query.maxrec, options.hard_maxrec);
  return query;
}

/// A links service for the rows: DataLink 1.1, section 4 (service descriptors in query answers).
std::string links_descriptor(const Services& services) {
  return "<RESOURCE type=\"meta\" utype=\"adhoc:service\" name=\"links\">\n"
         "<PARAM name=\"standardID\" datatype=\"char\" arraysize=\"*\" "
         "value=\"ivo://ivoa.net/std/DataLink#links-1.1\"/>\n"
         "<PARAM name=\"accessURL\" datatype=\"char\" arraysize=\"*\" value=\"" +
         xml_escaped(services.base + "/links") +
         "\"/>\n<GROUP name=\"inputParams\"><PARAM name=\"ID\" datatype=\"char\" arraysize=\"*\" value=\"\" "
         "ucd=\"meta.id;meta.main\" ref=\"col_did\"/></GROUP>\n</RESOURCE>\n";
}

void stream_votable(const ServicesPtr& services, Cursor& cursor, const Query& query, const Reply::Sink& sink) {
  std::vector<Field> fields = cursor.fields();
  std::string descriptor;
  for (Field& field : fields) {
    if (field.name != "obs_publisher_did" || !services->options.links_descriptor || !descriptor.empty()) continue;
    field.id = "col_did";
    descriptor = links_descriptor(*services);
  }
  VotableOut out(sink, query.serialization);
  out.begin(fields, {{"QUERY_STATUS", "OK", ""}, {"QUERY", query.adql, ""}});
  std::vector<Info> trailing;
  try {
    Row row;
    unsigned rows = 0;
    while (cursor.next(row)) {
      if (rows++ == query.maxrec) {
        trailing.push_back({"QUERY_STATUS", "OVERFLOW", "more than " + std::to_string(query.maxrec) + " rows"});
        break;
      }
      if (!out.row(row)) return;
    }
    if (query.maxrec == 0 && trailing.empty()) trailing.push_back({"QUERY_STATUS", "OVERFLOW", "MAXREC is 0"});
  } catch (const QueryError& error) {
    trailing.push_back({"QUERY_STATUS", "ERROR", error.message});
  }
  out.end(trailing, descriptor);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

void stream_csv(Cursor& cursor, const Query& query, const Reply::Sink& sink) {
  std::string text;
  for (const Field& field : cursor.fields()) text += (text.empty() ? "" : ",") + csv_field(field.name);
  text += "\r\n";
  Row row;
  for (unsigned rows = 0; rows < query.maxrec && cursor.next(row); ++rows) {
    for (std::size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ",") + csv_field(cell_text(row[i]));
    text += "\r\n";
    if (text.size() < 32'768) continue;
    if (!sink(text)) return;
    text.clear();
  }
  sink(text);
}

}  // namespace

std::optional<std::string> param(const Fields& params, std::string_view name) {
  for (const auto& [key, value] : params) {
    if (same_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

Reply tap_error(const Services& services, const std::string& message) {
  return Reply::text(services.options.errors_as_200 ? 200 : 400, error_votable(message), "application/x-votable+xml");
}

Reply tap_query(const ServicesPtr& services, const Fields& params) {
  try {
    const Query query = understand(services->options, params);
    const std::shared_ptr<Cursor> cursor = services->store.query(query.adql);
    Reply reply;
    reply.content_type = query.content_type;
    reply.stream = [services, cursor, query](const Reply::Sink& sink) {
      if (query.format == Format::csv) return stream_csv(*cursor, query, sink);
      stream_votable(services, *cursor, query, sink);
    };
    return reply;
  } catch (const QueryError& error) {
    return tap_error(*services, error.message);
  }
}

Reply tap_answer(const ServicesPtr& services, const Request& request) {
  const std::string_view what = std::string_view(request.path).substr(std::string_view("/tap").size());
  if (what == "/sync") return tap_query(services, request.params);
  if (what == "/async" || what.starts_with("/async/")) return services->jobs->answer(services, request);
  if (what == "/capabilities") return tap_capabilities(*services);
  if (what == "/tables") return tap_tableset(*services);
  if (what == "/availability") {
    return Reply::text(200,
                       "<?xml version=\"1.0\"?>\n<availability xmlns=\"http://www.ivoa.net/xml/VOSIAvailability/v1.0\">"
                       "<available>true</available><note>as ever</note></availability>\n",
                       "text/xml");
  }
  return Reply::text(404, "TAP has sync, async, tables, capabilities and availability\n");
}

}  // namespace skymount::demo
