// SPDX-License-Identifier: MIT
//
// Characters: whatever encoding a document comes in, the rest of the room sees UTF-8. Internal to vo/votable.
// UTF-8, US-ASCII, ISO-8859-1 and UTF-16 are read; others are refused by name. Invalid UTF-8 is left as it is here,
// because only a whole cell can tell: to_utf8() then takes it as Latin-1, which is what such cells turn out to be.
#pragma once

#include "cache/base/result.h"
#include "cache/base/text.h"

#include <string>
#include <string_view>

namespace skymount::vo {

void append_code_point(std::string& out, char32_t code);
/// `text` when it is UTF-8, else its bytes taken as Latin-1.
std::string to_utf8(std::string_view text);
/// Big-endian UTF-16 units; a lone surrogate becomes U+FFFD.
std::string utf16be_to_utf8(std::string_view bytes);

/// Decodes a stream. Not thread-safe.
class TextDecoder {
 public:
  /// The next text, in UTF-8. The view points into `bytes` or into the decoder and is good until the next call.
  /// Errors  unsupported: an encoding we do not read.
  Result<std::string_view> feed(std::string_view bytes);
  /// What was held back. Errors  corrupt: the last character is cut off.
  Result<std::string_view> finish();

 private:
  enum class Kind { undecided, utf8, latin1, utf16le, utf16be };
  Result<bool> decide(bool at_end);
  std::string_view decode(std::string_view bytes);
  void decode_utf16(std::string_view bytes);

  Kind kind_ = Kind::undecided;
  std::string head_;  ///< held back until the encoding is known
  std::string rest_;  ///< of UTF-16: an unfinished character
  std::string out_;
};

}  // namespace skymount::vo
