// SPDX-License-Identifier: MIT
//
// Transport over libcurl: one I/O thread for metadata and one for data, each with its own connections, started on first
// use. Callers wait on their own threads; the I/O threads wait for nobody.
#pragma once

#include "vo/http/admission.h"
#include "vo/http/transport.h"

#include <array>

namespace skymount::vo {

/// Thread-safe. All calls must have returned before it is destroyed.
class CurlClient final : public Transport {
 public:
  explicit CurlClient(HttpOptions options);
  ~CurlClient() override;

  WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                      const HttpClient::OnBody& on_body, const FetchContext& ctx) override;

 private:
  class Lane;
  Lane& lane(Traffic traffic);
  bool may_be_private(const Url& url) const;
  void seats_changed(const Lane* by);

  const HttpOptions options_;
  std::vector<std::string> exempt_origins_;  // where configured maps lead
  Admission admission_;
  std::mutex lanes_mutex_;
  std::array<std::unique_ptr<Lane>, 2> lanes_;
};

}  // namespace skymount::vo
