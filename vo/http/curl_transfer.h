// SPDX-License-Identifier: MIT
//
// One Exchange as a curl handle: what curl is told, what its callbacks pass on, and what its result codes mean. Lives
// on the I/O thread of its lane. Only the curl_* sources include curl.
#pragma once

#include "vo/http/admission.h"
#include "vo/http/exchange.h"

namespace skymount::vo {

class CurlTransfer {
 public:
  struct Setup {
    const HttpOptions& options;
    std::string proxy;           ///< empty: none
    bool allow_private = false;  ///< for this request: configured, mapped or through a proxy
    bool one_off = false;        ///< close the connection afterwards
    Admission& admission;        ///< told about data sockets; outlives the transfer's connections
  };
  CurlTransfer(std::shared_ptr<Exchange> exchange, const Setup& setup);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  void* handle() const { return easy_; }
  const std::shared_ptr<Exchange>& exchange() const { return exchange_; }
  /// The body may go on. May call back into the exchange at once.
  void resume();
  /// curl is done with it: tells the exchange how it ended.
  void finish(int curl_code);
  bool spoke_http2() const;

 private:
  struct Callbacks;
  void describe_request();
  void describe_connection(const Setup& setup);
  bool take_header_line(std::string_view line);
  WireFailure failure(int curl_code) const;

  const std::shared_ptr<Exchange> exchange_;
  const bool allow_private_;
  Admission& admission_;
  const std::string origin_;
  void* easy_ = nullptr;
  void* header_list_ = nullptr;
  char error_text_[256] = "";
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool header_done_ = false;
  std::string own_reason_;
  std::string forbidden_address_;
};

}  // namespace skymount::vo
