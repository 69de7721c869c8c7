// SPDX-License-Identifier: MIT
//
// Tables as VOTable 1.4 TABLEDATA. What XML 1.0 cannot hold at all (control bytes other than tab and line ends) becomes
// U+FFFD, so that every reader takes the result; all else reads back as it was.
#include "vo/votable/writer.h"

#include "vo/votable/cell_rules.h"
#include "vo/votable/datatype.h"
#include "vo/votable/encoding.h"
#include "vo/votable/numbers.h"

#include <cmath>

namespace skymount::vo {
namespace {

/// Text for an element or an attribute. Blanks that XML would fold or drop are written as references.
std::string escaped(std::string_view raw) {
  const std::string text = to_utf8(raw);
  std::string out;
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\t': out += "&#9;"; break;
      case '\n': out += "&#10;"; break;
      case '\r': out += "&#13;"; break;
      case ' ': out += blank ? "&#32;" : " "; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          append_code_point(out, 0xFFFD);
        } else {
          out += c;
        }
    }
  }
  return out;
}

class Writer {
 public:
  std::string write(const Table& table, const Showing* showing);

 private:
  void attribute(std::string_view name, std::string_view value);
  void description(std::string_view text);
  void info(const Info& info);
  void field(std::string_view element, const Field& field);
  void values(const Field& field);
  void service(const ServiceDescriptor& service);
  void constant(std::string_view name, std::string_view value);
  void status(const QueryStatus& status);
  void rows(const Table& table, const Showing* showing);
  void cell(const Field& field, const Value& value);
  void numbers(const Field& field, const std::vector<std::int64_t>& values);
  void strings(const Field& field, const std::vector<std::string>& values);

  std::string out_;
};

void Writer::attribute(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out_ += ' ';
  out_ += name;
  out_ += "=\"";
  out_ += escaped(value);
  out_ += '"';
}

void Writer::description(std::string_view text) {
  if (!text.empty()) out_ += "<DESCRIPTION>" + escaped(text) + "</DESCRIPTION>";
}

void Writer::info(const Info& info) {
  out_ += "<INFO";
  attribute("ID", info.id);
  attribute("name", info.name);
  out_ += " value=\"" + escaped(info.value) + '"';
  out_ += info.text.empty() ? "/>\n" : ">" + escaped(info.text) + "</INFO>\n";
}

void Writer::status(const QueryStatus& status) {
  const char* word = nullptr;
  switch (status.kind) {
    case QueryStatus::Kind::absent: return;
    case QueryStatus::Kind::ok: word = "OK"; break;
    case QueryStatus::Kind::overflow: word = "OVERFLOW"; break;
    case QueryStatus::Kind::error: word = "ERROR"; break;
  }
  info({"", "QUERY_STATUS", word, status.message});
}

void Writer::values(const Field& field) {
  if (!field.null_text && field.min.empty() && field.max.empty() && field.options.empty()) return;
  out_ += "<VALUES";
  if (field.null_text) out_ += " null=\"" + escaped(*field.null_text) + '"';
  out_ += '>';
  if (!field.min.empty()) out_ += "<MIN value=\"" + escaped(field.min) + "\"/>";
  if (!field.max.empty()) out_ += "<MAX value=\"" + escaped(field.max) + "\"/>";
  for (const Option& option : field.options) {
    out_ += "<OPTION";
    attribute("name", option.name);
    out_ += " value=\"" + escaped(option.value) + "\"/>";
  }
  out_ += "</VALUES>";
}

void Writer::field(std::string_view element, const Field& field) {
  out_ += '<';
  out_ += element;
  attribute("ID", field.id);
  attribute("name", field.name);
  attribute("datatype", field.datatype_text.empty() ? word_of(field.datatype) : field.datatype_text);
  attribute("arraysize", arraysize_word(field));
  attribute("unit", field.unit);
  attribute("ucd", field.ucd);
  attribute("utype", field.utype);
  attribute("xtype", field.xtype);
  attribute("ref", field.ref);
  if (element == "PARAM") out_ += " value=\"" + escaped(field.value) + '"';
  out_ += '>';
  description(field.description);
  values(field);
  out_ += "</";
  out_ += element;
  out_ += ">\n";
}

void Writer::constant(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  Field param;
  param.name = name;
  param.datatype_text = "char";
  param.arraysize_text = "*";
  param.value = value;
  field("PARAM", param);
}

void Writer::service(const ServiceDescriptor& service) {
  out_ += "<RESOURCE type=\"meta\" utype=\"adhoc:service\"";
  attribute("ID", service.id);
  attribute("name", service.name);
  out_ += ">\n";
  description(service.description);
  constant("standardID", service.standard_id);
  constant("accessURL", service.access_url);
  constant("resourceIdentifier", service.resource_identifier);
  constant("contentType", service.content_type);
  if (!service.inputs.empty()) {
    out_ += "<GROUP name=\"inputParams\">\n";
    for (const Field& input : service.inputs) field("PARAM", input);
    out_ += "</GROUP>\n";
  }
  out_ += "</RESOURCE>\n";
}

void Writer::strings(const Field& field, const std::vector<std::string>& values) {
  const std::uint64_t width = CellRules(field).width;
  for (const std::string& value : values) {
    std::uint64_t characters = 0;
    for (const char c : value) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    std::string padded = value;
    if (characters < width) padded.append(width - characters, ' ');
    out_ += escaped(padded);
  }
}

void Writer::numbers(const Field& field, const std::vector<std::int64_t>& values) {
  const bool bits = field.datatype == Datatype::bit;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && !bits) out_ += ' ';
    if (field.datatype == Datatype::boolean) {
      out_ += values[i] == kUnknownBoolean ? '?' : values[i] != 0 ? 'T' : 'F';
    } else {
      append_number(out_, values[i]);
    }
  }
}

void Writer::cell(const Field& field, const Value& value) {
  if (is_null(value)) {
    out_ += "<TD/>";
    return;
  }
  out_ += "<TD>";
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
    numbers(field, *integers);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    strings(field, *texts);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    out_ += escaped(*text);
  } else {
    out_ += to_text(value);  // nothing to escape in numbers
  }
  out_ += "</TD>";
}

void Writer::rows(const Table& table, const Showing* showing) {
  out_ += "<DATA><TABLEDATA>\n";
  for (std::size_t i = 0; i < table.size(); ++i) {
    Row row = table.row(i);
    if (showing != nullptr) showing->row(row);
    out_ += "<TR>";
    for (std::size_t column = 0; column < table.meta.fields.size(); ++column) {
      cell(table.meta.fields[column], column < row.size() ? row[column] : Value());
    }
    out_ += "</TR>\n";
  }
  out_ += "</TABLEDATA></DATA>";
}

std::string Writer::write(const Table& table, const Showing* showing) {
  const TableMeta& meta = showing != nullptr ? showing->meta : table.meta;
  out_ =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<VOTABLE version=\"1.4\" "
      "xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n<RESOURCE type=\"results\">\n";
  status(meta.status);
  for (const Info& one : meta.infos) info(one);
  if (!meta.has_table && meta.fields.empty()) {
    for (const Field& param : meta.params) field("PARAM", param);
  } else {
    out_ += "<TABLE";
    attribute("name", meta.table_name);
    out_ += ">\n";
    description(meta.description);
    for (const Field& one : meta.fields) field("FIELD", one);
    for (const Field& param : meta.params) field("PARAM", param);
    if (!meta.fields.empty()) rows(table, showing);
    out_ += "</TABLE>\n";
  }
  out_ += "</RESOURCE>\n";
  for (const ServiceDescriptor& one : meta.services) service(one);
  out_ += "</VOTABLE>\n";
  return std::move(out_);
}

}  // namespace

std::string write_votable(const Table& table, const Showing* showing) {
  return Writer().write(table, showing);
}

}  // namespace skymount::vo
