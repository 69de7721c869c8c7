// SPDX-License-Identifier: MIT
#include "vo/votable/xml.h"

#include "vo/votable/encoding.h"
#include "vo/votable/numbers.h"

#include <rapidxml/rapidxml.hpp>

#include <deque>
#include <new>

namespace skymount::vo {
namespace {

using Node = rapidxml::xml_node<char>;
using Attribute = rapidxml::xml_attribute<char>;

constexpr int kTreeFlags = rapidxml::parse_no_string_terminators | rapidxml::parse_no_element_values;
// A cell without CDATA or children is one piece of text: no node is needed for it.
constexpr int kPlainRowFlags = rapidxml::parse_no_string_terminators | rapidxml::parse_no_data_nodes;

std::string_view local_part(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}
std::string_view name_of(const rapidxml::xml_base<char>& base) {
  return {base.name(), base.name_size()};
}
std::string_view value_of(const rapidxml::xml_base<char>& base) {
  return {base.value(), base.value_size()};
}

bool is_text(const Node& node) {
  return node.type() == rapidxml::node_data || node.type() == rapidxml::node_cdata;
}

const Node* element_from(const Node* node) {
  while (node != nullptr && node->type() != rapidxml::node_element) node = node->next_sibling();
  return node;
}

const Attribute* find_attribute(const Node& node, std::string_view name) {
  for (const Attribute* a = node.first_attribute(); a != nullptr; a = a->next_attribute()) {
    if (local_part(name_of(*a)) == name && !name_of(*a).starts_with("xmlns")) return a;
  }
  return nullptr;
}

/// RapidXML stops at a NUL byte and keeps \r. A NUL becomes a reference to it, and line ends become \n, as XML 1.0
/// section 2.11 wants. Rare, hence out of line.
void normalise(std::string& text) {
  std::string out;
  out.reserve(text.size());
  bool in_cdata = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') {
      out += in_cdata ? "]]>&#0;<![CDATA[" : "&#0;";
    } else if (c == '\r') {
      out += '\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      if (c == '<' && text.compare(i, 9, "<![CDATA[") == 0) in_cdata = true;
      if (c == '>' && i >= 2 && text.compare(i - 2, 3, "]]>") == 0) in_cdata = false;
      out += c;
    }
  }
  text = std::move(out);
}

template <int Flags>
Result<void> parse_into(rapidxml::xml_document<char>& document, std::string& text) {
  if (text.find('\0') != std::string::npos || text.find('\r') != std::string::npos) normalise(text);
  try {
    document.parse<Flags>(text.data());
  } catch (const rapidxml::parse_error& error) {
    const char* where = error.where<char>();
    const auto offset = static_cast<std::size_t>(where - text.data());
    const std::string near = offset <= text.size() ? to_utf8(std::string_view(text).substr(offset, 30)) : "";
    return fail(Code::corrupt, std::string("not well-formed: ") + error.what() + " near \"" + near + "\"");
  } catch (const std::bad_alloc&) {
    return fail(Code::too_large, "out of memory while parsing XML");
  }
  return {};
}

}  // namespace

class XmlTree::Document {
 public:
  std::string text;
  rapidxml::xml_document<char> xml;
};

class XmlRow::Document {
 public:
  rapidxml::xml_document<char> xml;
  std::deque<std::string> joined;  // texts of cells that came in pieces
};

std::string_view XmlElement::name() const {
  return local_part(name_of(*static_cast<const Node*>(node_)));
}

std::optional<std::string> XmlElement::attribute(std::string_view name) const {
  const Attribute* found = find_attribute(*static_cast<const Node*>(node_), name);
  if (found == nullptr) return std::nullopt;
  return to_utf8(value_of(*found));
}

std::string XmlElement::text_of(std::string_view name) const {
  return attribute(name).value_or("");
}

std::string XmlElement::text() const {
  std::string out;
  for (const Node* n = static_cast<const Node*>(node_)->first_node(); n != nullptr; n = n->next_sibling()) {
    if (is_text(*n)) out += value_of(*n);
  }
  return to_utf8(trim(out));
}

XmlElement XmlElement::first_child() const {
  return XmlElement(element_from(static_cast<const Node*>(node_)->first_node()));
}

XmlElement XmlElement::next_sibling() const {
  const auto* node = static_cast<const Node*>(node_);
  return XmlElement(node->parent() == nullptr ? nullptr : element_from(node->next_sibling()));
}

Result<XmlTree> XmlTree::parse(std::string text) {
  auto document = std::make_unique<Document>();
  document->text = std::move(text);
  if (auto parsed = parse_into<kTreeFlags>(document->xml, document->text); !parsed) return fail(parsed.error());
  if (element_from(document->xml.first_node()) == nullptr) return fail(Code::corrupt, "there is no element in it");
  return XmlTree(std::move(document));
}

XmlTree::XmlTree(std::unique_ptr<Document> document) : document_(std::move(document)) {}
XmlTree::XmlTree(XmlTree&&) noexcept = default;
XmlTree::~XmlTree() = default;

XmlElement XmlTree::root() const {
  return XmlElement(element_from(document_->xml.first_node()));
}

XmlRow::XmlRow() : document_(std::make_unique<Document>()) {}
XmlRow::~XmlRow() = default;

Result<std::vector<std::string_view>*> XmlRow::parse(std::string& fragment, bool has_cdata) {
  cells_.clear();
  document_->joined.clear();
  document_->xml.clear();
  auto parsed = has_cdata ? parse_into<kTreeFlags>(document_->xml, fragment)
                          : parse_into<kPlainRowFlags>(document_->xml, fragment);
  if (!parsed) return fail(parsed.error());
  const Node* row = element_from(document_->xml.first_node());
  if (row == nullptr) return fail(Code::corrupt, "a row without its TR");
  for (const Node* td = row->first_node(); td != nullptr; td = td->next_sibling()) {
    if (td->type() != rapidxml::node_element || local_part(name_of(*td)) != "TD") continue;
    if (td->first_attribute() != nullptr && find_attribute(*td, "encoding") != nullptr) {
      return fail(Code::unsupported,
                  "a TD with an encoding of its own is not read; ask the service for plain TABLEDATA");
    }
    if (!has_cdata) {
      cells_.push_back(value_of(*td));
      continue;
    }
    std::string& text = document_->joined.emplace_back();
    for (const Node* piece = td->first_node(); piece != nullptr; piece = piece->next_sibling()) {
      if (is_text(*piece)) text += value_of(*piece);
    }
    cells_.push_back(text);
  }
  return &cells_;
}

}  // namespace skymount::vo
