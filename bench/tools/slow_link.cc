// SPDX-License-Identifier: MIT
//
// A link with a round trip and a bandwidth: forwards HTTP/1.1 connections to a server on this machine and adds what
// loopback has not. Each connection costs one round trip when it is opened and each request another one before the
// server sees it; what the server answers leaves at no more than so many bytes a second and connection. Bytes are moved
// by splice(), so that without a limit the link is not what is measured. Requests and bytes are counted on the way.
//
// Steered by lines on standard input: "set RTT_MS BYTES_PER_SECOND" (0: no limit), "reset", "counts", "log", each
// answered by one line of JSON. Ends with its standard input.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

// One splice. At 20 MB/s it is 3 ms of the link, fine enough that nobody sees the steps.
constexpr std::size_t kPiece = 64 * 1024;
// What a thread that woke late may make up for: on a busy machine the link would otherwise be slower than it says.
constexpr std::chrono::milliseconds kCatchUp{50};
constexpr int kPipeBytes = 1024 * 1024;
constexpr std::size_t kRequestBytes = 1 << 20;  // head and body of one request; more is no request of a bench

struct Conditions {
  std::atomic<double> rtt_ms{0};
  std::atomic<double> bytes_per_second{0};
};

struct Counts {
  std::atomic<std::uint64_t> requests{0}, bytes{0}, connections{0};
  std::atomic<int> open{0}, most_open{0};
  std::mutex mutex;
  std::vector<std::string> log;  // under mutex
};

Conditions conditions;
Counts counts;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    const int yes = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }
  void end() const { shutdown(fd_, SHUT_RDWR); }

 private:
  const int fd_;
};
using SocketPtr = std::shared_ptr<Socket>;

void sleep_until(Steady::time_point when) {
  if (when > Steady::now()) std::this_thread::sleep_until(when);
}

std::chrono::nanoseconds round_trip() {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(conditions.rtt_ms * 1e6));
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// The value of a header field in the head of a request, "" when it is absent.
std::string field(const std::string& head, const char* name) {
  const std::string start = std::string("\n") + name + ":";
  for (std::size_t line = head.find('\n'); line != std::string::npos; line = head.find('\n', line + 1)) {
    if (strncasecmp(head.c_str() + line, start.c_str(), start.size()) != 0) continue;
    const std::size_t from = head.find_first_not_of(' ', line + start.size());
    return head.substr(from, head.find_first_of("\r\n", from) - from);
  }
  return {};
}

/// Length of the first whole request in `text`, 0 while it is not whole.
std::size_t whole_request(const std::string& text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const std::string head = text.substr(0, end + 4);
  const std::size_t size = head.size() + std::strtoull(field(head, "Content-Length").c_str(), nullptr, 10);
  return text.size() >= size ? size : 0;
}

void note_request(const std::string& request) {
  ++counts.requests;
  std::string line = request.substr(0, request.find("\r\n"));
  const std::string range = field(request.substr(0, request.find("\r\n\r\n") + 4), "Range");
  if (!range.empty()) line += " " + range;
  const std::lock_guard lock(counts.mutex);
  counts.log.push_back(std::move(line));
}

/// Client to server: a request travels half a round trip, and so does its answer; both are waited for here, before the
/// server sees it.
void forward_requests(const SocketPtr& client, const SocketPtr& server, Steady::time_point connected) {
  std::string text;
  std::vector<char> piece(kPiece);
  for (;;) {
    const ssize_t n = recv(client->fd(), piece.data(), piece.size(), 0);
    if (n <= 0) break;
    Steady::time_point arrived = std::max(Steady::now(), connected);
    text.append(piece.data(), static_cast<std::size_t>(n));
    if (text.size() > kRequestBytes) break;
    while (const std::size_t size = whole_request(text)) {
      note_request(text);
      sleep_until(arrived + round_trip());
      if (!send_all(server->fd(), text.data(), size)) return client->end();
      text.erase(0, size);
      arrived = Steady::now();
    }
  }
  server->end();
  client->end();
}

struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int ends[2] = {-1, -1};
};

/// Server to client, at the link's speed.
void forward_answers(const SocketPtr& client, const SocketPtr& server) {
  const Pipe pipe;
  Steady::time_point free_at = Steady::now();  // when the link has sent what it was given
  bool good = true;
  while (good) {
    const double rate = conditions.bytes_per_second;
    const std::size_t piece = rate > 0 ? kPiece : kPipeBytes;
    // Only while it is busy: a link that was idle has no bandwidth left over from then.
    pollfd more{server->fd(), POLLIN, 0};
    if (rate > 0 && poll(&more, 1, 0) == 0) {
      poll(&more, 1, -1);
      free_at = std::max(free_at, Steady::now());
    }
    const ssize_t got = splice(server->fd(), nullptr, pipe.ends[1], nullptr, piece, SPLICE_F_MOVE);
    if (got <= 0) break;
    if (rate > 0) {
      const auto cost = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(got) / rate));
      free_at = std::max(free_at, Steady::now() - kCatchUp) + cost;
      sleep_until(free_at);
    }
    for (ssize_t left = got; left > 0 && good;) {
      const ssize_t sent =
          splice(pipe.ends[0], nullptr, client->fd(), nullptr, static_cast<std::size_t>(left), SPLICE_F_MOVE);
      good = sent > 0;
      if (!good) break;
      left -= sent;
      counts.bytes += static_cast<std::uint64_t>(sent);
    }
  }
  server->end();
  client->end();
}

void serve(int fd, const sockaddr_in& upstream) {
  const auto client = std::make_shared<Socket>(fd);
  const auto server = std::make_shared<Socket>(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The handshake: a client on loopback thinks that it is connected already, so its first request waits for it.
  const Steady::time_point connected = Steady::now() + round_trip();
  if (connect(server->fd(), reinterpret_cast<const sockaddr*>(&upstream), sizeof upstream) != 0) return;
  ++counts.connections;
  const int now_open = ++counts.open;
  int most = counts.most_open;
  while (now_open > most && !counts.most_open.compare_exchange_weak(most, now_open)) {
  }
  std::thread([client, server] { forward_answers(client, server); }).detach();
  std::thread([client, server, connected] {
    forward_requests(client, server, connected);
    --counts.open;
  }).detach();
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string answer(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  words >> word;
  std::ostringstream out;
  if (word == "set") {
    double rtt = 0, rate = 0;
    words >> rtt >> rate;
    conditions.rtt_ms = rtt;
    conditions.bytes_per_second = rate;
    out << "{}";
  } else if (word == "reset") {
    counts.requests = counts.bytes = counts.connections = 0;
    counts.most_open = counts.open.load();
    const std::lock_guard lock(counts.mutex);
    counts.log.clear();
    out << "{}";
  } else if (word == "counts") {
    out << "{\"requests\": " << counts.requests << ", \"bytes\": " << counts.bytes
        << ", \"connections\": " << counts.connections << ", \"most_open\": " << counts.most_open << "}";
  } else if (word == "log") {
    const std::lock_guard lock(counts.mutex);
    out << "[";
    for (std::size_t i = 0; i < counts.log.size(); ++i) out << (i == 0 ? "" : ", ") << quoted(counts.log[i]);
    out << "]";
  } else {
    out << "{\"error\": \"set RTT_MS RATE, reset, counts or log\"}";
  }
  return out.str();
}

int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 512) != 0) {
    std::perror("slow_link");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: slow_link LISTEN_PORT SERVER_PORT   (both on 127.0.0.1)\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1000);  // ns; the default of 50 us would be added to each round trip
  sockaddr_in upstream{};
  upstream.sin_family = AF_INET;
  upstream.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  upstream.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  const int listening = listen_on(static_cast<std::uint16_t>(std::atoi(argv[1])));
  std::thread([listening, upstream] {
    for (;;) {
      const int fd = accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) serve(fd, upstream);
    }
  }).detach();
  std::cout << "{\"ready\": true}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(line) << std::endl;
  std::_Exit(0);  // the connections' threads are not waited for
}
