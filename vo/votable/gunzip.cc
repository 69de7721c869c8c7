// SPDX-License-Identifier: MIT
#include "vo/votable/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace skymount::vo {

class Gunzip::Stream {
 public:
  // 15 is the largest window, 16 more asks zlib for the gzip wrapper and its checksum.
  Stream() { ready = inflateInit2(&z, 15 + 16) == Z_OK; }
  ~Stream() {
    if (ready) inflateEnd(&z);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream z{};
  bool ready = false;
  bool in_member = true;
  std::array<char, 64 * 1024> out;
};

bool starts_like_gzip(std::string_view head) {
  return head.size() >= 2 && head[0] == '\x1f' && head[1] == '\x8b';
}

Gunzip::Gunzip() : stream_(std::make_unique<Stream>()) {}
Gunzip::~Gunzip() = default;

Result<void> Gunzip::feed(std::string_view bytes, const Sink& sink) {
  Stream& s = *stream_;
  if (!s.ready) return fail(Code::no_space, "gzip: no memory to unpack");
  while (!bytes.empty()) {
    if (!s.in_member) {
      bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
      if (bytes.empty()) return {};
      inflateReset(&s.z);  // another member; what is not one fails on its magic
      s.in_member = true;
    }
    const auto piece = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 1 << 30));
    s.z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    s.z.avail_in = piece;
    while (true) {
      s.z.next_out = reinterpret_cast<Bytef*>(s.out.data());
      s.z.avail_out = static_cast<uInt>(s.out.size());
      const int status = inflate(&s.z, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        return fail(Code::corrupt, std::string("gzip: ") + (s.z.msg ? s.z.msg : "broken data"));
      }
      const std::size_t made = s.out.size() - s.z.avail_out;
      if (made > 0) {
        if (auto taken = sink({s.out.data(), made}); !taken) return taken;
      }
      if (status == Z_STREAM_END) s.in_member = false;
      if (status == Z_STREAM_END || (s.z.avail_in == 0 && s.z.avail_out > 0) || status == Z_BUF_ERROR) break;
    }
    bytes.remove_prefix(piece - s.z.avail_in);
  }
  return {};
}

Result<void> Gunzip::finish() {
  if (stream_->in_member) return fail(Code::corrupt, "truncated: the gzip stream does not end");
  return {};
}

}  // namespace skymount::vo
