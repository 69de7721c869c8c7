// SPDX-License-Identifier: MIT
#include "vo/fits/worker/channel.h"

#include <unistd.h>

#include <cerrno>

namespace skymount::vo {
namespace {

/// `patient`: in the middle of a job, when what is asked for may come late. Else the socket's idle time ends it.
bool read_all(int socket, std::span<std::byte> out, bool patient) {
  while (!out.empty()) {
    const ssize_t came = ::read(socket, out.data(), out.size());
    if (came < 0 && (errno == EINTR || (errno == EAGAIN && patient))) continue;
    if (came <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(came));
  }
  return true;
}

bool write_all(int socket, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(socket, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

std::optional<Frame> Channel::receive(bool patient) {
  std::array<std::byte, kFrameHead> head{};
  if (!read_all(socket_, head, patient)) return std::nullopt;
  const auto parsed = parse_frame_head(head);
  if (!parsed) return std::nullopt;
  Frame frame{parsed->first, Bytes(parsed->second)};
  if (!read_all(socket_, frame.payload, true)) return std::nullopt;
  return frame;
}

void Channel::send(FrameKind kind, ByteView payload) {
  const auto head = frame_head(kind, payload.size());
  if (!write_all(socket_, head) || !write_all(socket_, payload)) _exit(0);  // nobody listens
}

std::vector<Bytes> Channel::want(const std::vector<ByteRange>& ranges) {
  send(FrameKind::want, pack(ranges));
  std::vector<Bytes> out;
  for (const ByteRange& range : ranges) {
    std::optional<Frame> frame = receive(/*patient=*/true);
    if (!frame || frame->kind != FrameKind::bytes || frame->payload.size() != range.length) _exit(0);
    out.push_back(std::move(frame->payload));
  }
  return out;
}

Bytes Channel::want(ByteRange range) {
  return std::move(want(std::vector<ByteRange>{range}).front());
}

}  // namespace skymount::vo
