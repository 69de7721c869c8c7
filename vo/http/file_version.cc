// SPDX-License-Identifier: MIT
//
// Versions as text; their prefixes tell the kinds apart.
#include "vo/http/file_version.h"

#include "cache/base/text.h"
#include "cache/content_id.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

namespace skymount::vo {
namespace {

constexpr std::string_view kOneTime = "spooled-";
constexpr std::string_view kHeadHash = "first64k-";

// The resolution of Last-Modified is a second, and a clock may be read before the other one.
constexpr std::int64_t kJustNow = 2;

std::string head_hash(std::uint64_t total, ByteView head) {
  const std::size_t used = total <= kFirstRange ? head.size() : std::min(head.size(), kVersionHead);
  return std::string(kHeadHash) + cache::hash_hex(as_text(head.first(used))) + "-" + std::to_string(total);
}

std::string_view head_of(std::string_view version) {
  const std::size_t at = version.find(kHeadHash);
  // A tag is in quotes and may hold any text.
  return at == version.npos || version.starts_with('"') ? std::string_view() : version.substr(at);
}

/// Last-Modified, unless the file may have changed since within the same second.
std::optional<std::int64_t> settled_time(const HttpResponse& response) {
  const auto time = response.last_modified();
  const auto date = parse_http_date(response.headers.get("Date").value_or(""));
  return time && date && *time >= *date - kJustNow ? std::nullopt : time;
}

bool is_weak(std::string_view tag) {
  return tag.starts_with("W/") || tag.starts_with("w/");
}
bool is_html_type(std::string_view type) {
  return type == "text/html" || type == "application/xhtml+xml";
}
std::string_view opaque(std::string_view tag) {
  return is_weak(tag) ? tag.substr(2) : tag;
}

}  // namespace

std::string version_of(const HttpResponse& response, std::uint64_t total, ByteView head, bool by_ranges) {
  if (const auto tag = response.strong_etag()) return *tag;
  if (const auto time = settled_time(response))
    return "modified-" + std::to_string(*time) + "-" + std::to_string(total);
  const std::string hash = head_hash(total, head);
  return by_ranges && total > kLargestWhole ? hash : one_time_version() + "-" + hash;
}

bool unproven(const HttpResponse& response) {
  return !response.strong_etag() && !settled_time(response);
}

std::string one_time_version() {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  std::random_device random;
  const std::uint64_t word = (std::uint64_t{random()} << 32) | random();
  return std::string(kOneTime) + std::to_string(now.count()) + "-" + cache::hash_hex(std::to_string(word));
}

bool is_one_time(std::string_view version) {
  return version.starts_with(kOneTime);
}
bool is_head_hash(std::string_view version) {
  return version.starts_with(kHeadHash);
}
bool has_head(std::string_view version) {
  return !head_of(version).empty();
}
bool same_head(std::string_view a, std::string_view b) {
  return has_head(a) && head_of(a) == head_of(b);
}

bool head_fits(std::string_view version, std::uint64_t total, ByteView head) {
  return !is_head_hash(version) || version == head_hash(total, head);
}

bool same_validators(const LearnedFile& learned, const HttpResponse& response) {
  const auto tag = response.headers.get("ETag");
  const auto time = response.last_modified();
  bool compared = false;
  if (!learned.etag.empty() && tag) {
    if (opaque(learned.etag) != opaque(*tag)) return false;
    if (!is_weak(learned.etag) && !is_weak(*tag)) return true;
    compared = true;
  }
  if (learned.last_modified && time) {
    if (*learned.last_modified != *time) return false;
    compared = true;
  }
  const bool unknown = learned.etag.empty() && !learned.last_modified;
  return compared || (unknown && tag.value_or("").empty());
}

bool turned_into_html(const LearnedFile& learned, const HttpResponse& response) {
  return is_html_type(response.content_type()) && !is_html_type(learned.content_type);
}

bool is_encoded(const HttpResponse& response, const Url& asked) {
  const std::string encoding = lower(response.headers.get("Content-Encoding").value_or(""));
  if (encoding.empty() || encoding == "identity") return false;
  struct Pair {
    std::string_view encoding, ending;
  };
  static constexpr std::array kPairs = {Pair{"gzip", ".gz"},    Pair{"x-gzip", ".gz"},  Pair{"gzip", ".tgz"},
                                        Pair{"x-gzip", ".tgz"}, Pair{"compress", ".z"}, Pair{"x-compress", ".z"},
                                        Pair{"bzip2", ".bz2"},  Pair{"x-bzip2", ".bz2"}};
  for (const std::string& name :
       {lower(asked.last_segment()), lower(response.final_url.last_segment()), lower(response.filename().value_or(""))})
    for (const auto& [known, ending] : kPairs)
      if (encoding == known && name.ends_with(ending)) return false;
  return true;
}

LearnedFile learned_from(const HttpResponse& response) {
  LearnedFile out;
  out.etag = response.headers.get("ETag").value_or("");
  out.last_modified = settled_time(response);
  out.content_type = response.content_type();
  out.filename = response.filename().value_or("");
  out.auth = response.shown_as;
  return out;
}

cache::ContentId content_id(const RemoteFile& file, const LearnedFile& learned) {
  return {file.archive, learned.auth, file.identity, learned.version};
}

bool for_another(const LearnedFile& learned, const HttpResponse& response) {
  return !response.shown_as.empty() && response.shown_as != learned.auth;
}

}  // namespace skymount::vo
