// SPDX-License-Identifier: MIT
#include "vo/votable/base64.h"

#include "vo/votable/numbers.h"

#include <array>

namespace skymount::vo {
namespace {

constexpr std::uint8_t kBlank = 64, kPadding = 65, kReference = 66, kWrong = 255;

constexpr std::array<std::uint8_t, 256> make_meanings() {
  std::array<std::uint8_t, 256> meanings{};
  meanings.fill(kWrong);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    meanings[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  for (const char c : {' ', '\t', '\n', '\r'}) meanings[static_cast<unsigned char>(c)] = kBlank;
  meanings['='] = kPadding;
  meanings['&'] = kReference;
  return meanings;
}
constexpr std::array<std::uint8_t, 256> kMeanings = make_meanings();

std::uint8_t meaning(char c) {
  return kMeanings[static_cast<unsigned char>(c)];
}

bool is_blank_reference(std::string_view name) {
  for (const std::string_view blank : {"#13", "#10", "#9", "#32", "#xD", "#xd", "#xA", "#xa", "#x9", "#x20"}) {
    if (name == blank) return true;
  }
  return false;
}

}  // namespace

Result<void> Base64Decoder::feed(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    // Four digits in a row are the rule.
    while (digits_ == 0 && !in_reference_ && !padded_ && i + 4 <= text.size()) {
      const std::uint32_t a = meaning(text[i]), b = meaning(text[i + 1]), c = meaning(text[i + 2]),
                          d = meaning(text[i + 3]);
      if ((a | b | c | d) > 63) break;
      const std::uint32_t word = a << 18 | b << 12 | c << 6 | d;
      const char bytes[3] = {static_cast<char>(word >> 16), static_cast<char>(word >> 8), static_cast<char>(word)};
      out.append(bytes, 3);
      i += 4;
    }
    if (i == text.size()) break;
    const char c = text[i];
    if (in_reference_) {
      if (c != ';') {
        reference_ += c;
        if (reference_.size() <= 4) continue;
      }
      if (!is_blank_reference(reference_)) return fail(Code::corrupt, "base64: an entity that is not a blank");
      in_reference_ = false;
      continue;
    }
    const std::uint8_t value = meaning(c);
    if (value == kBlank) continue;
    if (value == kReference) {
      in_reference_ = true;
      reference_.clear();
    } else if (value == kPadding) {
      if (digits_ == 1 || (digits_ == 0 && !padded_)) return fail(Code::corrupt, "base64: padding in the wrong place");
      if (auto flushed = finish(out); !flushed) return flushed;
      padded_ = true;
    } else if (value == kWrong) {
      return fail(Code::corrupt,
                  "base64: byte " + std::to_string(static_cast<unsigned char>(c)) + " is not part of it");
    } else if (padded_) {
      return fail(Code::corrupt, "base64: data after the padding");
    } else {
      bits_ = bits_ << 6 | value;
      if (++digits_ == 4) {
        const char bytes[3] = {static_cast<char>(bits_ >> 16), static_cast<char>(bits_ >> 8), static_cast<char>(bits_)};
        out.append(bytes, 3);
        digits_ = 0;
        bits_ = 0;
      }
    }
  }
  return {};
}

Result<void> Base64Decoder::finish(std::string& out) {
  if (in_reference_ || digits_ == 1) return fail(Code::corrupt, "base64: truncated");
  if (digits_ >= 2) out += static_cast<char>(bits_ >> (digits_ == 2 ? 4 : 10));
  if (digits_ == 3) out += static_cast<char>(bits_ >> 2);
  digits_ = 0;
  bits_ = 0;
  return {};
}

}  // namespace skymount::vo
