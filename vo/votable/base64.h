// SPDX-License-Identifier: MIT
//
// Base64 that arrives in pieces, with line breaks anywhere. Internal to vo/votable. Source: RFC 4648, section 4.
#pragma once

#include "cache/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace skymount::vo {

class Base64Decoder {
 public:
  /// Appends what `text` holds to `out`. Blanks, and character references to them (&#13;), are passed over.
  /// Errors  corrupt: another character, or data after the padding.
  Result<void> feed(std::string_view text, std::string& out);
  /// Errors  corrupt: the text ends with less than a byte.
  Result<void> finish(std::string& out);

 private:
  std::uint32_t bits_ = 0;
  unsigned digits_ = 0;  // in bits_, 0 to 3
  bool padded_ = false;
  bool in_reference_ = false;
  std::string reference_;
};

}  // namespace skymount::vo
