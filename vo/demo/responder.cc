// SPDX-License-Identifier: MIT
//
// HTTP semantics as RFC 9110 has them (sections 13 conditions, 14 ranges), and beside each rule the fault that breaks
// it.
#include "vo/demo/responder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace skymount::demo {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

const char* reason(int status) {
  static constexpr std::array<std::pair<int, const char*>, 24> kReasons{{
      {200, "OK"},           {201, "Created"},     {204, "No Content"},          {206, "Partial Content"},
      {301, "Moved"},        {302, "Found"},       {303, "See Other"},           {304, "Not Modified"},
      {307, "Temporary"},    {308, "Permanent"},   {400, "Bad Request"},         {401, "Unauthorized"},
      {403, "Forbidden"},    {404, "Not Found"},   {405, "Method Not Allowed"},  {410, "Gone"},
      {412, "Precondition"}, {416, "Range"},       {422, "Unprocessable"},       {429, "Too Many Requests"},
      {500, "Server Error"}, {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
  }};
  for (const auto& [code, text] : kReasons) {
    if (code == status) return text;
  }
  return "Status";
}

constexpr const char* kLoginPage =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Please sign in</h1>"
    "<form method=\"post\" action=\"/login\"><input name=\"user\"></form></body></html>\n";

struct Span {
  std::uint64_t first = 0, size = 0;
};

enum class RangeKind { none, satisfiable, unsatisfiable };

/// One range of RFC 9110 section 14.1.2. Several ranges, or nonsense, are answered with the whole.
RangeKind parse_range(std::string_view text, std::uint64_t total, Span& out) {
  if (!text.starts_with("bytes=")) return RangeKind::none;
  text.remove_prefix(6);
  const std::size_t dash = text.find('-');
  if (dash == text.npos || text.find(',') != text.npos) return RangeKind::none;
  const auto number = [](std::string_view digits, std::uint64_t& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  const std::string_view from = text.substr(0, dash), to = text.substr(dash + 1);
  std::uint64_t first = 0, last = 0;
  if (from.empty()) {
    if (!number(to, last)) return RangeKind::none;
    if (last == 0 || total == 0) return RangeKind::unsatisfiable;
    out = {total - std::min(last, total), std::min(last, total)};
    return RangeKind::satisfiable;
  }
  if (!number(from, first)) return RangeKind::none;
  if (to.empty())
    last = total == 0 ? 0 : total - 1;
  else if (!number(to, last) || last < first)
    return RangeKind::none;
  if (first >= total) return RangeKind::unsatisfiable;
  out = {first, std::min(last, total - 1) - first + 1};
  return RangeKind::satisfiable;
}

bool tag_listed(std::string_view list, std::string_view tag, bool weakly) {
  if (list == "*") return true;
  if (tag.empty()) return false;
  const auto opaque = [](std::string_view t) { return t.starts_with("W/") ? t.substr(2) : t; };
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (weakly ? opaque(item) == opaque(tag) : item == tag && !tag.starts_with("W/")) return true;
  }
  return false;
}

/// 0: go on; else 304 or 412.
int judge_conditions(const Request& request, const Reply& reply) {
  const std::string match = request.header("If-Match"), none_match = request.header("If-None-Match");
  if (!match.empty() && !tag_listed(match, reply.etag, false)) return 412;
  if (match.empty() && reply.last_modified) {
    const auto since = parse_http_date(request.header("If-Unmodified-Since"));
    if (since && *reply.last_modified > *since) return 412;
  }
  if (!none_match.empty()) return tag_listed(none_match, reply.etag, true) ? 304 : 0;
  if (reply.last_modified) {
    const auto since = parse_http_date(request.header("If-Modified-Since"));
    if (since && *reply.last_modified <= *since) return 304;
  }
  return 0;
}

bool range_still_valid(const Request& request, const Reply& reply) {
  const std::string if_range = request.header("If-Range");
  if (if_range.empty()) return true;
  if (if_range.find('"') != std::string::npos) return tag_listed(if_range, reply.etag, false);
  const auto date = parse_http_date(if_range);
  return date && reply.last_modified && *date == *reply.last_modified;
}

/// A whole answer on its way out.
class Delivery {
 public:
  Delivery(Connection& connection, const Request& request, Reply reply, const Faults& faults, const Progress& progress)
      : connection_(connection), request_(request), reply_(std::move(reply)), faults_(faults), progress_(progress) {}

  bool run();

 private:
  void apply_content_faults();
  void apply_conditions_and_range();
  std::string head() const;
  bool send_known_body();
  bool send_stream();
  bool send_piece(std::string_view bytes);
  std::uint64_t total() const { return reply_.read ? reply_.size : reply_.body.size(); }

  Connection& connection_;
  const Request& request_;
  Reply reply_;
  const Faults& faults_;
  const Progress& progress_;
  Span span_;
  bool partial_ = false, chunked_ = false, bodiless_ = false;
  std::uint64_t body_sent_ = 0;
  std::string pending_;  ///< the head, until the first piece of the body goes out with it
};

void Delivery::apply_content_faults() {
  if (faults_.html_instead) {
    reply_ = Reply::text(200, kLoginPage, "text/html; charset=utf-8");
  }
  if (faults_.no_validators) {
    reply_.etag.clear();
    reply_.last_modified.reset();
  }
  if (faults_.weak_etag && !reply_.etag.empty()) reply_.etag = "W/" + reply_.etag;
  if (faults_.no_length) {
    reply_.no_length = true;
    reply_.ranges = false;
  }
  if (faults_.gzip_encoding && !reply_.stream) {
    std::string whole = std::move(reply_.body);
    if (reply_.read) {
      whole.resize(reply_.size);
      reply_.read(0, std::as_writable_bytes(std::span(whole)));
    }
    reply_.body = gzip(whole);
    reply_.read = nullptr;
    reply_.ranges = false;
    reply_.headers.emplace_back("Content-Encoding", "gzip");
  }
}

void Delivery::apply_conditions_and_range() {
  span_ = {0, total()};
  if (reply_.status != 200 || (request_.method != "GET" && request_.method != "HEAD")) return;
  if (!faults_.ignore_conditions) {
    if (const int verdict = judge_conditions(request_, reply_); verdict != 0) {
      reply_.status = verdict;
      reply_.body.clear();
      reply_.read = nullptr;
      reply_.stream = nullptr;
      span_ = {};
      return;
    }
  }
  if (!reply_.ranges || faults_.ignore_range || reply_.stream) return;
  if (!faults_.ignore_conditions && !range_still_valid(request_, reply_)) return;
  Span asked;
  switch (parse_range(request_.header("Range"), total(), asked)) {
    case RangeKind::none: return;
    case RangeKind::unsatisfiable:
      reply_.headers.emplace_back("Content-Range", "bytes */" + std::to_string(total()));
      reply_.status = 416;
      reply_.body.clear();
      reply_.read = nullptr;
      span_ = {};
      return;
    case RangeKind::satisfiable: break;
  }
  if (faults_.first_bytes_regardless) asked.first = 0;
  span_ = asked;
  partial_ = true;
  reply_.status = 206;
}

std::string Delivery::head() const {
  std::string text = "HTTP/1.1 " + std::to_string(reply_.status) + " " + reason(reply_.status) + "\r\n";
  const auto add = [&](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  add("Server", "skymount-demo");
  add("Date", http_date(std::time(nullptr)));
  if (!reply_.content_type.empty() && reply_.status != 204 && reply_.status != 304)
    add("Content-Type", reply_.content_type);
  if (!reply_.etag.empty()) add("ETag", reply_.etag);
  if (reply_.last_modified) add("Last-Modified", http_date(*reply_.last_modified));
  if (reply_.ranges && !reply_.stream) add("Accept-Ranges", "bytes");
  if (partial_) {
    const std::uint64_t first = span_.first + (faults_.wrong_content_range ? 1 : 0);
    add("Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(first + span_.size - 1) + "/" +
                             std::to_string(total()));
  }
  for (const auto& [name, value] : reply_.headers) add(name, value);
  if (chunked_ && !request_.http10) add("Transfer-Encoding", "chunked");
  if (!chunked_ && reply_.status != 204 && reply_.status != 304) {
    add("Content-Length", std::to_string(faults_.lie_content_length.value_or(span_.size)));
  }
  add("Connection", request_.keep_alive && !(chunked_ && request_.http10) ? "keep-alive" : "close");
  return text + "\r\n";
}

/// Framing, pace, truncation. False: stop and close.
bool Delivery::send_piece(std::string_view bytes) {
  bool cut = false;
  if (faults_.truncate_after && body_sent_ + bytes.size() > *faults_.truncate_after) {
    bytes = bytes.substr(0, *faults_.truncate_after - body_sent_);
    cut = true;
  }
  std::string out = std::exchange(pending_, {});
  const bool framed = chunked_ && !request_.http10 && !bytes.empty();
  if (framed) {
    char size[20];
    const auto end = std::to_chars(size, size + sizeof size, bytes.size(), 16).ptr;
    out.append(size, end).append("\r\n");
  }
  out.append(bytes);
  if (framed && !cut) out += "\r\n";
  // Counted before it is sent: whoever has received an answer finds it counted.
  body_sent_ += bytes.size();
  progress_.sent(bytes.size());
  return connection_.send(out, faults_.bytes_per_second) && !cut;
}

bool Delivery::send_known_body() {
  std::string piece;
  for (std::uint64_t at = span_.first, end = span_.first + span_.size; at < end;) {
    const std::size_t size = std::min<std::uint64_t>(kPiece, end - at);
    if (reply_.read) {
      piece.resize(size);
      reply_.read(at, std::as_writable_bytes(std::span(piece)));
      if (!send_piece(piece)) return false;
    } else if (!send_piece(std::string_view(reply_.body).substr(at, size))) {
      return false;
    }
    at += size;
  }
  return true;
}

bool Delivery::send_stream() {
  bool well = true;
  reply_.stream([&](std::string_view bytes) {
    while (well && !bytes.empty()) {
      well = send_piece(bytes.substr(0, kPiece));
      bytes.remove_prefix(std::min(kPiece, bytes.size()));
    }
    return well;
  });
  return well;
}

bool Delivery::run() {
  if (reply_.status < 400 || faults_.html_instead) apply_content_faults();
  apply_conditions_and_range();
  chunked_ = (reply_.stream || reply_.no_length) && reply_.status == 200;
  bodiless_ = request_.method == "HEAD" || reply_.status == 204 || reply_.status == 304;
  progress_.status(reply_.status);
  pending_ = head();
  if (!bodiless_) {
    if (!(reply_.stream && chunked_ ? send_stream() : send_known_body())) return false;
    if (chunked_ && !request_.http10) pending_ += "0\r\n\r\n";
  }
  if (!pending_.empty() && !connection_.send(pending_, faults_.bytes_per_second)) return false;
  return !faults_.lie_content_length && !(chunked_ && request_.http10);
}

}  // namespace

bool respond(Connection& connection, const Request& request, Reply reply, const Faults& faults,
             const Progress& progress) {
  return Delivery(connection, request, std::move(reply), faults, progress).run();
}

}  // namespace skymount::demo
