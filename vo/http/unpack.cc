// SPDX-License-Identifier: MIT
//
// zlib, one stream a body; see the header.
#include "vo/http/unpack.h"

#include "cache/base/text.h"

#include <algorithm>
#include <array>

#include <zlib.h>

namespace skymount::vo {
namespace {

constexpr int kWindow = 15;       // the largest there is
constexpr int kGzipWrapper = 16;  // added to it
// A compressed body may be larger than what it holds by its wrapper and 5 bytes in 16 KiB.
constexpr std::uint64_t wire_limit(std::uint64_t limit) {
  return limit == 0 ? 0 : limit + limit / 1024 + 256;
}

bool has_zlib_wrapper(std::uint8_t first, std::uint8_t second) {
  return (first & 0x0f) == Z_DEFLATED && (first * 256 + second) % 31 == 0;
}

}  // namespace

class Unpacker::Stream {
 public:
  explicit Stream(Format asked) : format(asked) {}
  ~Stream() {
    if (ready) inflateEnd(&z);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool start(int window_bits) {
    ready = inflateInit2(&z, window_bits) == Z_OK;
    return ready;
  }
  /// Unpacks to the end of a member or of `packed`, from which it takes what it used.
  Result<void> inflate_some(ByteView& packed, const HttpClient::OnBody& sink);

  const Format format;
  z_stream z{};
  bool ready = false;
  bool ended = false;  // a member has, and no other began
  Bytes beginning;     // of a deflate body, until its wrapper can be told
  std::array<std::byte, 64 * 1024> out;
};

Result<void> Unpacker::Stream::inflate_some(ByteView& packed, const HttpClient::OnBody& sink) {
  const std::size_t given = std::min<std::size_t>(packed.size(), 1U << 30);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  z.avail_in = static_cast<uInt>(given);
  do {
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&z, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      return fail(Code::corrupt, std::string("its compression is broken: ") + (z.msg ? z.msg : "not unpackable"));
    if (const std::size_t made = out.size() - z.avail_out; made > 0)
      if (auto taken = sink(ByteView(out).first(made)); !taken) return taken;
    ended = status == Z_STREAM_END;
  } while (!ended && (z.avail_in > 0 || z.avail_out == 0));
  packed = packed.subspan(given - z.avail_in);
  return {};
}

std::optional<Unpacker::Format> Unpacker::format_of(std::string_view content_encoding) {
  const std::string name = lower(trim(content_encoding));
  if (name == "gzip" || name == "x-gzip") return Format::gzip;
  if (name == "deflate") return Format::deflate;
  return std::nullopt;
}

Unpacker::Unpacker(Format format) : stream_(std::make_unique<Stream>(format)) {}
Unpacker::~Unpacker() = default;

Result<void> Unpacker::feed(ByteView packed, const HttpClient::OnBody& sink) {
  Stream& s = *stream_;
  if (!s.ready) {
    s.beginning.insert(s.beginning.end(), packed.begin(), packed.end());
    if (s.beginning.size() < 2) return {};
    const bool raw = s.format == Format::deflate && !has_zlib_wrapper(std::to_integer<std::uint8_t>(s.beginning[0]),
                                                                      std::to_integer<std::uint8_t>(s.beginning[1]));
    if (!s.start(s.format == Format::gzip ? kWindow + kGzipWrapper : raw ? -kWindow : kWindow))
      return fail(Code::unavailable, "no memory to unpack it");
    packed = s.beginning;
  }
  while (!packed.empty()) {
    if (s.ended) {
      while (!packed.empty() && packed.front() == std::byte{0}) packed = packed.subspan(1);
      if (packed.empty()) break;
      if (s.format != Format::gzip) return fail(Code::corrupt, "bytes follow the end of its compressed body");
      inflateReset(&s.z);  // another member; what is none fails by its magic
      s.ended = false;
    }
    if (auto unpacked = s.inflate_some(packed, sink); !unpacked) return unpacked;
  }
  s.beginning = {};
  return {};
}

Result<void> Unpacker::finish() const {
  if (stream_->ended) return {};
  return fail(Code::corrupt, "its compressed body ends early, so something is missing");
}

WireResult UnpackingTransport::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                        const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  if (request.range || request.identity) return wire_->exchange(request, on_header, on_body, ctx);
  HttpRequest asked = request;
  asked.max_body = wire_limit(request.max_body);
  const std::string where = request.url.redacted() + ": ";
  std::optional<Unpacker> unpacker;
  std::string unknown;
  bool success = false, gave_up = false;
  std::uint64_t packed = 0, passed_on = 0;

  const auto header = [&](const HttpResponse& response) -> Result<void> {
    success = response.status / 100 == 2;
    const std::string encoding = response.headers.get("Content-Encoding").value_or("");
    if (const auto format = Unpacker::format_of(encoding))
      unpacker.emplace(*format);
    else if (success && !encoding.empty() && !same_word(trim(encoding), "identity"))
      unknown = encoding;
    return on_header ? on_header(response) : Result<void>();
  };
  std::optional<Error> callers_error;
  const auto pass_on = [&](ByteView piece) -> Result<void> {
    passed_on += piece.size();
    Result<void> taken;
    if (request.max_body != 0 && passed_on > request.max_body)
      taken = fail(Code::too_large, where + "the answer is larger than the " + std::to_string(request.max_body) +
                                        " bytes allowed for it");
    else if (on_body)
      taken = on_body(piece);
    if (!taken) callers_error = taken.error();
    return taken;
  };
  const auto body = [&](ByteView piece) -> Result<void> {
    packed += piece.size();
    if (!unknown.empty())
      return fail(Code::unsupported, where + "it comes in the encoding '" + unknown + "', which was not asked for");
    if (!unpacker) return pass_on(piece);
    if (gave_up) return {};
    auto fed = unpacker->feed(piece, pass_on);
    if (fed) return {};
    if (callers_error) return fail(*callers_error);
    if (success) return fail(std::move(fed.error()).during(request.url.redacted()));
    gave_up = true;  // half an explanation is better than none
    return {};
  };

  WireResult result = wire_->exchange(asked, header, body, ctx);
  if (!result || !unpacker || !success) return result;
  const bool may_be_empty = request.method == "HEAD" || result->status == 204 || result->content_length() == 0U;
  if (packed == 0 && may_be_empty) return result;
  if (auto finished = unpacker->finish(); !finished)
    return wire_failure(WireFailure::Kind::broken, Code::corrupt, where + finished.error().what());
  return result;
}

}  // namespace skymount::vo
