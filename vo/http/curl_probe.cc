// SPDX-License-Identifier: MIT
#include "vo/http/curl_probe.h"

#include "cache/base/log.h"
#include "vo/http/address_guard.h"
#include "vo/http/origin_map.h"
#include "vo/http/proxy.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <ctime>

namespace skymount::vo {
namespace {

struct Guard {
  bool allow_private = false;
  std::string forbidden;   ///< the private address that was refused
  std::string tried;       ///< the last address that was tried
  bool connected = false;  ///< a connection stood, whatever became of it
};

curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  Guard& guard = *static_cast<Guard*>(self);
  guard.tried = address_text(address->addr);
  if (!guard.allow_private && is_private_address(address->addr)) {
    guard.forbidden = guard.tried;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// curl notes the time of connecting only when encryption stands, too; a socket knows whether it was connected.
int close_socket(void* self, curl_socket_t socket) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) == 0) static_cast<Guard*>(self)->connected = true;
  return close(socket);
}

std::chrono::milliseconds since(curl_off_t begin_us, curl_off_t end_us) {
  return std::chrono::milliseconds(std::max<curl_off_t>(end_us - begin_us, 0) / 1000);
}

/// "Expire date:Nov 21 14:06:13 2027 GMT" of the server's own certificate, which comes first.
std::optional<std::int64_t> certificate_end(CURL* easy) {
  curl_certinfo* info = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || info == nullptr || info->num_of_certs < 1)
    return std::nullopt;
  constexpr std::string_view key = "Expire date:";
  for (const curl_slist* line = info->certinfo[0]; line != nullptr; line = line->next) {
    const std::string_view text = line->data;
    if (!text.starts_with(key)) continue;
    std::tm when{};
    if (strptime(text.data() + key.size(), " %b %d %H:%M:%S %Y", &when) == nullptr) return std::nullopt;
    return timegm(&when);
  }
  return std::nullopt;
}

ConnectionProbe::Failed failed_at(CURLcode code, curl_off_t name_us, bool connected) {
  using Failed = ConnectionProbe::Failed;
  switch (code) {
    case CURLE_OK: return Failed::nothing;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return Failed::name;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY: return Failed::connect;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER: return Failed::tls;
    default: break;
  }
  if (connected) return Failed::tls;  // it timed out, or was closed, in the middle of the handshake
  return name_us > 0 ? Failed::connect : Failed::name;
}

void read_outcome(CURL* easy, CURLcode code, const char* words, const Guard& guard, ConnectionProbe& out) {
  curl_off_t name = 0, connect = 0, tls = 0;
  curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &name);
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect);
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls);
  out.name = since(0, name);
  out.connect = since(name, connect);
  out.tls = since(connect, tls);
  out.failed = guard.forbidden.empty() ? failed_at(code, name, guard.connected || connect > 0)
                                       : ConnectionProbe::Failed::connect;
  if (out.failed != ConnectionProbe::Failed::nothing)
    out.why = *words != '\0' ? printable(words) : curl_easy_strerror(code);
  if (!guard.forbidden.empty())
    out.why = "leads to the private address " + guard.forbidden + ", which archives may not name";
  char* address = nullptr;
  long port = 0;
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
  if (address != nullptr && *address != '\0')
    out.address = std::string(address) + ":" + std::to_string(port);
  else
    out.address = guard.tried;
  out.certificate_ends = certificate_end(easy);
}

}  // namespace

ConnectionProbe probe_connection(const Url& asked, const HttpOptions& options, std::chrono::milliseconds budget) {
  ConnectionProbe out;
  Url url = asked;
  Guard guard{options.allow_private, {}, {}, false};
  if (const auto mapped = rewritten(asked, options.map)) {
    if (!*mapped) {
      out.failed = ConnectionProbe::Failed::name;
      out.why = mapped->error().what();
      return out;
    }
    url = **mapped;
    guard.allow_private = true;
  }
  const std::string proxy = proxy_for(url, options.proxy);
  if (!proxy.empty()) {
    guard.allow_private = true;
    const Result<Url> parsed = Url::parse(proxy);
    out.proxy = parsed ? parsed->redacted() : "a proxy";
  }
  out.encrypted = url.scheme() == "https";

  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL* const easy = curl_easy_init();
  char words[CURL_ERROR_SIZE] = "";
  // Only scheme, host and port: nothing is asked, and a path may hold what is nobody's business.
  curl_easy_setopt(easy, CURLOPT_URL, url.origin().c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(budget.count()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
  curl_easy_setopt(easy, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &guard);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &guard);
  const CURLcode code = curl_easy_perform(easy);
  read_outcome(easy, code, words, guard, out);
  curl_easy_cleanup(easy);
  return out;
}

}  // namespace skymount::vo
