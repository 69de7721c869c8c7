// SPDX-License-Identifier: MIT
//
// See client.h.
#include "tests/demo/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace skymount::demo::test {

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  }
  return {};
}

Client::Client(int port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const timeval patience{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::fill() {
  char piece[64 * 1024];
  const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
  if (n <= 0) return false;
  buffer_.append(piece, static_cast<std::size_t>(n));
  return true;
}

bool Client::read_exactly(std::size_t size, std::string& out) {
  while (buffer_.size() < size && fill()) {
  }
  const std::size_t have = std::min(size, buffer_.size());
  out.append(buffer_, 0, have);
  buffer_.erase(0, have);
  return have == size;
}

bool Client::read_line(std::string& line) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!fill()) return false;
  }
  line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return true;
}

void Client::read_body(std::string_view method, Answer& answer) {
  std::string line;
  if (method == "HEAD" || answer.status == 204 || answer.status == 304) {
    answer.complete = true;
  } else if (answer.header("Transfer-Encoding") == "chunked") {
    for (;;) {
      if (!read_line(line)) return;
      const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
      if (!read_exactly(size, answer.body) || !read_line(line)) return;
      if (size == 0) break;
    }
    answer.complete = true;
  } else if (const std::string length = answer.header("Content-Length"); !length.empty()) {
    answer.complete = read_exactly(std::stoul(length), answer.body);
  } else {
    while (fill()) {
    }
    answer.body = std::exchange(buffer_, {});
    answer.complete = true;
  }
}

Answer Client::send(std::string_view method, std::string_view target, const std::vector<std::string>& extra,
                    std::string_view body) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: demo\r\n";
  for (const std::string& line : extra) text += line + "\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n";
  text += body;
  Answer answer;
  if (fd_ < 0 || ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) < 0) return answer;
  std::string line;
  if (!read_line(line)) return answer;
  answer.status = std::stoi(line.substr(9, 3));
  while (read_line(line) && !line.empty()) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  read_body(method, answer);
  return answer;
}

Answer get(int port, std::string_view target, const std::vector<std::string>& extra) {
  return Client(port).get(target, extra);
}

Answer post_form(int port, std::string_view target, std::string_view form) {
  return Client(port).send("POST", target, {"Content-Type: application/x-www-form-urlencoded"}, form);
}

}  // namespace skymount::demo::test
