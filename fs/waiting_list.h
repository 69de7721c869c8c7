// SPDX-License-Identifier: MIT
//
// Who waits for an archive just now, since when and until when at most: what `skymount status` says when somebody asks
// why a command hangs.
#pragma once

#include "cache/base/fetch_context.h"
#include "cache/base/synchronized.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skymount::fs {

/// Thread-safe.
class WaitingList {
 public:
  using Steady = FetchContext::Steady;
  struct Caller {
    std::string cause;  ///< "ls /gavo/pos=1,2"
    Steady::time_point since, until;
  };

  /// On the list while the result lives; the list may be gone by then.
  [[nodiscard]] std::shared_ptr<void> begin(std::string cause, Steady::time_point until);
  /// Those who wait longest first, at most `limit`.
  std::vector<Caller> longest(std::size_t limit) const;
  std::size_t count() const;

 private:
  struct State {
    std::uint64_t next = 0;
    std::map<std::uint64_t, Caller> callers;  // in order of arrival
  };
  const std::shared_ptr<Synchronized<State>> state_ = std::make_shared<Synchronized<State>>();
};

}  // namespace skymount::fs
