// SPDX-License-Identifier: MIT
#include "vo/votable/xml_splitter.h"

#include "vo/votable/encoding.h"
#include "vo/votable/numbers.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace skymount::vo {
namespace {

constexpr std::string_view kComment = "<!--";
constexpr std::string_view kCdata = "<![CDATA[";
constexpr std::string_view kDoctype = "<!DOCTYPE";
// As much of a DOCTYPE as it takes to tell HTML from VOTable.
constexpr std::size_t kDoctypeKept = 64;

std::string_view tag_name(std::string_view after_bracket) {
  std::size_t n = 0;
  while (n < after_bracket.size() && !is_blank(after_bracket[n]) && after_bracket[n] != '/' &&
         after_bracket[n] != '>') {
    ++n;
  }
  return after_bracket.substr(0, n);
}

bool name_matches(std::string_view qualified, std::string_view wanted) {
  if (qualified == wanted) return true;
  if (qualified.starts_with("xmlns")) return false;
  const std::size_t colon = qualified.find(':');
  return colon != std::string_view::npos && qualified.substr(colon + 1) == wanted;
}

/// Characters that need no second look in a plain cell.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  plain.fill(true);
  for (const char c : {'<', '&', '\r', '\0'}) plain[static_cast<unsigned char>(c)] = false;
  return plain;
}();

/// Reads along a text, never beyond its end.
struct Cursor {
  const char* at;
  const char* const end;
  template <std::size_t N>
  bool eat(const char (&word)[N]) {
    if (static_cast<std::size_t>(end - at) < N - 1 || std::memcmp(at, word, N - 1) != 0) return false;
    at += N - 1;
    return true;
  }
  void skip_blanks() {
    while (at != end && is_blank(*at)) ++at;
  }
  std::string_view plain_text() {
    const char* const from = at;
    while (at != end && kPlain[static_cast<unsigned char>(*at)]) ++at;
    return {from, static_cast<std::size_t>(at - from)};
  }
};

}  // namespace

std::string_view XmlToken::local() const {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

std::string_view XmlToken::prefix() const {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view{} : name.substr(0, colon);
}

std::optional<std::string_view> raw_attribute(std::string_view tag, std::string_view name) {
  std::size_t i = 1 + tag_name(tag.substr(std::min<std::size_t>(1, tag.size()))).size();
  while (true) {
    const std::size_t equals = tag.find('=', std::min(i, tag.size()));
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view key = trim(tag.substr(i, equals - i));
    std::size_t open = equals + 1;
    while (open < tag.size() && is_blank(tag[open])) ++open;
    if (open >= tag.size() || (tag[open] != '"' && tag[open] != '\'')) return std::nullopt;
    const std::size_t close = tag.find(tag[open], open + 1);
    if (close == std::string_view::npos) return std::nullopt;
    if (name_matches(key, name)) return tag.substr(open + 1, close - open - 1);
    i = close + 1;
  }
}

void XmlSplitter::feed(std::string_view bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += bytes;
}

XmlSplitter::Next XmlSplitter::next(XmlToken& token) {
  while (true) {
    if (error_) return Next::failed;
    switch (state_) {
      case State::text: {
        if (at_ < buffer_.size() && buffer_[at_] != '<') return next_in_text(token);
        if (const auto wait = classify()) return *wait;
        break;
      }
      case State::tag: return next_tag(token);
      case State::end_tag: return next_end_tag(token);
      case State::cdata: return next_cdata(token);
      case State::comment:
        if (!skip_until("-->")) return Next::more;
        break;
      case State::instruction:
        if (!skip_until("?>")) return Next::more;
        break;
      case State::doctype: return skip_doctype(token) ? Next::token : Next::more;
    }
  }
}

bool XmlSplitter::plain_row(std::size_t most_cells, std::size_t most_bytes, std::vector<std::string_view>& cells) {
  // Below the limit by two: TR and TD.
  if (error_ || state_ != State::text || depth() + 2 > limits_.depth) return false;
  Cursor row{buffer_.data() + at_, buffer_.data() + buffer_.size()};
  row.skip_blanks();
  const char* const begin = row.at;
  if (!row.eat("<TR>")) return false;
  for (cells.clear(); !row.eat("</TR>"); row.skip_blanks()) {
    if (row.eat("<TD>")) {
      const std::string_view text = row.plain_text();
      if (!row.eat("</TD>") || (!text.empty() && is_blank(text.front()))) return false;
      cells.push_back(text);
    } else if (row.eat("<TD/>")) {
      cells.emplace_back();
    } else if (row.at == row.end || !is_blank(*row.at)) {
      return false;
    }
    if (cells.size() > most_cells) return false;
  }
  if (static_cast<std::size_t>(row.at - begin) > most_bytes) return false;
  at_ = static_cast<std::size_t>(row.at - buffer_.data());
  return true;
}

XmlSplitter::Next XmlSplitter::next_in_text(XmlToken& token) {
  const char* from = buffer_.data() + at_;
  const std::size_t left = buffer_.size() - at_;
  const auto* bracket = static_cast<const char*>(std::memchr(from, '<', left));
  const std::size_t length = bracket ? static_cast<std::size_t>(bracket - from) : left;
  token = {XmlToken::Kind::text, {from, length}, {}};
  at_ += length;
  return Next::token;
}

/// What the '<' at at_ begins. Nothing: state_ has been set. Else what next() must return.
std::optional<XmlSplitter::Next> XmlSplitter::classify() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (rest.size() < 2) return Next::more;
  const auto enter = [&](State state, std::size_t skipped) {
    state_ = state;
    at_ += skipped;
    return std::nullopt;
  };
  if (rest[1] == '/') {
    scanned_ = 2;
    return enter(State::end_tag, 0);
  }
  if (rest[1] == '?') return enter(State::instruction, 2);
  if (rest[1] != '!') {
    scanned_ = 1;
    quote_ = 0;
    return enter(State::tag, 0);
  }
  if (rest.starts_with(kComment)) return enter(State::comment, kComment.size());
  if (rest.starts_with(kCdata)) return enter(State::cdata, kCdata.size());
  if (rest.size() >= kDoctype.size() && same_word(rest.substr(0, kDoctype.size()), kDoctype)) {
    doctype_.clear();
    brackets_ = 0;
    quote_ = 0;
    return enter(State::doctype, 0);
  }
  if (rest.size() < kDoctype.size()) return Next::more;
  return fail_with(Code::corrupt, "not XML: \"" + to_utf8(rest.substr(0, 20)) + "\"");
}

XmlSplitter::Next XmlSplitter::next_tag(XmlToken& token) {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  std::size_t i = scanned_;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quote_ != 0) {
      const std::size_t close = rest.find(quote_, i);
      if (close == std::string_view::npos) {
        i = rest.size();
        break;
      }
      i = close;
      quote_ = 0;
    } else if (c == '>') {
      break;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
    } else if (c == '<') {
      return fail_with(Code::corrupt, "not XML: a tag inside the tag \"" + to_utf8(rest.substr(0, 40)) + "\"");
    }
  }
  scanned_ = i;
  if (i > limits_.tag_bytes) {
    return fail_with(Code::too_large, "a tag is longer than " + std::to_string(limits_.tag_bytes) + " bytes");
  }
  if (i == rest.size()) return Next::more;

  const std::string_view raw = rest.substr(0, i + 1);
  const bool empty = raw[raw.size() - 2] == '/';
  token = {empty ? XmlToken::Kind::empty : XmlToken::Kind::start, raw, tag_name(raw.substr(1))};
  if (token.name.empty()) return fail_with(Code::corrupt, "not XML: a tag without a name");
  if (depth() >= limits_.depth) {
    return fail_with(Code::too_large, "elements are nested deeper than " + std::to_string(limits_.depth));
  }
  if (!empty) {
    starts_.push_back(names_.size());
    names_ += token.name;
  }
  at_ += raw.size();
  state_ = State::text;
  return Next::token;
}

XmlSplitter::Next XmlSplitter::next_end_tag(XmlToken& token) {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const std::size_t end = rest.find('>', scanned_);
  if (end == std::string_view::npos) {
    scanned_ = rest.size();
    if (scanned_ > limits_.tag_bytes) return fail_with(Code::corrupt, "an end tag does not end");
    return Next::more;
  }
  const std::string_view raw = rest.substr(0, end + 1);
  std::string_view name = raw.substr(2, raw.size() - 3);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  if (depth() == 0 || name != innermost()) {
    const std::string open = depth() == 0 ? "nothing is" : "<" + to_utf8(innermost()) + "> is";
    return fail_with(Code::corrupt, "not well-formed: </" + to_utf8(name.substr(0, 40)) + "> where " + open + " open");
  }
  // The name in names_ would move with pop; the one in the buffer stays until the next feed().
  names_.resize(starts_.back());
  starts_.pop_back();
  token = {XmlToken::Kind::end, raw, name};
  at_ += raw.size();
  state_ = State::text;
  return Next::token;
}

XmlSplitter::Next XmlSplitter::next_cdata(XmlToken& token) {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const std::size_t end = rest.find("]]>");
  if (end != std::string_view::npos) {
    token = {XmlToken::Kind::cdata, rest.substr(0, end), {}};
    at_ += end + 3;
    state_ = State::text;
    return Next::token;
  }
  if (rest.size() <= 2) return Next::more;
  token = {XmlToken::Kind::cdata, rest.substr(0, rest.size() - 2), {}};  // "]]" may be the beginning of the end
  at_ += rest.size() - 2;
  return Next::token;
}

bool XmlSplitter::skip_until(std::string_view mark) {
  const std::size_t end = buffer_.find(mark, at_);
  if (end == std::string::npos) {
    at_ = std::max(at_, buffer_.size() - std::min(buffer_.size(), mark.size() - 1));
    return false;
  }
  at_ = end + mark.size();
  state_ = State::text;
  return true;
}

/// True when it is over and `token` holds its first bytes. The internal subset is passed over, never read.
bool XmlSplitter::skip_doctype(XmlToken& token) {
  const std::string_view all = buffer_;
  while (at_ < all.size()) {
    if (!inner_end_.empty()) {
      const std::size_t end = all.find(inner_end_, at_);
      if (end == std::string_view::npos) {
        at_ = std::max(at_, all.size() - std::min(all.size(), inner_end_.size() - 1));
        return false;
      }
      at_ = end + inner_end_.size();
      inner_end_ = {};
      continue;
    }
    const char c = all[at_];
    if (quote_ == 0 && c == '<') {
      if (all.size() - at_ < kComment.size()) return false;
      const bool comment = all.substr(at_).starts_with(kComment);
      if (comment || all[at_ + 1] == '?') {
        inner_end_ = comment ? "-->" : "?>";
        at_ += comment ? kComment.size() : 2;
        continue;
      }
    }
    if (doctype_.size() < kDoctypeKept) doctype_ += c;
    ++at_;
    if (quote_ != 0) {
      if (c == quote_) quote_ = 0;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
    } else if (c == '[') {
      ++brackets_;
    } else if (c == ']' && brackets_ > 0) {
      --brackets_;
    } else if (c == '>' && brackets_ == 0) {
      state_ = State::text;
      token = {XmlToken::Kind::doctype, doctype_, {}};
      return true;
    }
  }
  return false;
}

XmlSplitter::Next XmlSplitter::fail_with(Code code, std::string what) {
  error_.emplace(code, std::move(what));
  return Next::failed;
}

std::string_view XmlSplitter::innermost() const {
  return std::string_view(names_).substr(starts_.back());
}

std::string XmlSplitter::closing_tags() const {
  std::string out;
  std::string_view names = names_;
  for (std::size_t i = starts_.size(); i-- > 0;) {
    out += "</";
    out += names.substr(starts_[i]);
    out += '>';
    names = names.substr(0, starts_[i]);
  }
  return out;
}

}  // namespace skymount::vo
