// SPDX-License-Identifier: MIT
//
// URLs that lead to links documents without saying so (an ObsCore row typed image/fits, ESO's calSelector typed as a
// plain VOTable). What one of them turned out to be holds for its kind, the same service or folder, so that a thousand
// rows cost one look; it is remembered over mounts.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/http/client.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/datalink.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace skymount::vo {

/// Larger than any links document of a dataset; what is larger and unmarked is taken for a data file.
inline constexpr std::uint64_t kUnmarkedLinksBytes = 1 << 20;

/// Thread-safe.
class UnmarkedLinks {
 public:
  /// `store` may be null.
  UnmarkedLinks(std::string archive, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
                const Clock& clock);

  /// `term`: of the link; empty for the access_url of a row. Nothing when nobody looked lately. Memory, then disk.
  std::optional<bool> known(const Url& url, std::string_view term) const;
  void learn(const Url& url, std::string_view term, bool links);

  struct Seen {
    std::optional<FetchedDocument> document;  ///< with `links`: where it was found
    std::optional<LinksAnswer> links;
  };
  /// Fetches what is small enough, and learns from it. `types`: any, when it was not what its type says; a type that
  /// was found to lie is not believed again. Errors  as get_document; nothing is learned from them.
  Result<Seen> look(const Url& url, std::string_view term, const FetchContext& ctx,
                    DocumentTypes types = DocumentTypes::xml);

 private:
  std::string key(const std::string& kind, std::string_view term) const {
    return archive_ + "\nunmarked links\n" + kind + "\n" + std::string(term);
  }
  std::optional<bool> remembered(const std::string& kind, std::string_view term) const;

  const std::string archive_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  struct Verdict {
    std::optional<bool> links;
    WallTime until{};
  };
  mutable Synchronized<std::unordered_map<std::string, Verdict>> memory_;
};

}  // namespace skymount::vo
