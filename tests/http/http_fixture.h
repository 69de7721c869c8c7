// SPDX-License-Identifier: MIT
//
// What the tests of this room share: clients with short patience, requests, and a way to read a source into memory.
#pragma once

#include "tests/support/random.h"
#include "vo/demo/origin.h"
#include "vo/http/range_source.h"
#include "vo/http/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::vo {

inline HttpOptions local_options() {
  HttpOptions options;
  options.allow_private = true;
  options.connect = std::chrono::seconds(2);
  options.first_byte = std::chrono::seconds(5);
  options.stall = std::chrono::seconds(5);
  return options;
}

/// Tries as usual, pauses of milliseconds.
inline RetryPolicy hurried() {
  RetryPolicy policy;
  policy.first_pause = std::chrono::milliseconds(2);
  policy.longest_pause = std::chrono::milliseconds(10);
  return policy;
}

inline std::shared_ptr<HttpClient> local_client(HttpOptions options = local_options(), RetryPolicy policy = hurried()) {
  return make_http_client(options, std::move(policy));
}

inline FetchContext soon(std::chrono::milliseconds budget = std::chrono::seconds(10), std::stop_token stop = {}) {
  return FetchContext::within(budget, "test", std::move(stop));
}

inline HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = Url::parse(url).value();
  return request;
}

inline RemoteFile remote(const std::string& url, std::string promise = "") {
  RemoteFile file;
  file.url = Url::parse(url).value();
  file.archive = "demo";
  file.identity = file.url.without_signature();
  file.content_type = std::move(promise);
  return file;
}

inline std::string text_of(const Bytes& bytes) {
  return std::string(as_text(bytes));
}

/// What a fetch delivers; fails the test when pieces do not follow each other.
inline Result<Bytes> read(cache::ByteSource& source, ByteRange range, const FetchContext& ctx = soon()) {
  Bytes out;
  std::uint64_t at = source.whole_only() ? 0 : range.offset;
  auto fetched = source.fetch(
      range,
      [&](std::uint64_t offset, ByteView piece) -> Result<void> {
        EXPECT_EQ(offset, at);
        at += piece.size();
        out.insert(out.end(), piece.begin(), piece.end());
        return {};
      },
      ctx);
  if (!fetched) return fail(fetched.error());
  return out;
}

inline Bytes slice(const Bytes& whole, std::uint64_t offset, std::uint64_t length) {
  return {whole.begin() + static_cast<std::ptrdiff_t>(offset),
          whole.begin() + static_cast<std::ptrdiff_t>(offset + length)};
}

/// Milliseconds that `call` takes.
template <class F>
long elapsed_ms(F&& call) {
  const auto began = std::chrono::steady_clock::now();
  call();
  return static_cast<long>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count());
}

inline std::vector<std::string> asked(const demo::Origin& origin) {
  std::vector<std::string> out;
  for (const auto& request : origin.requests())
    out.push_back(request.method + " " + request.target + (request.range.empty() ? "" : " " + request.range));
  return out;
}

}  // namespace skymount::vo
