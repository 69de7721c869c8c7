// SPDX-License-Identifier: MIT
#include "vo/demo/record.h"

#include <cstdio>

namespace skymount::demo {
namespace {

constexpr std::string_view kPath = "/.requests";

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string header_of(const RequestRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.headers)
    if (same_ignoring_case(key, name)) return value;
  return {};
}

}  // namespace

void record_requests(Origin& origin) {
  origin.handle(std::string(kPath), [&origin](const Request& request) {
    if (request.method == "DELETE") {
      origin.clear_requests();
      return Reply::text(200, "");
    }
    std::string out;
    for (const RequestRecord& record : origin.requests()) {
      if (record.target == kPath) continue;
      out += "{\"method\": " + json_text(record.method) + ", \"target\": " + json_text(record.target) +
             ", \"range\": " + json_text(record.range) + ", \"body\": " + json_text(record.body) +
             ", \"authorization\": " + json_text(header_of(record, "Authorization")) +
             ", \"status\": " + std::to_string(record.status) +
             ", \"bytes\": " + std::to_string(record.body_bytes_sent) + "}\n";
    }
    return Reply::text(200, out, "application/x-ndjson");
  });
}

}  // namespace skymount::demo
