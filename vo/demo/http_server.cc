// SPDX-License-Identifier: MIT
//
// Sockets and the framing of requests. Everything read is bounded: 64 KiB of header, 16 MiB of body, 120 s of silence.
#include "vo/demo/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace skymount::demo {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kMaxBody = 16 * 1024 * 1024;
constexpr int kIdleMs = 120'000;
// Each connection is a thread; a client that opens more than this has a leak worth seeing as refused connections.
constexpr std::size_t kMaxConnections = 600;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// The next line without its end; `text` moves on.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = trimmed(text.substr(0, end));
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

bool parse_head(std::string_view head, Request& request) {
  std::string_view line = take_line(head);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == line.npos || last == first) return false;
  request.method = line.substr(0, first);
  request.target = trimmed(line.substr(first + 1, last - first - 1));
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  request.http10 = version == "HTTP/1.0";
  // Absolute form, as a client sends it to a proxy: what follows the authority is the path.
  if (request.target.starts_with("http://")) {
    const std::size_t slash = request.target.find('/', 7);
    request.target = slash == std::string::npos ? "/" : request.target.substr(slash);
  }
  if (!request.target.starts_with('/') && request.target != "*") return false;
  while (!head.empty()) {
    line = take_line(head);
    if (line.empty()) continue;
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return false;
    request.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  const std::size_t question = request.target.find('?');
  request.path = url_decode(std::string_view(request.target).substr(0, question), false);
  if (question != std::string::npos) request.params = parse_form(std::string_view(request.target).substr(question + 1));
  const std::string connection = request.header("Connection");
  request.keep_alive =
      request.http10 ? same_ignoring_case(connection, "keep-alive") : !same_ignoring_case(connection, "close");
  return true;
}

}  // namespace

void Connection::kill() {
  {
    std::lock_guard lock(mutex_);
    dead_ = true;
  }
  wake_.notify_all();
  ::shutdown(fd_, SHUT_RDWR);
}

bool Connection::pause(std::chrono::nanoseconds duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, duration, [&] { return dead_.load(); });
  return !dead_;
}

void Connection::wait_for_hangup() {
  pollfd waiting{fd_, POLLRDHUP, 0};
  while (!dead_ && ::poll(&waiting, 1, 1000) <= 0) {
  }
}

bool Connection::peer_listens() const {
  pollfd peer{fd_, POLLRDHUP, 0};
  return !dead_ && ::poll(&peer, 1, 0) == 0;
}

bool Connection::fill() {
  pollfd waiting{fd_, POLLIN, 0};
  if (::poll(&waiting, 1, kIdleMs) <= 0 || dead_) return false;
  char piece[16 * 1024];
  const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
  if (n <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(n));
  return true;
}

bool Connection::send_now(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || dead_) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Connection::send(std::string_view bytes, std::uint64_t bytes_per_second) {
  if (bytes_per_second == 0) return send_now(bytes);
  // Slices of a hundredth of a second: fine enough to look like a slow line, coarse enough to cost no time.
  const std::size_t slice = std::clamp<std::size_t>(bytes_per_second / 100, 512, 64 * 1024);
  next_send_ = std::max(next_send_, std::chrono::steady_clock::now());
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, slice);
    bytes.remove_prefix(piece.size());
    if (!send_now(piece)) return false;
    next_send_ += std::chrono::nanoseconds(piece.size() * 1'000'000'000ull / bytes_per_second);
    const auto ahead = next_send_ - std::chrono::steady_clock::now();
    if (ahead > std::chrono::nanoseconds(0) && !pause(ahead)) return false;
  }
  return true;
}

bool Connection::read_head(std::string& head, Read& outcome) {
  outcome = Read::closed;
  for (;;) {
    while (buffer_.starts_with("\r\n")) buffer_.erase(0, 2);  // RFC 9112 2.2: blank lines before a request are skipped
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end < kMaxHead) {
      head = buffer_.substr(0, end + 2);
      buffer_.erase(0, end + 4);
      return true;
    }
    if (buffer_.size() > kMaxHead) {
      send_now("HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      outcome = Read::refused;
      return false;
    }
    if (!fill()) return false;
  }
}

bool Connection::read_body(Request& request, Read& outcome) {
  outcome = Read::refused;
  if (!request.header("Transfer-Encoding").empty()) {
    send_now("HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return false;
  }
  const std::string length_text = request.header("Content-Length");
  if (length_text.empty()) return true;
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
  if (error != std::errc{} || end != length_text.data() + length_text.size() || length > kMaxBody) {
    send_now("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return false;
  }
  if (same_ignoring_case(request.header("Expect"), "100-continue")) send_now("HTTP/1.1 100 Continue\r\n\r\n");
  outcome = Read::closed;
  while (buffer_.size() < length) {
    if (!fill()) return false;
  }
  request.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  if (request.header("Content-Type").starts_with("application/x-www-form-urlencoded")) {
    for (auto& field : parse_form(request.body)) request.params.push_back(std::move(field));
  }
  return true;
}

Connection::Read Connection::read_request(Request& request) {
  request = {};
  request.connection = number_;
  request.wanted = [this] { return peer_listens(); };
  Read outcome{};
  std::string head;
  if (!read_head(head, outcome)) return outcome;
  if (!parse_head(head, request)) {
    send_now("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return Read::refused;
  }
  return read_body(request, outcome) ? Read::request : outcome;
}

HttpServer::HttpServer(int port, Serve serve) : serve_(std::move(serve)) {
  listen_on(port);
  acceptor_ = std::thread([this, listener = listener_] { accept_loop(listener); });
}

HttpServer::~HttpServer() {
  stop();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return connections_.empty(); });
}

void HttpServer::listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 512) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    throw std::runtime_error("cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + why);
  }
  listener_ = fd;
  port_ = ntohs(address.sin_port);
  stop_event_ = ::eventfd(0, EFD_CLOEXEC);
}

void HttpServer::start() {
  std::lock_guard control(control_);
  if (listener_ >= 0) return;
  listen_on(port_);
  acceptor_ = std::thread([this, listener = listener_] { accept_loop(listener); });
}

void HttpServer::stop() {
  std::lock_guard control(control_);
  if (listener_ < 0) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_event_, &one, sizeof one);
  acceptor_.join();
  ::close(listener_);
  ::close(stop_event_);
  listener_ = -1;
  std::lock_guard lock(mutex_);
  for (const auto& connection : connections_) connection->kill();
}

void HttpServer::accept_loop(int listener) {
  for (;;) {
    pollfd waiting[2] = {{listener, POLLIN, 0}, {stop_event_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{kIdleMs / 1000, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    std::lock_guard lock(mutex_);
    if (connections_.size() >= kMaxConnections) {
      ::close(fd);
      continue;
    }
    const auto connection = std::make_shared<Connection>(fd, ++accepted_);
    connections_.push_back(connection);
    std::thread([this, connection] { run(connection); }).detach();
  }
}

void HttpServer::run(const std::shared_ptr<Connection>& connection) {
  Request request;
  while (connection->alive() && connection->read_request(request) == Connection::Read::request) {
    bool go_on = false;
    try {
      go_on = serve_(*connection, request);
    } catch (const std::exception&) {
      go_on = false;  // a handler that fails looks like a crashed server, which is what it is
    }
    if (!go_on || !request.keep_alive) break;
  }
  std::lock_guard lock(mutex_);
  connections_.remove(connection);
  ::close(connection->fd());
  idle_.notify_all();  // under the lock: the owner may be gone as soon as it is released
}

}  // namespace skymount::demo
