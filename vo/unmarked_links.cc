// SPDX-License-Identifier: MIT
#include "vo/unmarked_links.h"

namespace skymount::vo {
namespace {

using Room = cache::MetaStore::Room;

// Services change what they answer with a new release, not from day to day.
constexpr std::chrono::hours kHolds{24 * 30};
// Kinds of URLs of one archive; an archive that has more gets asked on disk again.
constexpr std::size_t kMostKinds = 20'000;

bool is_call(const Url& url) {
  return !url.query().empty();
}

/// What URLs of one kind have in common: the service that is called, or the folder of a file.
std::string kind_of(const Url& url) {
  const std::string path = url.path();
  return url.origin() + (is_call(url) ? path + "?" : path.substr(0, path.rfind('/') + 1));
}

/// A document among files speaks for itself alone.
std::string own_kind(const Url& url) {
  return url.origin() + url.path();
}

}  // namespace

UnmarkedLinks::UnmarkedLinks(std::string archive, std::shared_ptr<HttpClient> http,
                             std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : archive_(std::move(archive)), http_(std::move(http)), store_(std::move(store)), clock_(clock) {}

std::optional<bool> UnmarkedLinks::known(const Url& url, std::string_view term) const {
  if (!is_call(url) && remembered(own_kind(url), term) == true) return true;
  return remembered(kind_of(url), term);
}

std::optional<bool> UnmarkedLinks::remembered(const std::string& kind, std::string_view term) const {
  const std::string name = key(kind, term);
  return memory_.with([&](auto& memory) -> std::optional<bool> {
    const auto it = memory.find(name);
    if (it != memory.end() && clock_.now() < it->second.until) return it->second.links;
    Verdict verdict{std::nullopt, clock_.now() + kHolds};
    if (const auto stored = store_ ? store_->get(Room::services, name) : std::nullopt) {
      verdict.until = stored->stored_at + kHolds;
      if (clock_.now() < verdict.until) verdict.links = as_text(stored->value) == "links";
    }
    if (memory.size() >= kMostKinds) memory.clear();
    memory[name] = verdict;
    return verdict.links;
  });
}

void UnmarkedLinks::learn(const Url& url, std::string_view term, bool links) {
  // What is learned of one document among files, and what contradicts it, is about that one alone.
  const bool alone = !is_call(url) && (links || remembered(own_kind(url), term) == true);
  const std::string name = key(alone ? own_kind(url) : kind_of(url), term);
  // Dropped when the store cannot take it: then the next mount looks again.
  if (store_) (void)store_->put(Room::services, name, as_bytes(links ? "links" : "file"));
  memory_.with([&](auto& memory) { memory[name] = {links, clock_.now() + kHolds}; });
}

Result<UnmarkedLinks::Seen> UnmarkedLinks::look(const Url& url, std::string_view term, const FetchContext& ctx,
                                                DocumentTypes types) {
  if (known(url, term) == true) types = DocumentTypes::any;
  auto document = get_document_if_small(*http_, url, kUnmarkedLinksBytes, ctx, types);
  if (!document) return fail(std::move(document).error());
  Seen seen;
  if (*document) {
    Result<LinksAnswer> answer = parse_links(as_bytes((*document)->body));
    // An archive's error document says nothing of what its kind usually is.
    if (!answer && answer.error().code() != Code::corrupt) return seen;
    if (answer) {
      seen.links = std::move(*answer);
      seen.document = std::move(*document);
    }
  }
  learn(url, term, seen.links.has_value());
  return seen;
}

}  // namespace skymount::vo
