// SPDX-License-Identifier: MIT
//
// Login pages and error documents arrive with status 200 under every promise. The first bytes tell, and what they tell
// is said to the user instead of being saved as a plate.
#include "cache/base/log.h"

#include "cache/base/text.h"
#include "vo/http/error_answer.h"
#include "vo/http/range_source.h"

#include <algorithm>

namespace skymount::vo {
namespace {

constexpr std::size_t kLooked =
    64 * 1024;  // where a VOTable's QUERY_STATUS stands, with its schema and comments before it

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char w, char t) { return w == lower(t); });
}

/// Without byte order mark, blanks, XML declaration, comments and stylesheet instructions.
std::string_view after_prologue(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (;;) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    text.remove_prefix(begin);
    const std::string_view closing = text.starts_with("<?") ? "?>" : text.starts_with("<!--") ? "-->" : "";
    if (closing.empty()) return text;
    const std::size_t end = text.find(closing);
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + closing.size());
  }
}

bool is_html(std::string_view text) {
  text = after_prologue(text);
  return starts_with_word(text, "<!doctype html") || starts_with_word(text, "<html") ||
         starts_with_word(text, "<head") || starts_with_word(text, "<body");
}

bool is_json(std::string_view text) {
  text = after_prologue(text);
  if (text.size() < 2 || (text[0] != '{' && text[0] != '[')) return false;
  const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  return next != std::string_view::npos &&
         (text[next] == '"' || text[next] == '{' || text[next] == '}' || text[next] == ']');
}

/// Is this something that a person wrote to a person? Only bytes of text, judged by the first half kilobyte.
bool is_text(std::string_view text) {
  for (const char c : text.substr(0, 512)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f') || byte == 0x7f) return false;
  }
  return !text.empty();
}

std::string attribute(std::string_view tag, std::string_view name) {
  for (std::size_t at = 0; (at = tag.find(name, at)) != std::string_view::npos; at += name.size()) {
    if (at == 0 || (tag[at - 1] != ' ' && tag[at - 1] != '\t' && tag[at - 1] != '\n' && tag[at - 1] != '\r')) continue;
    const std::size_t open = tag.find_first_of("\"'", at);
    if (open == std::string_view::npos ||
        tag.substr(at + name.size(), open - at - name.size()).find_first_not_of("= \t\r\n") != std::string_view::npos)
      continue;
    const std::size_t close = tag.find(tag[open], open + 1);
    if (close != std::string_view::npos) return std::string(tag.substr(open + 1, close - open - 1));
  }
  return {};
}

/// The archive's words when the text is a VOTable that reports an error (DALI 1.1 section 4.4.2); nothing when it is
/// not.
std::optional<std::string> votable_error(std::string_view text) {
  if (text.substr(0, kLooked).find("VOTABLE") == std::string_view::npos) return std::nullopt;
  for (std::size_t at = 0; (at = text.find("INFO", at)) != std::string_view::npos; at += 4) {
    if (at == 0 || (text[at - 1] != '<' && text[at - 1] != ':')) continue;
    const std::size_t end = text.find('>', at);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view tag = text.substr(at, end - at);
    if (attribute(tag, "name") != "QUERY_STATUS" || attribute(tag, "value") != "ERROR") continue;
    const std::string words = gist_of(text.substr(end + 1, text.find('<', end) - end - 1));
    return words.empty() ? "no reason given" : words;
  }
  return std::nullopt;
}

/// Formats whose files never look like text. application/octet-stream is none: it is what servers say of anything.
bool is_binary(const std::string& type) {
  if (type.starts_with("image/")) return type != "image/svg+xml" && !type.starts_with("image/x-portable");
  if (type.starts_with("audio/") || type.starts_with("video/")) return true;
  for (const char* known : {"application/gzip", "application/x-gzip", "application/zip", "application/x-tar",
                            "application/x-compress", "application/x-bzip2", "application/x-hdf", "application/x-hdf5"})
    if (type == known) return true;
  return false;
}

bool is_fits(const std::string& type) {
  return type.find("fits") != std::string::npos;
}

bool has_fits_magic(std::string_view head) {
  // SIMPLE, gzip, compress, bzip2.
  return head.starts_with("SIMPLE  =") || head.starts_with("\x1f\x8b") || head.starts_with("\x1f\x9d") ||
         head.starts_with("BZh");
}

std::string what_it_is(std::string_view head) {
  if (is_json(head)) return "a JSON document: " + gist_of(head.substr(0, kErrorText));
  if (is_text(head)) return "text: " + gist_of(head.substr(0, kErrorText));
  return "unknown data beginning '" + printable(head.substr(0, 16)) + "'";
}

}  // namespace

Result<void> sniff(std::string_view content_type, ByteView head) {
  if (head.empty()) return fail(Code::no_data, "the answer is empty");
  const std::string type = MediaType::parse(content_type).type;
  const std::string_view text = as_text(head.first(std::min(head.size(), kLooked)));
  const std::string promised = type.empty() ? "no type was promised" : type + " was promised";
  if (is_html(text) && type != "text/html" && type != "application/xhtml+xml")
    return fail(Code::corrupt,
                "the archive sent an HTML page (" + promised + "): " + gist_of(text.substr(0, kErrorText)));
  if (type.empty()) return {};
  if (const auto words = votable_error(text)) return fail(Code::corrupt, "the archive reports an error: " + *words);
  if (is_fits(type)) {
    if (has_fits_magic(text)) return {};
    return fail(Code::corrupt, promised + ", and what came is " + what_it_is(text));
  }
  if (is_binary(type) && (is_json(text) || is_text(text)))
    return fail(Code::corrupt, promised + ", and what came is " + what_it_is(text));
  return {};
}

}  // namespace skymount::vo
