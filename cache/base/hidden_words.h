// SPDX-License-Identifier: MIT
//
// Words that no text for people may hold: the secrets that this process has in use. Whoever obtains one says so here
// (vo/auth); whoever makes text of what an archive said asks here, since an archive can repeat anything anywhere. Not
// for the bytes of files, nor for what requests are made of.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skymount {

/// Shorter ones would be found in other words.
constexpr std::size_t kShortestHidden = 6;

/// From now on, and for as long as the process lives; shorter ones than kShortestHidden are not. Thread-safe.
void hide_word(std::string_view word);

/// `text` with "***" in the place of each hidden word, in capitals or not. Thread-safe; costs next to nothing where no
/// word is hidden, and otherwise time by the text's length, however many there are.
std::string without_hidden_words(std::string_view text);

}  // namespace skymount
