// SPDX-License-Identifier: MIT
//
// The most recently used values of a bounded count and weight. Not thread-safe: its owner guards it.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace skymount::vo {

template <class V>
class Lru {
 public:
  Lru(std::size_t most_items, std::uint64_t most_bytes) : most_items_(most_items), most_bytes_(most_bytes) {}

  /// Null when absent; valid until the next put or erase.
  V* get(const std::string& key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    items_.splice(items_.begin(), items_, it->second);
    return &it->second->value;
  }

  /// The newest item stays even when it alone is over the limit: it is in use.
  void put(const std::string& key, V value, std::uint64_t bytes) {
    erase(key);
    items_.push_front({key, std::move(value), bytes});
    index_[key] = items_.begin();
    bytes_ += bytes;
    while (items_.size() > 1 && (items_.size() > most_items_ || bytes_ > most_bytes_))
      erase(std::string(items_.back().key));
  }

  void erase(const std::string& key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return;
    bytes_ -= it->second->bytes;
    items_.erase(it->second);
    index_.erase(it);
  }

 private:
  struct Item {
    std::string key;
    V value;
    std::uint64_t bytes;
  };
  const std::size_t most_items_;
  const std::uint64_t most_bytes_;
  std::uint64_t bytes_ = 0;
  std::list<Item> items_;
  std::unordered_map<std::string, typename std::list<Item>::iterator> index_;
};

}  // namespace skymount::vo
