// SPDX-License-Identifier: MIT
#include "vo/remote_entry.h"

#include "vo/local_cut.h"

namespace skymount::vo {

Result<Url> url_of(const Entry& entry) {
  if (!entry.service) return Url::parse(entry.url);
  const Result<Url> service = Url::parse(entry.service->access_url);
  if (!service) return service;
  return service->with_parameters(entry.service->parameters);
}

RemoteFile remote_file(const std::string& archive, std::uint64_t max_cutout_bytes, const Entry& entry, const Url& url) {
  return {url,
          archive,
          entry.identity,
          entry.content_type,
          entry.service.has_value(),
          entry.service ? max_cutout_bytes : 0,
          /*restless=*/false};
}

bool worth_a_new_contact(Code code) {
  return code != Code::timed_out && code != Code::cancelled && code != Code::too_large && code != Code::no_space;
}

bool is_derived(const Entry& entry) {
  return entry.local && entry.local->made != LocalCut::Made::cutout;
}

}  // namespace skymount::vo
