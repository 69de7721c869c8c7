// SPDX-License-Identifier: MIT
//
// An entry as the HTTP room is asked for it. Functions of their arguments; they ask nobody.
#pragma once

#include "vo/entry.h"
#include "vo/file_records.h"
#include "vo/http/range_source.h"

#include <string>

namespace skymount::vo {

/// Where an entry's bytes are: its URL, or its service's with all parameters. Errors  invalid: no URL.
Result<Url> url_of(const Entry& entry);

/// `max_cutout_bytes` bounds what a service computes. An address with a signature opens to whoever has it what `http`'s
/// user was given it for.
RemoteFile remote_file(const std::string& archive, std::uint64_t max_cutout_bytes, const Entry& entry, const Url& url,
                       const HttpClient& http);

/// What was learned of it before: whether it is for everybody, and whether it can be had in parts.
void heed(const FileRecord& older, RemoteFile& file);

/// Whether a failed download is worth beginning anew: not when the caller left, nor when the archive would only send
/// again what is too much.
bool worth_a_new_contact(Code code);

/// Made here of one other file, in another way than by cutting (vo/derived_files).
bool is_derived(const Entry& entry);

}  // namespace skymount::vo
