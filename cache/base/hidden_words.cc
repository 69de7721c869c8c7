// SPDX-License-Identifier: MIT
//
// Words are found by their first six bytes, of which a text is looked through once.
#include "cache/base/hidden_words.h"

#include "cache/base/text.h"

#include <atomic>
#include <bitset>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace skymount {
namespace {

constexpr std::uint64_t kBeginMask = (std::uint64_t{1} << (8 * kShortestHidden)) - 1;

std::uint64_t with_next(std::uint64_t begin, char c) {
  return (begin << 8 | static_cast<unsigned char>(c)) & kBeginMask;
}

class HiddenWords {
 public:
  void add(std::string word) {
    std::uint64_t begin = 0;
    for (std::size_t i = 0; i < kShortestHidden; ++i) begin = with_next(begin, word[i]);
    const std::unique_lock lock(mutex_);
    std::vector<std::string>& words = words_[begin];
    for (const std::string& known : words)
      if (known == word) return;
    words.push_back(std::move(word));
    maybe_.set(slot(begin));
    any_ = true;
  }

  bool any() const { return any_; }

  std::string blanked(std::string_view text) const {
    const std::string lowered = lower(text);
    std::string out;
    std::size_t copied = 0;
    std::uint64_t begin = 0;
    const std::shared_lock lock(mutex_);
    for (std::size_t i = 0, seen = 0; i < lowered.size(); ++i) {
      begin = with_next(begin, lowered[i]);
      if (++seen < kShortestHidden || !maybe_.test(slot(begin))) continue;
      const std::size_t from = i + 1 - kShortestHidden;
      const std::size_t length = longest_at(begin, std::string_view(lowered).substr(from));
      if (length == 0) continue;
      out.append(text.substr(copied, from - copied)).append("***");
      copied = from + length;
      i = copied - 1;
      seen = 0;
    }
    return out.append(text.substr(copied));
  }

 private:
  static constexpr std::size_t kSlots = 4096;  // 2^12

  static std::size_t slot(std::uint64_t begin) {
    return static_cast<std::size_t>((begin * 0x9E3779B97F4A7C15U) >> (64 - 12));
  }

  std::size_t longest_at(std::uint64_t begin, std::string_view text) const {
    const auto found = words_.find(begin);
    std::size_t longest = 0;
    if (found == words_.end()) return longest;
    for (const std::string& word : found->second)
      if (word.size() > longest && text.starts_with(word)) longest = word.size();
    return longest;
  }

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::uint64_t, std::vector<std::string>> words_;  // lower case, by their beginning
  std::bitset<kSlots> maybe_;                                          // beginnings that may be there
  std::atomic<bool> any_ = false;
};

HiddenWords& hidden() {
  static auto* const words = new HiddenWords;  // asked until the very end
  return *words;
}

}  // namespace

void hide_word(std::string_view word) {
  if (word.size() >= kShortestHidden) hidden().add(lower(word));
}

std::string without_hidden_words(std::string_view text) {
  return hidden().any() && text.size() >= kShortestHidden ? hidden().blanked(text) : std::string(text);
}

}  // namespace skymount
