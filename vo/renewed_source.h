// SPDX-License-Identifier: MIT
//
// A ByteSource whose URL may expire while it is read. When the archive refuses it (401, 403, 404, 410) the entry is
// renewed and the rest is fetched from where it is today; it must still be the same version.
#pragma once

#include "cache/byte_source.h"
#include "vo/sources.h"

#include <functional>
#include <memory>
#include <shared_mutex>
#include <stop_token>

namespace skymount::vo {

/// Makes the source of an entry as it is today, for the version that was opened. Null: it cannot be had.
using SourceOfEntry = std::function<std::shared_ptr<cache::ByteSource>(const Entry&)>;

/// `inner` reads `entry`.
std::shared_ptr<cache::ByteSource> renewing(std::shared_ptr<cache::ByteSource> inner, Entry entry, Renew renew,
                                            SourceOfEntry make);

/// Transfers may outlive those who know how to renew. Closing waits for renewals under way, which are stopped.
class RenewalGate : public std::enable_shared_from_this<RenewalGate> {
 public:
  /// `renew`, or nothing to try once the gate is closed.
  Renew guard(Renew renew);
  void close();

 private:
  std::shared_mutex open_for_;  // shared by renewals: it guards their lifetime, no state
  bool open_ = true;
  std::stop_source stop_;
};

/// Whether a refusal may only mean that a link has expired.
bool may_have_expired(Code code);

}  // namespace skymount::vo
