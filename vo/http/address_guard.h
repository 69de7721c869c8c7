// SPDX-License-Identifier: MIT
//
// Which socket addresses an archive may send us to. A hostile answer must not make this machine talk to itself or to
// its neighbours, whatever name or redirect leads there; so the address is judged, not the name.
#pragma once

#include <string>

struct sockaddr;

namespace skymount::vo {

/// Loopback, link-local, private, shared (RFC 6598), multicast, reserved and unspecified addresses, and IPv6 forms that
/// carry such an IPv4 address (mapped, compatible, NAT64, 6to4). Unknown families count as private.
bool is_private_address(const sockaddr& address);
/// The same for a host that is a literal address or "localhost"; false for other names.
bool is_private_literal(const std::string& host);
/// "127.0.0.1", for messages.
std::string address_text(const sockaddr& address);

}  // namespace skymount::vo
