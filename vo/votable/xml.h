// SPDX-License-Identifier: MIT
//
// RapidXML lives here: a small tree for a document's metadata, and one row at a time. Internal to vo/votable.
// The text must have come through XmlSplitter, which bounds its depth and has taken comments and instructions out.
#pragma once

#include "cache/base/result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

/// An element of an XmlTree, as cheap as a pointer and good as long as the tree. All names are local names.
class XmlElement {
 public:
  XmlElement() = default;
  explicit operator bool() const { return node_ != nullptr; }
  std::string_view name() const;
  /// In UTF-8; nothing when it is not there.
  std::optional<std::string> attribute(std::string_view name) const;
  /// The same, "" when it is not there.
  std::string text_of(std::string_view name) const;
  /// Its own text and CDATA, not that of its children, without blanks around it; in UTF-8.
  std::string text() const;
  XmlElement first_child() const;
  XmlElement next_sibling() const;
  friend bool operator==(XmlElement, XmlElement) = default;

 private:
  friend class XmlTree;
  explicit XmlElement(const void* node) : node_(node) {}
  const void* node_ = nullptr;
};

class XmlTree {
 public:
  /// Errors  corrupt: RapidXML does not take it.
  static Result<XmlTree> parse(std::string text);
  XmlTree(XmlTree&&) noexcept;
  ~XmlTree();
  XmlElement root() const;

 private:
  class Document;
  explicit XmlTree(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

/// Parses one <TR> after the other, reusing its memory.
class XmlRow {
 public:
  XmlRow();
  ~XmlRow();
  /// The texts of the row's TD elements, good until the next call. `fragment` is overwritten.
  /// `has_cdata`: some text is in CDATA sections, so that a cell may come in pieces.
  /// Errors  corrupt: RapidXML does not take it; unsupported: an encoded TD.
  Result<std::vector<std::string_view>*> parse(std::string& fragment, bool has_cdata);

 private:
  class Document;
  std::unique_ptr<Document> document_;
  std::vector<std::string_view> cells_;
};

}  // namespace skymount::vo
