// SPDX-License-Identifier: MIT
#include "tests/vo/fake_service.h"

namespace skymount::vo::test {
namespace {

struct Column {
  const char* name;
  const char* type;
};
constexpr Column kColumns[] = {
    {"dataproduct_type", "datatype=\"char\" arraysize=\"*\""},
    {"calib_level", "datatype=\"int\""},
    {"obs_collection", "datatype=\"char\" arraysize=\"*\""},
    {"obs_id", "datatype=\"char\" arraysize=\"*\""},
    {"obs_publisher_did", "datatype=\"char\" arraysize=\"*\""},
    {"access_url", "datatype=\"char\" arraysize=\"*\""},
    {"access_format", "datatype=\"char\" arraysize=\"*\""},
    {"access_estsize", "datatype=\"long\" unit=\"kbyte\""},
    {"s_ra", "datatype=\"double\""},
    {"s_dec", "datatype=\"double\""},
    {"s_fov", "datatype=\"double\""},
    {"s_region", "datatype=\"char\" arraysize=\"*\""},
    {"t_min", "datatype=\"double\""},
    {"t_max", "datatype=\"double\""},
    {"obs_release_date", "datatype=\"char\" arraysize=\"*\""},
    {"data_rights", "datatype=\"char\" arraysize=\"*\""},
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

std::string head() {
  return "<?xml version=\"1.0\"?>\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">";
}

}  // namespace

std::string obscore_votable(const std::vector<ObscoreRow>& rows, const AnswerParts& parts) {
  std::string out =
      head() + "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"" + parts.status + "\"/><TABLE>";
  // The ID is what descriptors refer to.
  for (const Column& column : kColumns) {
    out += std::string("<FIELD ID=\"c_") + column.name + "\" name=\"" + column.name + "\" " + column.type + "/>";
  }
  out += "<DATA><TABLEDATA>\n";
  for (const ObscoreRow& row : rows) {
    out += "<TR>";
    for (const Column& column : kColumns) {
      const auto cell = row.find(column.name);
      out += "<TD>" + (cell == row.end() ? std::string{} : escaped(cell->second)) + "</TD>";
    }
    out += "</TR>\n";
  }
  out += "</TABLEDATA></DATA></TABLE>";
  if (!parts.status_after.empty()) out += "<INFO name=\"QUERY_STATUS\" value=\"" + parts.status_after + "\"/>";
  return out + "</RESOURCE>" + parts.resources + "</VOTABLE>";
}

std::string error_votable(const std::string& message) {
  return head() + "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"ERROR\">" + escaped(message) +
         "</INFO></RESOURCE></VOTABLE>";
}

std::string links_votable(const std::vector<LinkRow>& rows, const std::string& resources) {
  std::string out = head() + "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>";
  for (const char* name :
       {"ID", "access_url", "service_def", "error_message", "semantics", "description", "content_type"}) {
    out += std::string("<FIELD name=\"") + name + "\" datatype=\"char\" arraysize=\"*\"/>";
  }
  out += "<FIELD name=\"content_length\" datatype=\"long\"/><DATA><TABLEDATA>\n";
  for (const LinkRow& row : rows) {
    out += "<TR>";
    for (const std::string* cell : {&row.id, &row.access_url, &row.service_def, &row.error_message, &row.semantics,
                                    &row.description, &row.content_type, &row.content_length}) {
      out += "<TD>" + escaped(*cell) + "</TD>";
    }
    out += "</TR>\n";
  }
  return out + "</TABLEDATA></DATA></TABLE></RESOURCE>" + resources + "</VOTABLE>";
}

std::vector<ObscoreRow> rows_around(std::size_t count) {
  std::vector<ObscoreRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = "plate" + std::to_string(i);
    rows.push_back({{"dataproduct_type", "image"},
                    {"obs_collection", "DASCH"},
                    {"obs_id", id},
                    {"obs_publisher_did", "ivo://fake/~?" + id},
                    {"access_url", "http://127.0.0.1:1/files/" + id + ".fits"},
                    {"access_format", "image/fits"},
                    {"access_estsize", "12"},
                    {"s_ra", "156.01"},
                    {"s_dec", "48.14"},
                    {"s_region", "CIRCLE ICRS 156.01 48.14 1"},
                    {"t_min", std::to_string(11490 + i)},
                    {"t_max", std::to_string(11490.5 + static_cast<double>(i))}});
  }
  return rows;
}

demo::Reply votable_reply(std::string body, int status) {
  return demo::Reply::text(status, std::move(body), "application/x-votable+xml");
}

FetchContext soon() {
  return FetchContext::within(std::chrono::seconds(10), "test");
}

FakeService::FakeService(Tap tap) {
  origin.handle("/tap/sync", [this, tap = std::move(tap)](const demo::Request& request) {
    const std::string query = request.param("QUERY").value_or("");
    if (query.find("TAP_SCHEMA") != std::string::npos) {
      return votable_reply(
          head() +
          "<RESOURCE type=\"results\"><TABLE><FIELD name=\"table_name\" datatype=\"char\" arraysize=\"*\"/>"
          "<DATA><TABLEDATA><TR><TD>" +
          schema_table + "</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>");
    }
    return tap(query, std::stoull(request.param("MAXREC").value_or("0")));
  });
}

ArchiveOptions FakeService::options() const {
  ArchiveOptions options;
  options.name = "fake";
  options.tap.url = origin.url("/tap/");
  options.http.allow_private = true;
  options.limits.listing = std::chrono::seconds(5);
  return options;
}

std::shared_ptr<HttpClient> FakeService::client() const {
  HttpOptions options;
  options.allow_private = true;
  options.connect = std::chrono::seconds(2);
  options.first_byte = std::chrono::seconds(3);
  options.stall = std::chrono::seconds(3);
  return make_http_client(options);
}

std::vector<std::string> FakeService::queries() const {
  std::vector<std::string> out;
  for (const demo::RequestRecord& record : origin.requests()) {
    for (const auto& [name, value] : demo::parse_form(record.body)) {
      if (name == "QUERY" && value.find("TAP_SCHEMA") == std::string::npos) out.push_back(value);
    }
  }
  return out;
}

}  // namespace skymount::vo::test
