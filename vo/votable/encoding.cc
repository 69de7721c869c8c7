// SPDX-License-Identifier: MIT
#include "vo/votable/encoding.h"

#include "vo/votable/numbers.h"

#include <cstdint>
#include <cstring>

namespace skymount::vo {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
// An XML declaration is some 60 bytes; what does not end within this is not one.
constexpr std::size_t kLongestDeclaration = 1024;

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

void append_latin1(std::string& out, std::string_view text) {
  for (const char c : text) append_code_point(out, static_cast<unsigned char>(c));
}

bool is_high(char32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(char32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/// Appends what is complete; returns the bytes used. A high surrogate at the end waits for its partner.
std::size_t append_utf16(std::string& out, std::string_view bytes, bool big_endian) {
  const auto unit = [&](std::size_t i) -> char32_t {
    const unsigned a = byte_at(bytes, i), b = byte_at(bytes, i + 1);
    return big_endian ? a << 8 | b : b << 8 | a;
  };
  std::size_t i = 0;
  while (i + 2 <= bytes.size()) {
    const char32_t first = unit(i);
    if (!is_high(first)) {
      append_code_point(out, is_low(first) ? kReplacement : first);
      i += 2;
      continue;
    }
    if (i + 4 > bytes.size()) break;
    const char32_t second = unit(i + 2);
    if (is_low(second)) {
      append_code_point(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
      i += 4;
    } else {
      append_code_point(out, kReplacement);
      i += 2;
    }
  }
  return i;
}

/// The encoding named in `<?xml version="1.0" encoding="…"?>`, empty when it names none.
std::string_view declared_encoding(std::string_view declaration) {
  std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return {};
  at = declaration.find_first_of("\"'", at);
  if (at == std::string_view::npos) return {};
  const std::size_t end = declaration.find(declaration[at], at + 1);
  if (end == std::string_view::npos) return {};
  return declaration.substr(at + 1, end - at - 1);
}

}  // namespace

void append_code_point(std::string& out, char32_t code) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

std::string to_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  append_latin1(out, text);
  return out;
}

std::string utf16be_to_utf8(std::string_view bytes) {
  std::string out;
  if (append_utf16(out, bytes, true) < bytes.size()) append_code_point(out, kReplacement);
  return out;
}

Result<std::string_view> TextDecoder::feed(std::string_view bytes) {
  if (kind_ == Kind::utf8) return bytes;
  if (kind_ != Kind::undecided) return decode(bytes);
  head_ += bytes;
  const Result<bool> decided = decide(false);
  if (!decided) return fail(decided.error());
  if (!*decided) return std::string_view{};
  return decode(head_);
}

Result<std::string_view> TextDecoder::finish() {
  if (kind_ == Kind::undecided) {
    const Result<bool> decided = decide(true);
    if (!decided) return fail(decided.error());
    return decode(head_);
  }
  if (!rest_.empty()) return fail(Code::corrupt, "the document is truncated in the middle of a character");
  return std::string_view{};
}

Result<bool> TextDecoder::decide(bool at_end) {
  const std::string_view head = head_;
  if (head.size() < 4 && !at_end) return false;
  const auto starts = [&](std::string_view mark, Kind kind, std::size_t drop) {
    if (!head.starts_with(mark)) return false;
    kind_ = kind;
    head_.erase(0, drop);
    return true;
  };
  using namespace std::string_view_literals;
  if (starts("\xFF\xFE"sv, Kind::utf16le, 2) || starts("\xFE\xFF"sv, Kind::utf16be, 2)) return true;
  if (starts("<\0"sv, Kind::utf16le, 0) || starts("\0<"sv, Kind::utf16be, 0)) return true;

  std::string_view text = head;
  if (text.starts_with("\xEF\xBB\xBF"sv)) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  constexpr std::string_view kOpening = "<?xml";
  const bool may_declare = text.substr(0, kOpening.size()) == kOpening.substr(0, text.size());
  const std::size_t end = text.find("?>");
  if (may_declare && end == std::string_view::npos && !at_end && head.size() < kLongestDeclaration) return false;

  kind_ = Kind::utf8;
  if (may_declare && end != std::string_view::npos) {
    const std::string_view name = trim(declared_encoding(text.substr(0, end)));
    if (same_word(name, "ISO-8859-1") || same_word(name, "latin1") || same_word(name, "windows-1252")) {
      kind_ = Kind::latin1;
    } else if (!name.empty() && !same_word(name, "UTF-8") && !same_word(name, "UTF8") && !same_word(name, "US-ASCII") &&
               !same_word(name, "ASCII") && !same_word(name, "UTF-16")) {
      return fail(Code::unsupported, "the document is encoded in " + to_utf8(name.substr(0, 40)) +
                                         "; UTF-8, ISO-8859-1 and UTF-16 are read");
    }
  }
  head_.erase(0, static_cast<std::size_t>(text.data() - head.data()));
  return true;
}

std::string_view TextDecoder::decode(std::string_view bytes) {
  if (kind_ == Kind::utf8) return bytes;
  out_.clear();
  if (kind_ == Kind::latin1) {
    append_latin1(out_, bytes);
  } else {
    decode_utf16(bytes);
  }
  return out_;
}

void TextDecoder::decode_utf16(std::string_view bytes) {
  rest_ += bytes;
  rest_.erase(0, append_utf16(out_, rest_, kind_ == Kind::utf16be));
}

}  // namespace skymount::vo
