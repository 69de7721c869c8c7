// SPDX-License-Identifier: MIT
//
// Cuts a stream of XML into tags and text as it arrives, so that rows can be handed on one by one. Internal to
// vo/votable.
//
// It knows enough to be safe and no more: tags must nest and match, depth and tag length are bounded, comments,
// processing instructions and the DOCTYPE vanish, and no entity is ever expanded. Whatever it lets through RapidXML
// parses without recursing deeper than `depth`: where the two could read a tag differently, RapidXML refuses it.
#pragma once

#include "cache/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

struct XmlToken {
  enum class Kind {
    start,    ///< <a …>
    empty,    ///< <a …/>, a start and an end in one
    end,      ///< </a>
    text,     ///< a piece of text, entities untouched; one text may come in several pieces
    cdata,    ///< a piece of a CDATA section's content; the first and last may be empty
    doctype,  ///< its first bytes
  } kind = Kind::text;
  std::string_view raw;   ///< as in the document
  std::string_view name;  ///< of tags: qualified
  std::string_view local() const;
  std::string_view prefix() const;
};

/// The raw value of an attribute, compared by local name; "xmlns" and "xmlns:p" are compared whole.
std::optional<std::string_view> raw_attribute(std::string_view tag, std::string_view name);

class XmlSplitter {
 public:
  struct Limits {
    unsigned depth = 64;
    std::size_t tag_bytes = 4'000'000;  ///< one tag; long ADQL queries live in attributes
  };
  explicit XmlSplitter(Limits limits) : limits_(limits) {}

  /// Adds bytes. Tokens seen before are invalid afterwards.
  void feed(std::string_view bytes);

  enum class Next { token, more, failed };
  /// `more`: feed again. `failed`: see error().
  Next next(XmlToken& token);
  const Error& error() const { return *error_; }

  /// What tables of a million rows consist of: <TR><TD>text</TD>...<TD/></TR> and blanks between the tags, the texts
  /// without entities, line ends to convert or blanks in front. Gives its texts, good until the next feed(), and goes
  /// behind it. False for anything else, for more than `most_cells` or `most_bytes`, and when not all of it is here
  /// yet: then nothing has happened, and next() tells. Where true, next() and RapidXML would give the same texts.
  bool plain_row(std::size_t most_cells, std::size_t most_bytes, std::vector<std::string_view>& cells);

  /// Elements that are open; a start tag counts itself.
  unsigned depth() const { return static_cast<unsigned>(starts_.size()); }
  /// True when nothing is unfinished: no open element, comment or tag.
  bool complete() const { return depth() == 0 && state_ == State::text && at_ == buffer_.size(); }
  /// End tags for all that is open, innermost first.
  std::string closing_tags() const;

 private:
  enum class State { text, tag, end_tag, comment, instruction, cdata, doctype };
  Next next_in_text(XmlToken& token);
  std::optional<Next> classify();
  Next next_tag(XmlToken& token);
  Next next_end_tag(XmlToken& token);
  Next next_cdata(XmlToken& token);
  bool skip_until(std::string_view mark);
  bool skip_doctype(XmlToken& token);
  Next fail_with(Code code, std::string what);
  std::string_view innermost() const;

  const Limits limits_;
  std::string buffer_;
  std::size_t at_ = 0;       // where the next token begins
  std::size_t scanned_ = 0;  // of an unfinished tag: bytes known to hold no end
  char quote_ = 0;           // the quote that is open at scanned_
  State state_ = State::text;

  std::string doctype_;  // its first bytes
  unsigned brackets_ = 0;
  std::string_view inner_end_;  // inside a DOCTYPE: what ends the comment or instruction there

  std::string names_;                // qualified names of open elements, one after the other
  std::vector<std::size_t> starts_;  // where each begins in names_
  std::optional<Error> error_;
};

}  // namespace skymount::vo
