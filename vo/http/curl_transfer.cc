// SPDX-License-Identifier: MIT
//
// libcurl, one easy handle. Redirects, retries and timers are not asked of curl: they need to know about addresses,
// callers and budgets that curl does not.
#include "vo/http/curl_transfer.h"

#include "cache/base/log.h"
#include "vo/http/address_guard.h"

#include <algorithm>
#include <charconv>

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace skymount::vo {
namespace {

// Real answers carry some 20 lines and 2 KB. Beyond these it is no header but an attack.
constexpr std::size_t kMostHeaderLines = 256;
constexpr std::size_t kMostHeaderBytes = 256 * 1024;
static_assert(CURL_ERROR_SIZE <= 256);

constexpr const char* kUserAgent = "skymount/" SKYMOUNT_VERSION " (+https://github.com/skymount/skymount)";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

/// "HTTP/1.1 206 Partial Content" -> 206; 0 when it is no such line.
int status_of(std::string_view line) {
  const std::size_t blank = line.find(' ');
  int status = 0;
  if (blank != std::string_view::npos) std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
  return status;
}

}  // namespace

struct CurlTransfer::Callbacks {
  static std::size_t header(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<CurlTransfer*>(self)->take_header_line({data, size}) ? size : 0;
  }
  static std::size_t body(char* data, std::size_t, std::size_t size, void* self) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    switch (transfer.exchange_->body(as_bytes({data, size}))) {
      case Exchange::Taken::yes: return size;
      case Exchange::Taken::full: return CURL_WRITEFUNC_PAUSE;
      case Exchange::Taken::unwanted: break;
    }
    return CURL_WRITEFUNC_ERROR;
  }
  static int before_request(void* self, char*, char*, int, int) {
    static_cast<CurlTransfer*>(self)->exchange_->sent();
    return CURL_PREREQFUNC_OK;
  }
  static int before_resolving(void*, void*, void* self) {
    static_cast<CurlTransfer*>(self)->exchange_->connecting();
    return 0;
  }
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<CurlTransfer*>(self);
    transfer.exchange_->connecting();
    if (!transfer.allow_private_ && is_private_address(address->addr)) {
      transfer.forbidden_address_ = address_text(address->addr);
      return CURL_SOCKET_BAD;
    }
    const int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (made >= 0 && transfer.exchange_->request.traffic == Traffic::data)
      transfer.admission_.data_socket_opened(made, transfer.origin_);
    return made;
  }
  /// Called long after the transfer that opened the socket has gone; so it knows the admission alone.
  static int close_socket(void* admission, curl_socket_t socket) {
    static_cast<Admission*>(admission)->data_socket_closed(socket);
    return close(socket);
  }
};

CurlTransfer::CurlTransfer(std::shared_ptr<Exchange> exchange, const Setup& setup)
    : exchange_(std::move(exchange)),
      allow_private_(setup.allow_private),
      admission_(setup.admission),
      origin_(exchange_->request.url.origin()),
      easy_(curl_easy_init()) {
  describe_request();
  describe_connection(setup);
}

CurlTransfer::~CurlTransfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(static_cast<curl_slist*>(header_list_));
}

void CurlTransfer::describe_request() {
  const HttpRequest& request = exchange_->request;
  curl_slist* lines = nullptr;
  for (const auto& [name, value] : request.headers.fields()) {
    // A line break in a value would be a second header line.
    if ((name + value).find_first_of("\r\n") != std::string::npos) continue;
    lines = curl_slist_append(lines, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  // Asked for by hand: curl would unpack the answer itself and not notice an early end (vo/http/unpack).
  lines = curl_slist_append(
      lines, request.range || request.identity ? "Accept-Encoding: identity" : "Accept-Encoding: gzip, deflate");
  if (request.range && !request.range->empty()) {
    const std::string line =
        "Range: bytes=" + std::to_string(request.range->offset) + "-" + std::to_string(request.range->end() - 1);
    lines = curl_slist_append(lines, line.c_str());
  }
  if (request.method == "POST" || !request.body.empty()) {
    lines = curl_slist_append(lines, "Expect:");  // a round trip saved; our bodies are small
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data());  // not copied: the exchange outlives the handle
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method == "HEAD")
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
  else if (request.method != "GET" && request.method != "POST")
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, lines);
  header_list_ = lines;
  curl_easy_setopt(easy_, CURLOPT_URL, request.url.text().c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);  // the archive's spelling, dots and all
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, kUserAgent);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
}

void CurlTransfer::describe_connection(const Setup& setup) {
  const bool data = exchange_->request.traffic == Traffic::data;
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);  // never wait for a name server when a caller has left
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, data ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, data ? 0L : 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, 60L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, 30L);
  // A data transfer is a few MiB: fewer, larger reads. Metadata stays at curl's 16 KiB.
  if (data) curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 128L * 1024);
  if (setup.one_off) curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROXY, setup.proxy.c_str());  // "" also switches the environment off
  curl_easy_setopt(easy_, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!setup.options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, setup.options.ca_file.c_str());
  if (const auto& certificate = exchange_->request.certificate) {
    curl_easy_setopt(easy_, CURLOPT_SSLCERT, certificate->certificate.c_str());
    curl_easy_setopt(easy_, CURLOPT_SSLKEY, certificate->key.c_str());
    if (!certificate->passphrase.empty()) curl_easy_setopt(easy_, CURLOPT_KEYPASSWD, certificate->passphrase.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &Callbacks::before_request);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_RESOLVER_START_FUNCTION, &Callbacks::before_resolving);
  curl_easy_setopt(easy_, CURLOPT_RESOLVER_START_DATA, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::open_socket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, &Callbacks::close_socket);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, &setup.admission);
}

bool CurlTransfer::take_header_line(std::string_view line) {
  if (header_done_) return true;  // trailers of a chunked body
  line = trimmed(line);
  header_bytes_ += line.size();
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    response_.status = status_of(line);
    return true;
  }
  if (line.empty()) {
    if (response_.status < 200) return true;  // 100 Continue, 103 Early Hints: the answer is still to come
    if (response_.contradicts_its_length()) {
      own_reason_ = "its Content-Length contradicts itself, so nobody knows where the answer ends";
      return false;
    }
    header_done_ = true;
    exchange_->header(std::move(response_));
    return true;
  }
  if (header_bytes_ > kMostHeaderBytes || response_.headers.fields().size() >= kMostHeaderLines) {
    own_reason_ = "the answer's header is larger than any honest one";
    return false;
  }
  if (const std::size_t colon = line.find(':'); colon != std::string_view::npos)
    response_.headers.add(std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1))));
  return true;
}

void CurlTransfer::resume() {
  curl_easy_pause(easy_, CURLPAUSE_CONT);
}

bool CurlTransfer::spoke_http2() const {
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  return version == CURL_HTTP_VERSION_2_0;
}

void CurlTransfer::finish(int curl_code) {
  if (curl_code == CURLE_OK && header_done_)
    exchange_->finished(std::nullopt);
  else
    exchange_->finished(failure(curl_code));
}

WireFailure CurlTransfer::failure(int curl_code) const {
  using Kind = WireFailure::Kind;
  const std::string where = exchange_->request.url.redacted() + ": ";
  if (!forbidden_address_.empty())
    return {Kind::forbidden,
            Error(Code::unavailable, where + "leads to the private address " + forbidden_address_ +
                                         ", which archives may not name; if it is yours, set allow_private = true "
                                         "under [network] in your own configuration file")};
  const std::string why = !own_reason_.empty() ? own_reason_
                          : *error_text_       ? printable(error_text_)
                                               : curl_easy_strerror(static_cast<CURLcode>(curl_code));
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
    case CURLE_SSL_CONNECT_ERROR: return {Kind::connect, Error(Code::unavailable, where + why)};
    case CURLE_OPERATION_TIMEDOUT: return {Kind::connect, Error(Code::timed_out, where + why)};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return {Kind::forbidden, Error(Code::unavailable, where + why)};
    case CURLE_PARTIAL_FILE:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_WRITE_ERROR: return {Kind::broken, Error(Code::corrupt, where + why)};
    default: break;
  }
  // Reset, closed, garbled: before the header nobody has lost anything, after it the body is not what was promised.
  return {Kind::broken, Error(header_done_ ? Code::corrupt : Code::unavailable, where + why)};
}

}  // namespace skymount::vo
