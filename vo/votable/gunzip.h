// SPDX-License-Identifier: MIT
//
// Bodies that are gzip without saying so. Internal to vo/votable; zlib stays in gunzip.cc. Source: RFC 1952.
#pragma once

#include "cache/base/result.h"

#include <functional>
#include <memory>
#include <string_view>

namespace skymount::vo {

bool starts_like_gzip(std::string_view head);

class Gunzip {
 public:
  using Sink = std::function<Result<void>(std::string_view)>;
  Gunzip();
  ~Gunzip();

  /// Hands on what unpacks, in pieces of at most 64 KiB. Members may follow each other, and zero bytes may pad the end.
  /// Errors  corrupt: not gzip, or a checksum that does not fit; or what `sink` returned.
  Result<void> feed(std::string_view bytes, const Sink& sink);
  /// Errors  corrupt: the last member does not end.
  Result<void> finish();

 private:
  class Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace skymount::vo
