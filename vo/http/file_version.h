// SPDX-License-Identifier: MIT
//
// Which version of a file an answer belongs to. Servers ignore If-Range and send weak tags, so validators are compared
// here and never left to the other side.
#pragma once

#include "vo/http/range_source.h"

namespace skymount::vo {

/// What of a file's beginning names its version when the server sends no validator.
inline constexpr std::size_t kVersionHead = 64 * 1024;

/// Strong ETag, else Last-Modified and total, else total and a hash of the first 64 KiB (`head`: at least that much, or
/// the whole file).
std::string version_of(const HttpResponse& response, std::uint64_t total, ByteView head);
/// True when version_of() needs `head`.
bool version_needs_head(const HttpResponse& response);
/// For an answer that will never come again alike: every download is a version of its own.
std::string one_time_version();
bool is_one_time(std::string_view version);
/// False when `version` was made of a hash and `head` is another one.
bool head_fits(std::string_view version, std::uint64_t total, ByteView head);
bool is_head_hash(std::string_view version);

/// Validators of the answer against those learned. Weak tags are compared without their mark. An answer that lost the
/// validators it used to have is another version, and so is one that has some when there were none.
bool same_validators(const LearnedFile& learned, const HttpResponse& response);

/// True when a page came instead of the file: the answer calls itself HTML, and the file did not.
bool turned_into_html(const LearnedFile& learned, const HttpResponse& response);

/// True when the body is an encoding of the file and not the file: "gzip", unless the file itself is named .gz (some
/// servers label such files so, and the bytes sent are the file).
bool is_encoded(const HttpResponse& response, const Url& asked);

/// From the header: ETag, Last-Modified, type, name.
LearnedFile learned_from(const HttpResponse& response);

cache::ContentId content_id(const RemoteFile& file, const std::string& version);

}  // namespace skymount::vo
