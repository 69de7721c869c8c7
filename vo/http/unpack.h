// SPDX-License-Identifier: MIT
//
// Content-Encoding taken off by ourselves. curl can do it too, but takes a compressed body that just stops for a whole
// one: without a Content-Length only the stream's own end tells that nothing is missing, and only zlib sees it.
#pragma once

#include "vo/http/transport.h"

namespace skymount::vo {

/// One compressed body. Source: RFC 1952 (gzip, members may follow each other, zero bytes may pad the end), RFC 1950
/// and, because many servers mean that by "deflate", RFC 1951.
class Unpacker {
 public:
  enum class Format { gzip, deflate };
  /// Of a Content-Encoding field; nothing for those that we do not ask for.
  static std::optional<Format> format_of(std::string_view content_encoding);

  explicit Unpacker(Format format);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  /// Hands on what unpacks, in pieces of at most 64 KiB.
  /// Errors  corrupt: not of this format, a checksum that does not fit, bytes behind the end; or what `sink` returned.
  Result<void> feed(ByteView packed, const HttpClient::OnBody& sink);
  /// Errors  corrupt: the stream does not end.
  Result<void> finish() const;

 private:
  class Stream;
  std::unique_ptr<Stream> stream_;
};

/// Thread-safe. Asks for and takes off compression where the request allows it; the header fields stay as they came.
/// HttpRequest::max_body bounds what comes out. A successful answer whose compressed body is broken or ends early is
/// corrupt; of error pages what unpacks is passed on.
class UnpackingTransport final : public Transport {
 public:
  explicit UnpackingTransport(std::shared_ptr<Transport> wire) : wire_(std::move(wire)) {}
  WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                      const HttpClient::OnBody& on_body, const FetchContext& ctx) override;

 private:
  const std::shared_ptr<Transport> wire_;
};

}  // namespace skymount::vo
