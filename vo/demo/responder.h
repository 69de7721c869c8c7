// SPDX-License-Identifier: MIT
//
// From a Reply to bytes on a connection: conditions, ranges, framing, and the faults that were asked for.
#pragma once

#include "vo/demo/faults.h"
#include "vo/demo/http_server.h"
#include "vo/demo/message.h"

#include <functional>

namespace skymount::demo {

/// Told once with the status, then with every number of body bytes that went out.
struct Progress {
  std::function<void(int status)> status;
  std::function<void(std::uint64_t bytes)> sent;
};

/// Sends `reply` as `faults` would have it. False: the connection must be closed.
bool respond(Connection& connection, const Request& request, Reply reply, const Faults& faults,
             const Progress& progress);

}  // namespace skymount::demo
