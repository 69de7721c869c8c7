// SPDX-License-Identifier: MIT
//
// IVOA VOTable 1.4: sections 5.1 (TABLEDATA), 5.3 (BINARY), 5.4 (BINARY2), 6 (serialised types).
#include "vo/demo/votable_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace skymount::demo {
namespace {

constexpr std::size_t kFlush = 32 * 1024;

void put_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

/// UTF-8 to UTF-16, as unicodeChar has it; malformed sequences become U+FFFD.
std::u16string utf16(std::string_view text) {
  std::u16string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const int extra = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : -1;
    if (extra < 0 || i + static_cast<std::size_t>(extra) >= text.size()) {
      out.push_back(0xfffd);
      ++i;
      continue;
    }
    std::uint32_t code = extra == 0 ? c : c & (0x3fu >> extra);
    for (int k = 1; k <= extra; ++k)
      code = code << 6 | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3fu);
    i += static_cast<std::size_t>(extra) + 1;
    if (code >= 0x10000) {
      out.push_back(static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xdc00 + ((code - 0x10000) & 0x3ff)));
    } else {
      out.push_back(static_cast<char16_t>(code));
    }
  }
  return out;
}

std::int64_t integer_of(const Cell& cell) {
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return *i;
  if (const auto* d = std::get_if<double>(&cell)) return static_cast<std::int64_t>(*d);
  return -1;
}

double real_of(const Cell& cell) {
  if (const auto* d = std::get_if<double>(&cell)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*i);
  return std::numeric_limits<double>::quiet_NaN();
}

void put_binary(const Field& field, const Cell& cell, std::string& out) {
  if (field.datatype == "double") {
    put_big_endian(out, std::bit_cast<std::uint64_t>(real_of(cell)), 8);
  } else if (field.datatype == "long") {
    put_big_endian(out, static_cast<std::uint64_t>(integer_of(cell)), 8);
  } else if (field.datatype == "int") {
    put_big_endian(out, static_cast<std::uint64_t>(integer_of(cell)), 4);
  } else if (field.datatype == "boolean") {
    const bool null = std::holds_alternative<std::monostate>(cell);
    out.push_back(null ? '\0' : integer_of(cell) != 0 ? 'T' : 'F');
  } else if (field.datatype == "unicodeChar") {
    const std::u16string text = utf16(cell_text(cell));
    put_big_endian(out, text.size(), 4);
    for (const char16_t unit : text) put_big_endian(out, unit, 2);
  } else {
    const std::string text = cell_text(cell);
    put_big_endian(out, text.size(), 4);
    out += text;
  }
}

std::string attribute(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return " " + std::string(name) + "=\"" + xml_escaped(value) + "\"";
}

std::string field_element(const Field& field) {
  std::string text =
      "<FIELD" + attribute("ID", field.id) + attribute("name", field.name) + attribute("datatype", field.datatype);
  if (field.datatype == "char" || field.datatype == "unicodeChar") text += " arraysize=\"*\"";
  text += attribute("unit", field.unit) + attribute("ucd", field.ucd) + attribute("utype", field.utype) +
          attribute("xtype", field.xtype) + ">";
  if (!field.description.empty()) text += "<DESCRIPTION>" + xml_escaped(field.description) + "</DESCRIPTION>";
  if (field.datatype == "int" || field.datatype == "long") text += "<VALUES null=\"-1\"/>";
  return text + "</FIELD>\n";
}

constexpr const char* kProlog =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n";

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\n': out += "&#10;"; break;
      case '\t': out += "&#9;"; break;
      case '\r': out += "&#13;"; break;
      default: out.push_back(static_cast<unsigned char>(c) < 0x20 ? '?' : c);  // XML 1.0 has no way to write the others
    }
  }
  return out;
}

std::string info_element(const Info& info) {
  return "<INFO name=\"" + xml_escaped(info.name) + "\" value=\"" + xml_escaped(info.value) + "\">" +
         xml_escaped(info.text) + "</INFO>\n";
}

std::string error_votable(std::string_view message) {
  return std::string(kProlog) + "<RESOURCE type=\"results\">\n" +
         info_element({"QUERY_STATUS", "ERROR", std::string(message)}) + "</RESOURCE>\n</VOTABLE>\n";
}

std::string base64(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out.push_back(k <= have ? kAlphabet[group >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string cell_text(const Cell& cell) {
  if (const auto* i = std::get_if<std::int64_t>(&cell)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&cell)) return number_text(*d);
  if (const auto* s = std::get_if<std::string>(&cell)) return *s;
  return {};
}

bool VotableOut::put(std::string_view text) {
  text_ += text;
  if (text_.size() >= kFlush) {
    listening_ = listening_ && sink_(text_);
    text_.clear();
  }
  return listening_;
}

void VotableOut::flush_base64(bool last) {
  // Groups of 48 bytes are lines of 64 characters, without padding before the end.
  const std::size_t whole = last ? bytes_.size() : bytes_.size() / 48 * 48;
  for (std::size_t i = 0; i < whole; i += 48)
    put(base64(std::string_view(bytes_).substr(i, std::min<std::size_t>(48, whole - i))) + "\n");
  bytes_.erase(0, whole);
}

void VotableOut::begin(const std::vector<Field>& fields, const std::vector<Info>& infos) {
  fields_ = fields;
  put(std::string(kProlog) + "<RESOURCE type=\"results\">\n");
  for (const Info& info : infos) put(info_element(info));
  put("<TABLE name=\"results\">\n");
  for (const Field& field : fields_) put(field_element(field));
  switch (serialization_) {
    case Serialization::tabledata: put("<DATA><TABLEDATA>\n"); break;
    case Serialization::binary: put("<DATA><BINARY><STREAM encoding=\"base64\">\n"); break;
    case Serialization::binary2: put("<DATA><BINARY2><STREAM encoding=\"base64\">\n"); break;
  }
}

bool VotableOut::row(const Row& cells) {
  if (serialization_ == Serialization::tabledata) {
    std::string line = "<TR>";
    for (const Cell& cell : cells) {
      const std::string text = xml_escaped(cell_text(cell));
      line += text.empty() ? "<TD/>" : "<TD>" + text + "</TD>";
    }
    return put(line + "</TR>\n");
  }
  if (serialization_ == Serialization::binary2) {
    std::string flags((cells.size() + 7) / 8, '\0');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (std::holds_alternative<std::monostate>(cells[i]))
        flags[i / 8] = static_cast<char>(flags[i / 8] | 0x80 >> (i % 8));
    }
    bytes_ += flags;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) put_binary(fields_[i], cells[i], bytes_);
  if (bytes_.size() >= kFlush) flush_base64(false);
  return listening_;
}

void VotableOut::end(const std::vector<Info>& infos, std::string_view resources) {
  flush_base64(true);
  switch (serialization_) {
    case Serialization::tabledata: put("</TABLEDATA></DATA>\n"); break;
    case Serialization::binary: put("</STREAM></BINARY></DATA>\n"); break;
    case Serialization::binary2: put("</STREAM></BINARY2></DATA>\n"); break;
  }
  put("</TABLE>\n");
  for (const Info& info : infos) put(info_element(info));
  put("</RESOURCE>\n");
  put(resources);
  put("</VOTABLE>\n");
  if (!text_.empty() && listening_) listening_ = sink_(text_);
  text_.clear();
}

}  // namespace skymount::demo
