// SPDX-License-Identifier: MIT
//
// What the TAP service says about itself: VOSI capabilities and tables (IVOA VOSI 1.1, TAPRegExt 1.0).
#include "vo/demo/services.h"

namespace skymount::demo {
namespace {

std::string feature(std::string_view name) {
  return "<feature><form>" + std::string(name) + "</form></feature>";
}

std::string geometry_features(Geometry geometry) {
  if (geometry == Geometry::none) return {};
  std::string text = "<languageFeatures type=\"ivo://ivoa.net/std/TAPRegExt#features-adqlgeo\">";
  for (const char* name : {"POINT", "CIRCLE", "BOX", "POLYGON", "DISTANCE", "COORD1", "COORD2", "CONTAINS"}) {
    text += feature(name);
  }
  if (geometry == Geometry::all) text += feature("INTERSECTS");
  return text + "</languageFeatures>";
}

std::string capability(std::string_view id, const std::string& url) {
  return "<capability standardID=\"" + std::string(id) +
         "\"><interface xsi:type=\"vs:ParamHTTP\" role=\"std\"><accessURL use=\"full\">" + xml_escaped(url) +
         "</accessURL></interface></capability>\n";
}

}  // namespace

Reply tap_capabilities(const Services& services) {
  const std::string tap = services.tap_url();
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<vosi:capabilities xmlns:vosi=\"http://www.ivoa.net/xml/VOSICapabilities/v1.0\" "
      "xmlns:vs=\"http://www.ivoa.net/xml/VODataService/v1.1\" xmlns:tr=\"http://www.ivoa.net/xml/TAPRegExt/v1.0\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";
  text += capability("ivo://ivoa.net/std/VOSI#capabilities", tap + "/capabilities");
  text += capability("ivo://ivoa.net/std/VOSI#availability", tap + "/availability");
  text += capability("ivo://ivoa.net/std/VOSI#tables", tap + "/tables");
  text +=
      "<capability standardID=\"ivo://ivoa.net/std/TAP\" xsi:type=\"tr:TableAccess\">"
      "<interface xsi:type=\"vs:ParamHTTP\" role=\"std\" version=\"1.1\"><accessURL use=\"base\">" +
      xml_escaped(tap) + "</accessURL></interface>\n";
  text += "<dataModel ivo-id=\"ivo://ivoa.net/std/ObsCore#core-1.1\">ObsCore-1.1</dataModel>\n";
  text +=
      "<language><name>ADQL</name><version ivo-id=\"ivo://ivoa.net/std/ADQL#v2.0\">2.0</version>"
      "<description>By way of SQLite</description>" +
      geometry_features(services.options.geometry) + "</language>\n";
  for (const auto& [mime, alias] : {std::pair{"application/x-votable+xml", "votable"},
                                    {"application/x-votable+xml;serialization=TABLEDATA", "votable/td"},
                                    {"application/x-votable+xml;serialization=BINARY2", "votable/b2"},
                                    {"text/csv;header=present", "csv"}}) {
    text += std::string("<outputFormat><mime>") + mime + "</mime><alias>" + alias + "</alias></outputFormat>\n";
  }
  text += "<executionDuration><default>60</default><hard>3600</hard></executionDuration>\n";
  text += "<outputLimit><default unit=\"row\">" + std::to_string(services.options.default_maxrec) +
          "</default><hard unit=\"row\">" + std::to_string(services.options.hard_maxrec) + "</hard></outputLimit>\n";
  return Reply::text(200, text + "</capability>\n</vosi:capabilities>\n", "text/xml");
}

Reply tap_tableset(const Services& services) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<vosi:tableset xmlns:vosi=\"http://www.ivoa.net/xml/VOSITables/v1.0\" "
      "xmlns:vs=\"http://www.ivoa.net/xml/VODataService/v1.1\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";
  std::string schema;
  for (const TableInfo& table : services.store.tables()) {
    if (table.schema != schema) {
      text += (schema.empty() ? "" : "</schema>\n") + ("<schema><name>" + xml_escaped(table.schema) + "</name>\n");
      schema = table.schema;
    }
    text += "<table><name>" + xml_escaped(table.full_name()) + "</name><description>" + xml_escaped(table.description) +
            "</description>\n";
    for (const ColumnInfo& column : table.columns) {
      const Field& f = column.field;
      const bool string = f.datatype == "char" || f.datatype == "unicodeChar";
      text += "<column><name>" + f.name + "</name><description>" + xml_escaped(f.description) + "</description><unit>" +
              f.unit + "</unit><ucd>" + f.ucd + "</ucd><dataType xsi:type=\"vs:VOTableType\"" +
              (string ? " arraysize=\"*\"" : "") + ">" + f.datatype + "</dataType></column>\n";
    }
    text += "</table>\n";
  }
  return Reply::text(200, text + "</schema>\n</vosi:tableset>\n", "text/xml");
}

}  // namespace skymount::demo
