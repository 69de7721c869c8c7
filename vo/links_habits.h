// SPDX-License-Identifier: MIT
//
// How many IDs each links service takes in one request. Found out by asking and remembered over mounts: services that
// answer the first ID only, refuse several, or truncate are asked for no more than they gave.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"

#include <memory>
#include <string>
#include <unordered_map>

namespace skymount::vo {

/// What pyvo asks for at once, and the most that real services (CADC 20, DaCHS any) saw no trouble with.
inline constexpr unsigned kMostIds = 50;

/// Thread-safe.
class LinksHabits {
 public:
  /// `configured`: [datalink] batch; 0: find out. `store` may be null.
  LinksHabits(std::string archive, unsigned configured, std::shared_ptr<cache::MetaStore> store, const Clock& clock)
      : archive_(std::move(archive)), configured_(configured), store_(std::move(store)), clock_(clock) {}

  /// IDs to put into one request; 1: one at a time. `service` as LinksQuestion::service.
  unsigned batch(const std::string& service) const;
  void takes_only(const std::string& service, std::size_t ids);
  /// It failed when it was asked for several, and gave the links of one. The second time in a row it takes only one.
  void stumbled(const std::string& service);
  void took_several(const std::string& service);

 private:
  std::string key(const std::string& service) const { return archive_ + "\nids a request\n" + service; }

  const std::string archive_;
  const unsigned configured_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  struct Habit {
    unsigned ids = kMostIds;
    WallTime until{};
    unsigned stumbles = 0;  ///< in a row; not remembered over mounts
  };
  mutable Synchronized<std::unordered_map<std::string, Habit>> memory_;
};

}  // namespace skymount::vo
