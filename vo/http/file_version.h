// SPDX-License-Identifier: MIT
//
// Which version of a file an answer belongs to. Servers ignore If-Range and send weak tags, so validators are compared
// here and never left to the other side.
#pragma once

#include "vo/http/range_source.h"

namespace skymount::vo {

/// What of a file's beginning names its version when the server sends no validator: all of a file that the first
/// contact brings whole, else the first 64 KiB.
inline constexpr std::size_t kVersionHead = 64 * 1024;
/// Up to here a file without a validator comes in one answer, because one answer is one version: 13 s at 20 MB/s. What
/// is larger is read in ranges, and its head is compared again and again.
inline constexpr std::uint64_t kLargestWhole = 256ULL * 1024 * 1024;

/// Strong ETag, else Last-Modified and total. Without such proof: total and a hash of the head, and, unless the file is
/// read in ranges because it is larger than kLargestWhole, a mark that makes every download a version of its own.
/// `head`: at least 64 KiB, or the whole file; all of it up to kFirstRange.
std::string version_of(const HttpResponse& response, std::uint64_t total, ByteView head, bool by_ranges);
/// True when no validator proves that two answers are parts of one version: there is none, or a weak ETag, which only
/// says that they mean the same, or a Last-Modified of the very moment (RFC 9110 8.8.2.2; computed answers have it).
bool unproven(const HttpResponse& response);
/// For an answer that will never come again alike: every download is a version of its own.
std::string one_time_version();
/// One of those, with or without the hash of a head.
bool is_one_time(std::string_view version);
/// Both were made of a hash, and it is the same: one may be the other.
bool same_head(std::string_view a, std::string_view b);
/// It holds the hash of a head.
bool has_head(std::string_view version);
/// False when `version` is of a hash alone and `head` is another one.
bool head_fits(std::string_view version, std::uint64_t total, ByteView head);
/// Of a hash alone: read in ranges, which only comparing the head ties together.
bool is_head_hash(std::string_view version);

/// Validators of the answer against those learned. Weak tags are compared without their mark. An answer that lost the
/// validators it used to have is another version, and so is one that has a tag when there was nothing. A date that
/// comes later says nothing: that of a file just written is not believed at first.
bool same_validators(const LearnedFile& learned, const HttpResponse& response);

/// True when a page came instead of the file: the answer calls itself HTML, and the file did not.
bool turned_into_html(const LearnedFile& learned, const HttpResponse& response);

/// True when the body is an encoding of the file and not the file: "gzip", unless the file itself is named .gz (some
/// servers label such files so, and the bytes sent are the file).
bool is_encoded(const HttpResponse& response, const Url& asked);

/// From the header: ETag, Last-Modified unless it is "now", type, name.
LearnedFile learned_from(const HttpResponse& response);

cache::ContentId content_id(const RemoteFile& file, const LearnedFile& learned);

/// What is kept for everybody is asked for as anybody; what is kept for one is asked for with the credential.
inline CredentialUse credential_use(const LearnedFile& learned) {
  return learned.auth.empty() ? CredentialUse::after_any_refusal : CredentialUse::at_once;
}

/// True when the answer was for somebody else than the bytes that are here: not for anybody any more, or for another
/// user. What anybody may have fits everywhere.
bool for_another(const LearnedFile& learned, const HttpResponse& response);

}  // namespace skymount::vo
