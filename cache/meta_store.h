// SPDX-License-Identifier: MIT
//
// Small records that outlive the mount: listings, links, learned sizes and validators, a service's remembered habits.
// LMDB lies underneath (cache/lmdb); keys of any length are hashed, the key itself is kept beside the value and compared.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/clock.h"
#include "cache/base/result.h"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace skymount::cache {

class Lmdb;

/// Thread-safe. A store that cannot be written (disk full) answers reads and drops writes with a log line: losing memory
/// is never a reason to fail a user's call.
class MetaStore {
 public:
  /// The rooms of the store: one LMDB database each.
  enum class Room { listings, links, contents, services, saved, jobs };

  struct Record {
    Bytes value;
    WallTime stored_at;
  };

  MetaStore(std::shared_ptr<Lmdb> lmdb, const Clock& clock);

  std::optional<Record> get(Room room, std::string_view key) const;
  /// Values up to 1 GiB; larger ones are refused with too_large.
  Result<void> put(Room room, std::string_view key, ByteView value);
  /// The same for what a user was promised: it is on disk when this returns, or nothing was changed. Waits for the
  /// disk. Errors  also: no_space, corrupt, unavailable.
  Result<void> put_durably(Room room, std::string_view key, ByteView value);
  void erase(Room room, std::string_view key);
  /// Visits every record of a room in unspecified order; `visit` returns false to end early and must not write.
  void each(Room room, const std::function<bool(std::string_view key, const Record&)>& visit) const;

 private:
  std::shared_ptr<Lmdb> lmdb_;
  const Clock& clock_;
};

}  // namespace skymount::cache
