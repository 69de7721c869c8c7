// SPDX-License-Identifier: MIT
//
// How far one gets towards an origin, for `skymount check`: its name, a connection, encryption. Nothing is asked of it
// over HTTP. The same library, proxy, certificates and private-address rule as every other request, so that what works
// here works there.
#pragma once

#include "vo/http/client.h"

#include <cstdint>
#include <optional>

namespace skymount::vo {

struct ConnectionProbe {
  /// The first part that failed, in the order in which they happen.
  enum class Failed { nothing, name, connect, tls } failed = Failed::nothing;
  std::string why;      ///< of the failure, in words
  std::string address;  ///< "192.0.2.1:443"; the proxy's when there is one
  std::string proxy;    ///< redacted; empty: none
  bool encrypted = false;
  std::chrono::milliseconds name{0}, connect{0}, tls{0};  ///< each by itself
  std::optional<std::int64_t> certificate_ends;           ///< seconds since 1970, UTC
};

/// Blocks for at most `budget`. Thread-safe. --map in `options` is honoured.
ConnectionProbe probe_connection(const Url& url, const HttpOptions& options, std::chrono::milliseconds budget);

}  // namespace skymount::vo
