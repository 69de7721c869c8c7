// SPDX-License-Identifier: MIT
//
// Documents and files that the imitated archives have in common.
#include "vo/demo/archives/site.h"
#include "vo/demo/stars.h"

#include <cstdio>
#include <sstream>

namespace skymount::demo {
namespace {

std::string cell_element(const std::string& text, bool cdata) {
  if (text.empty()) return "<TD/>";
  return cdata ? "<TD><![CDATA[" + text + "]]></TD>" : "<TD>" + xml_escaped(text) + "</TD>";
}

}  // namespace

std::string text_table(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows,
                       bool cdata, const std::string& resources) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<VOTABLE version=\"1.4\" "
      "xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n"
      "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/>\n<TABLE>\n";
  for (const std::string& column : columns) {
    std::istringstream words(column);
    std::string name, type, unit, utype, ucd;
    words >> name >> type >> unit >> utype >> ucd;
    text += "<FIELD name=\"" + name + "\" datatype=\"" + type + "\"" + (type == "char" ? " arraysize=\"*\"" : "");
    if (!unit.empty() && unit != "-") text += " unit=\"" + unit + "\"";
    if (!utype.empty() && utype != "-") text += " utype=\"" + utype + "\"";
    if (!ucd.empty()) text += " ucd=\"" + ucd + "\"";
    text += type == "long" ? "><VALUES null=\"-1\"/></FIELD>\n" : "/>\n";
  }
  text += "<DATA><TABLEDATA>\n";
  for (const auto& row : rows) {
    text += "<TR>";
    for (const std::string& cell : row) text += cell_element(cell, cdata);
    text += "</TR>\n";
  }
  return text + "</TABLEDATA></DATA></TABLE></RESOURCE>\n" + resources + "</VOTABLE>\n";
}

Reply links_reply(const std::vector<std::string>& columns, const std::vector<std::vector<std::string>>& rows,
                  bool cdata, const std::string& resources) {
  Reply reply =
      Reply::text(200, text_table(columns, rows, cdata, resources), "application/x-votable+xml;content=datalink");
  reply.no_length = true;
  return reply;
}

std::string param_text(const std::string& name, const std::string& type, const std::string& arraysize,
                       const std::string& value, const std::string& more) {
  return "<PARAM name=\"" + name + "\" datatype=\"" + type + "\"" +
         (arraysize.empty() ? "" : " arraysize=\"" + arraysize + "\"") + " value=\"" + xml_escaped(value) + "\"" +
         (more.empty() ? "/>\n" : " " + more + "\n");
}

std::string service_text(const std::string& id, const std::string& standard, const std::string& url,
                         const std::string& content_type, const std::string& inputs) {
  // The inputs come first, as DaCHS writes them.
  return "<RESOURCE type=\"meta\" utype=\"adhoc:service\" ID=\"" + id + "\" name=\"" + id +
         "\">\n<GROUP name=\"inputParams\">\n" + inputs + "</GROUP>\n" + param_text("accessURL", "char", "*", url) +
         (standard.empty() ? "" : param_text("standardID", "char", "*", standard)) +
         (content_type.empty() ? "" : param_text("contentType", "char", "*", content_type)) + "</RESOURCE>\n";
}

std::shared_ptr<const PlateImage> small_image(const std::string& name, Sky centre) {
  ImageSpec spec;
  spec.nx = 120;
  spec.ny = 100;
  spec.wcs = Tan::centred(centre, spec.nx, spec.ny, 0.01);
  spec.seed = mixed(std::string_view(name));
  spec.cards = {{"ORIGIN", quoted("skymount-demo"), "computed, not observed"}, {"OBJECT", quoted(name), ""}};
  return std::make_shared<PlateImage>(std::move(spec));
}

OriginFile image_at(const std::string& name, Sky centre) {
  const LayoutPtr layout = image_file(small_image(name, centre));
  char tag[24];
  std::snprintf(tag, sizeof tag, "\"%016llx\"", static_cast<unsigned long long>(mixed(std::string_view(name))));
  OriginFile out;
  out.content_type = "application/fits";
  out.etag = tag;
  out.last_modified = 1'600'000'000;  // 2020-09-13
  out.size = layout->size();
  out.read = [layout](std::uint64_t at, std::span<std::byte> into) { layout->read(at, into); };
  return out;
}

Reply computed(std::string bytes, const std::string& content_type, const std::string& disposition) {
  Reply reply = Reply::text(200, std::move(bytes), content_type);
  if (!disposition.empty()) reply.headers.emplace_back("Content-Disposition", disposition);
  return reply;
}

std::string bytes_of(const OriginFile& file) {
  std::string out(file.size, '\0');
  file.read(0, std::as_writable_bytes(std::span(out)));
  return out;
}

std::string compressed(std::string_view bytes) {
  // Literals alone. A reader's table grows with each code, and codes by a bit whenever it has outgrown them: after 256
  // codes of nine bits, 512 of ten, up to sixteen.
  std::string out = "\x1f\x9d\x90";  // block mode, up to 16 bits
  unsigned held = 0, count = 0, width = 9;
  std::size_t left = 256;
  for (const char c : bytes) {
    held |= unsigned{static_cast<unsigned char>(c)} << count;
    for (count += width; count >= 8; count -= 8, held >>= 8) out.push_back(static_cast<char>(held & 0xFF));
    if (--left > 0 || width == 16) continue;
    left = std::size_t{1} << width;
    ++width;
  }
  if (count > 0) out.push_back(static_cast<char>(held & 0xFF));
  return out;
}

std::string_view tiny_jpeg() {
  static const std::string jpeg = [] {
    std::string out("\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0", 20);
    out += std::string("\xFF\xDB\0\x43\0", 5) + std::string(64, '\x10');       // one quantisation table
    out += std::string("\xFF\xC0\0\x0B\x08\0\x08\0\x08\1\1\x11\0", 13);        // 8 by 8, one component
    out += std::string("\xFF\xC4\0\x14\0\1", 6) + std::string(16, '\0');       // DC: one code, no difference
    out += std::string("\xFF\xC4\0\x14\x10\1", 6) + std::string(16, '\0');     // AC: one code, end of block
    return out + std::string("\xFF\xDA\0\x08\1\1\0\0\x3F\0\x3F\xFF\xD9", 13);  // the block, the end
  }();
  return jpeg;
}

}  // namespace skymount::demo
