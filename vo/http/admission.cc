// SPDX-License-Identifier: MIT
//
// Counting seats; see the rule in the header.
#include "vo/http/admission.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// Servers allow 100 streams and more; a listing with its links never needs that many, and 32 slow queries are plenty.
constexpr unsigned kStreams = 32;

}  // namespace

Admission::Seat Admission::enter(const std::string& name, Traffic traffic) {
  std::lock_guard lock(mutex_);
  Origin& origin = origins_[name];
  if (traffic == Traffic::data) {
    const unsigned for_metadata = origin.http2 ? 1 : std::max(1U, origin.metadata);
    const unsigned for_data = connections_ > for_metadata ? connections_ - for_metadata : 1;
    if (origin.data >= for_data) return {};
    ++origin.data;
    return {true, false};
  }
  const bool second = origin.metadata > 0;
  const bool room = origin.http2 ? origin.metadata < kStreams
                                 : !second || (origin.metadata == 1 &&
                                               std::max(origin.data, origin.data_sockets) + 2 <= connections_);
  if (!room) return {};
  ++origin.metadata;
  return {true, second && !origin.http2};
}

void Admission::leave(const std::string& name, Traffic traffic) {
  std::lock_guard lock(mutex_);
  Origin& origin = origins_[name];
  --(traffic == Traffic::data ? origin.data : origin.metadata);
}

void Admission::speaks_http2(const std::string& name) {
  std::lock_guard lock(mutex_);
  origins_[name].http2 = true;
}

void Admission::data_socket_opened(int socket, const std::string& origin) {
  std::lock_guard lock(mutex_);
  if (sockets_.emplace(socket, origin).second) ++origins_[origin].data_sockets;
}

void Admission::data_socket_closed(int socket) {
  std::lock_guard lock(mutex_);
  const auto it = sockets_.find(socket);
  if (it == sockets_.end()) return;
  --origins_[it->second].data_sockets;
  sockets_.erase(it);
}

}  // namespace skymount::vo
