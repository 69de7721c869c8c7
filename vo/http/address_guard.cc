// SPDX-License-Identifier: MIT
//
// The blocks of the IANA special-purpose registries (RFC 6890 and its updates) that are not the public Internet.
#include "vo/http/address_guard.h"

#include <array>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace skymount::vo {
namespace {

struct Block4 {
  std::uint32_t address;
  int bits;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return (a << 24) | (b << 16) | (c << 8) | d;
}

constexpr std::array kPrivate4 = {
    Block4{ip(0, 0, 0, 0), 8},     Block4{ip(10, 0, 0, 0), 8},      Block4{ip(100, 64, 0, 0), 10},
    Block4{ip(127, 0, 0, 0), 8},   Block4{ip(169, 254, 0, 0), 16},  Block4{ip(172, 16, 0, 0), 12},
    Block4{ip(192, 0, 0, 0), 24},  Block4{ip(192, 0, 2, 0), 24},    Block4{ip(192, 168, 0, 0), 16},
    Block4{ip(198, 18, 0, 0), 15}, Block4{ip(198, 51, 100, 0), 24}, Block4{ip(203, 0, 113, 0), 24},
    Block4{ip(224, 0, 0, 0), 3},  // multicast and reserved
};

bool is_private4(std::uint32_t address) {
  for (const Block4& block : kPrivate4)
    if (((address ^ block.address) >> (32 - block.bits)) == 0) return true;
  return false;
}

std::uint32_t read4(const std::uint8_t* bytes) {
  return ip(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool is_private6(const std::uint8_t* a) {
  static constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  static constexpr std::array<std::uint8_t, 10> kZero{};
  if (std::memcmp(a, kZero.data(), kZero.size()) == 0) {
    if (a[10] == 0xff && a[11] == 0xff) return is_private4(read4(a + 12));
    if (a[10] == 0 && a[11] == 0) return true;  // ::, ::1 and the retired IPv4-compatible form
  }
  if (std::memcmp(a, kNat64.data(), kNat64.size()) == 0) return is_private4(read4(a + 12));
  if (a[0] == 0x20 && a[1] == 0x02) return is_private4(read4(a + 2));             // 6to4
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) return true;  // documentation
  if ((a[0] & 0xfe) == 0xfc) return true;                                         // unique local
  if (a[0] == 0xfe && (a[1] & 0x80) != 0) return true;  // link-local and the retired site-local
  return a[0] == 0xff;                                  // multicast
}

}  // namespace

bool is_private_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    return is_private4(ntohl(in.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    return is_private6(in.sin6_addr.s6_addr);
  }
  return true;
}

bool is_private_literal(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  // AI_NUMERICHOST reads every spelling of an address ("127.1", "0x7f000001") and never asks a name server.
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) return false;
  const bool is_private = is_private_address(*found->ai_addr);
  freeaddrinfo(found);
  return is_private;
}

std::string address_text(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "an unknown address";
  if (address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace skymount::vo
