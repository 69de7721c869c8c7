// SPDX-License-Identifier: MIT
#include "vo/remote_entry.h"

#include "vo/http/file_version.h"
#include "vo/local_cut.h"

namespace skymount::vo {

Result<Url> url_of(const Entry& entry) {
  if (!entry.service) return Url::parse(entry.url);
  const Result<Url> service = Url::parse(entry.service->access_url);
  if (!service) return service;
  return service->with_parameters(entry.service->parameters);
}

RemoteFile remote_file(const std::string& archive, std::uint64_t max_cutout_bytes, const Entry& entry, const Url& url,
                       const HttpClient& http) {
  RemoteFile file;
  file.url = url;
  file.archive = archive;
  file.identity = entry.identity;
  file.content_type = entry.content_type;
  file.computed = entry.service.has_value();
  file.max_bytes = entry.service ? max_cutout_bytes : 0;
  if (!entry.error.empty()) file.credential = CredentialUse::at_once;
  if (url.redacted() != url.text()) {
    file.meant_for = http.identity(AskedFor::links);
    if (file.meant_for.empty()) file.meant_for = http.identity(AskedFor::tap);
  }
  return file;
}

void heed(const FileRecord& older, RemoteFile& file) {
  if (file.credential == CredentialUse::after_refusal) file.credential = credential_use(older.learned);
  // Two answers differed, or parts were not to be had: all of it in one answer.
  const std::string& version = older.learned.version;
  file.restless = older.withdrawn && (!older.learned.ranges || (is_one_time(version) && has_head(version)));
}

bool worth_a_new_contact(Code code) {
  return code != Code::timed_out && code != Code::cancelled && code != Code::too_large && code != Code::no_space &&
         code != Code::over_quota;
}

bool is_derived(const Entry& entry) {
  return entry.local && entry.local->made != LocalCut::Made::cutout;
}

}  // namespace skymount::vo
