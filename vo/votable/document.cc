// SPDX-License-Identifier: MIT
#include "vo/votable/document.h"

#include "vo/votable/encoding.h"
#include "vo/votable/metadata.h"
#include "vo/votable/numbers.h"
#include "vo/votable/tabledata.h"

#include <algorithm>

namespace skymount::vo {
namespace {

using Kind = XmlToken::Kind;

// Enough of a page that is not a VOTable to find its <title> in.
constexpr std::size_t kHeadBytes = 16 * 1024;
// A node of RapidXML's tree takes some 100 bytes, an empty element four: without a count of its own, metadata of 16 MB
// could grow to 400 MB. Half a million nodes are more than 10,000 columns with all their words.
constexpr std::uint64_t kMostNodes = 500'000;
// Comments, blanks and second tables that go on for so long without a row are no answer, but an endless one.
constexpr std::uint64_t kMostIdle = 256'000'000;

bool is_space(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_blank(c) || c == '\0'; });
}

std::string first_words(std::string_view text) {
  std::string out;
  for (const char c : trim(text).substr(0, 200)) out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  return to_utf8(out);
}

std::string html_title(std::string_view page) {
  std::string lower(page);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::size_t tag = lower.find("<title");
  if (tag == std::string::npos) return {};
  const std::size_t from = lower.find('>', tag);
  if (from == std::string::npos) return {};
  const std::size_t to = lower.find('<', from);
  return first_words(page.substr(from + 1, (to == std::string::npos ? page.size() : to) - from - 1));
}

bool contains_word(std::string_view text, std::string_view word) {
  for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (same_word(text.substr(i, word.size()), word)) return true;
  }
  return false;
}

}  // namespace

Document::Document(VotableReader::OnMeta on_meta, VotableReader::OnRow on_row, const VotableLimits& limits)
    : on_meta_(std::move(on_meta)),
      on_row_(std::move(on_row)),
      limits_(limits),
      splitter_({.depth = limits.depth,
                 .tag_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(4'000'000, limits.metadata_bytes))}) {}

Result<void> Document::feed(std::string_view text) {
  if (mode_ == Mode::prolog || mode_ == Mode::html)
    head_ += text.substr(0, kHeadBytes - std::min(kHeadBytes, head_.size()));
  if (mode_ == Mode::html) {
    return head_.size() >= kHeadBytes || contains_word(head_, "</title") ? not_a_votable() : Result<void>();
  }
  const std::uint64_t rows_before = rows_;
  if (auto read = take_all(text); !read) return read;
  idle_bytes_ = rows_ == rows_before ? idle_bytes_ + text.size() : 0;
  if (idle_bytes_ <= kMostIdle) return {};
  return fail(Code::too_large, "more than " + std::to_string(kMostIdle) + " bytes without a row");
}

Result<void> Document::take_all(std::string_view text) {
  splitter_.feed(text);
  XmlToken token;
  while (true) {
    if (mode_ == Mode::rows) {
      if (auto taken = take_plain_rows(); !taken) return taken;
    }
    switch (splitter_.next(token)) {
      case XmlSplitter::Next::more: return {};
      case XmlSplitter::Next::failed:
        if (mode_ == Mode::prolog && splitter_.error().code() == Code::corrupt) return not_a_votable();
        return fail(splitter_.error());
      case XmlSplitter::Next::token: break;
    }
    if (auto taken = take(token); !taken) return taken;
    if (mode_ == Mode::html) return feed({});
  }
}

Result<TableMeta> Document::finish() {
  if (mode_ == Mode::prolog || mode_ == Mode::html) return fail(not_a_votable().error());
  if (mode_ != Mode::epilog || !splitter_.complete()) {
    return fail(Code::corrupt,
                "truncated: the document ends after " + std::to_string(rows_) + " rows without its closing tags");
  }
  if (columns_missing_ && !result_has_data_) return fail(Code::corrupt, "a table with rows but without columns");
  if (strangers_ > 0 && rows_ == 0)
    return fail(Code::corrupt, "<" + stranger_ + "> where rows belong, and not one row (TR)");
  auto meta = read_metadata(std::move(metadata_), result_, limits_.fields);
  if (!meta) return fail(meta.error());
  meta->row_count = rows_;
  if (strangers_ > 0) {
    meta->oddities.push_back("between its rows stand " + std::to_string(strangers_) + " elements that are none, <" +
                             stranger_ + "> the first of them");
  }
  if (promised_rows_ && *promised_rows_ != rows_) {
    meta->oddities.push_back("the table promises " + std::to_string(*promised_rows_) + " rows (nrows), and " +
                             std::to_string(rows_) + " came");
  }
  if (misfits_ > 0) {
    meta->misfits = std::to_string(misfits_) + (misfits_ == 1 ? " value is" : " values are") +
                    " not of the column's type, the first " + misfit_;
  }
  if (other_tables_ > 0) {
    meta->oddities.push_back("it holds " + std::to_string(1 + other_tables_) +
                             " tables with rows, and only the first is shown");
  }
  if (!announced_) {
    announced_ = true;
    if (auto taken = on_meta_(*meta); !taken) return fail(taken.error());
  }
  return meta;
}

Result<void> Document::take(const XmlToken& token) {
  if (foreign_depth_ != 0) {
    if (token.kind == Kind::end && splitter_.depth() + 1 == foreign_depth_) foreign_depth_ = 0;
    return {};
  }
  switch (mode_) {
    case Mode::prolog: return take_prolog(token);
    case Mode::rows: return take_rows(token);
    case Mode::stream: return take_stream(token);
    case Mode::metadata: return take_metadata(token);
    case Mode::skipped:
      if (token.kind != Kind::end || splitter_.depth() + 1 != mode_depth_) return {};
      mode_ = Mode::metadata;
      return take_metadata(token);
    case Mode::epilog:
      if (token.kind == Kind::doctype || (token.kind == Kind::text && is_space(token.raw))) return {};
      return fail(Code::corrupt, "there is more after the end of the VOTable: \"" + first_words(token.raw) + "\"");
    case Mode::html: return {};
  }
  return {};
}

Result<void> Document::take_prolog(const XmlToken& token) {
  switch (token.kind) {
    case Kind::doctype:
      if (contains_word(token.raw, "html")) mode_ = Mode::html;
      return {};
    case Kind::text: return is_space(token.raw) ? Result<void>() : not_a_votable();
    case Kind::start:
    case Kind::empty:
      if (same_word(token.local(), "html")) {
        mode_ = Mode::html;
        return {};
      }
      if (!same_word(token.local(), "VOTABLE")) return not_a_votable();
      head_.clear();
      mode_ = Mode::metadata;
      return take_metadata(token);
    case Kind::end:
    case Kind::cdata: break;
  }
  return not_a_votable();
}

Result<void> Document::not_a_votable() const {
  if (is_space(head_)) return fail(Code::corrupt, "an empty answer where a VOTable was expected");
  if (contains_word(head_, "<html") || contains_word(head_, "<!doctype html")) {
    const std::string title = html_title(head_);
    return fail(Code::corrupt,
                "an HTML page where a VOTable was expected" + (title.empty() ? std::string() : ": \"" + title + "\""));
  }
  return fail(Code::corrupt, "not a VOTable; it begins with \"" + first_words(head_) + "\"");
}

Result<void> Document::take_metadata(const XmlToken& token) {
  const bool opens = token.kind == Kind::start || token.kind == Kind::empty;
  // An empty element is on no stack, so the depth it would have is one more.
  const unsigned depth = splitter_.depth() + (token.kind == Kind::empty || token.kind == Kind::end ? 1 : 0);
  if (opens && is_foreign(token, depth)) {
    if (token.kind == Kind::start) foreign_depth_ = depth;
    return {};
  }
  if (auto gathered = gather(token); !gathered) return gathered;
  if (opens) {
    if (auto opened = open_element(token, depth); !opened) return opened;
  }
  return token.kind == Kind::empty || token.kind == Kind::end ? close_element(depth) : Result<void>();
}

Result<void> Document::gather(const XmlToken& token) {
  if (token.kind == Kind::cdata) {
    metadata_ += "<![CDATA[";
    metadata_ += token.raw;
    metadata_ += "]]>";
  } else if (token.kind != Kind::doctype) {
    metadata_ += token.raw;
  }
  if (token.kind != Kind::text && token.kind != Kind::end) {
    metadata_nodes_ += 1 + static_cast<std::uint64_t>(std::count(token.raw.begin(), token.raw.end(), '='));
  }
  if (metadata_.size() > limits_.metadata_bytes) {
    return fail(Code::too_large, "more than " + std::to_string(limits_.metadata_bytes) + " bytes beside the rows");
  }
  if (metadata_nodes_ > kMostNodes) {
    return fail(Code::too_large,
                "more than " + std::to_string(kMostNodes) + " elements and attributes beside the rows");
  }
  return {};
}

/// Remembers the xmlns attributes of a tag. A namespace is foreign when it names neither VOTable nor what the root
/// names.
void Document::read_namespaces(const XmlToken& token, unsigned depth) {
  std::size_t at = token.raw.find("xmlns");
  for (; at != std::string_view::npos; at = token.raw.find("xmlns", at + 1)) {
    std::string_view key = token.raw.substr(at, token.raw.find_first_of("= \t\r\n", at) - at);
    const auto uri = raw_attribute(token.raw, key);
    if (!uri) continue;
    const std::string prefix(key.size() > 6 ? key.substr(6) : std::string_view{});
    const bool of_root = depth == 1 && prefix == token.prefix();
    namespaces_.push_back({depth, prefix, !of_root && !uri->empty() && !contains_word(*uri, "votable")});
  }
}

bool Document::is_foreign(const XmlToken& token, unsigned depth) {
  if (token.raw.size() > 6 && token.raw.find("xmlns") != std::string_view::npos) read_namespaces(token, depth);
  const std::string_view prefix = token.prefix();
  bool foreign = false;
  for (const Namespace& known : namespaces_) {
    if (known.prefix == prefix) foreign = known.foreign;  // the innermost is the last
  }
  foreign = foreign && depth > 1;
  while (foreign && !namespaces_.empty() && namespaces_.back().depth >= depth) namespaces_.pop_back();
  return foreign;
}

}  // namespace skymount::vo
