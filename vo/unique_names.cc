// SPDX-License-Identifier: MIT
//
// Telling twins apart, whatever order the rows came in. Names get longer by steps until nobody clashes; all members of
// a clash take the step together, because "the first one keeps the plain name" would depend on the order.
#include "cache/content_id.h"
#include "vo/file_names.h"
#include "vo/query/words.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace skymount::vo {
namespace {

std::string with_suffix(std::string_view name, std::string_view suffix, Suffix place) {
  NameParts parts = place == Suffix::before_extension ? split_extension(name) : NameParts{name, {}};
  std::string stem(parts.stem);
  const std::size_t room = kMaxNameBytes - std::min(kMaxNameBytes, suffix.size() + parts.extension.size());
  if (stem.size() > room) {
    std::size_t bytes = room;  // safe names are UTF-8: step back to the beginning of a character
    while (bytes > 0 && (static_cast<unsigned char>(stem[bytes]) & 0xC0) == 0x80) --bytes;
    stem.resize(bytes);
  }
  return stem.append(suffix).append(parts.extension);
}

/// How much of its identity a name shows.
enum Step { plain, short_hash, long_hash, counted };

class Namer {
 public:
  Namer(const std::vector<NameWish>& wishes, Suffix place, const std::vector<std::string>& taken)
      : wishes_(wishes), place_(place), steps_(wishes.size(), plain) {
    for (const std::string& name : taken) taken_.insert(lower(name));
    for (const NameWish& wish : wishes) {
      hashes_.push_back(cache::hash_hex(wish.identity));
      plain_.push_back(is_taken(wish.name) ? yielding(wish, hashes_.back()) : wish.name);
    }
  }

  std::vector<std::string> run() {
    std::vector<std::string> names(wishes_.size());
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = name_of(i);
    // Three steps settle honest names; the other rounds are for names that imitate the suffix of another.
    for (int round = 0; round < 8; ++round) {
      const std::vector<std::size_t> clashing = clashes(names);
      if (clashing.empty()) return names;
      for (std::size_t i : clashing) {
        if (steps_[i] != counted) steps_[i] = static_cast<Step>(steps_[i] + 1);
        if (steps_[i] == counted && ordinals_.empty()) count_likes();
        names[i] = name_of(i);
      }
    }
    number_the_rest(names);
    return names;
  }

 private:
  bool is_taken(const std::string& name) const { return is_reserved_name(name) || taken_.contains(lower(name)); }

  std::string yielding(const NameWish& wish, const std::string& hash) const {
    constexpr std::size_t kLongestId = 64;  // enough for a did's tail, and leaves the name its place
    const std::string id = wish.id.empty() ? hash.substr(0, 6) : safe_name(id_tail(wish.id), kLongestId);
    return with_suffix(wish.name, "~" + id, place_);
  }

  std::string name_of(std::size_t i) const {
    switch (steps_[i]) {
      case plain: return plain_[i];
      case short_hash: return with_suffix(plain_[i], "~" + hashes_[i].substr(0, 6), place_);
      case long_hash: return with_suffix(plain_[i], "~" + hashes_[i], place_);
      case counted: return with_suffix(plain_[i], "~" + hashes_[i] + "-" + std::to_string(ordinals_[i]), place_);
    }
    return plain_[i];
  }

  std::vector<std::size_t> clashes(const std::vector<std::string>& names) const {
    std::unordered_map<std::string, std::size_t> count;
    for (const std::string& name : names) ++count[lower(name)];
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (count[lower(names[i])] > 1 || is_taken(names[i])) out.push_back(i);
    }
    return out;
  }

  /// All members sorted by what they are; those alike in everything keep the order they came in, which nobody can see.
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order(wishes_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::tie(wishes_[a].identity, wishes_[a].name, wishes_[a].id) <
             std::tie(wishes_[b].identity, wishes_[b].name, wishes_[b].id);
    });
    return order;
  }

  void count_likes() {
    ordinals_.resize(wishes_.size());
    std::unordered_map<std::string, std::size_t> seen;
    for (std::size_t i : in_order()) ordinals_[i] = ++seen[wishes_[i].identity + '\0' + lower(plain_[i])];
  }

  /// Never reached by names that do not contain hashes of each other; makes the promise hold anyway.
  void number_the_rest(std::vector<std::string>& names) const {
    std::unordered_set<std::string> used;
    for (std::size_t i : in_order()) {
      std::string name = names[i];
      for (std::size_t n = 1; is_taken(name) || used.contains(lower(name)); ++n) {
        name = with_suffix(names[i], "~" + std::to_string(n), place_);
      }
      used.insert(lower(name));
      names[i] = std::move(name);
    }
  }

  const std::vector<NameWish>& wishes_;
  const Suffix place_;
  std::unordered_set<std::string> taken_;  // lower case
  std::vector<std::string> hashes_, plain_;
  std::vector<Step> steps_;
  std::vector<std::size_t> ordinals_;  // empty until somebody needs them
};

}  // namespace

std::vector<std::string> unique_names(const std::vector<NameWish>& wishes, Suffix suffix,
                                      const std::vector<std::string>& taken) {
  return Namer(wishes, suffix, taken).run();
}

}  // namespace skymount::vo
