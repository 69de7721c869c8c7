// SPDX-License-Identifier: MIT
#include "vo/links_ahead.h"

#include "vo/dataset_key.h"

#include <algorithm>
#include <set>

namespace skymount::vo {
namespace {

// Two datasets are a look around; three within so short a time are a walk (design: "Links in bulk").
constexpr std::chrono::seconds kWalkPace{10};
constexpr std::size_t kWalkLength = 3;
// Answers that are walked through at once by scripts and people.
constexpr std::size_t kWalks = 16;
// How far ahead unasked datasets are looked for. Walkers go in the order of the answer; who does not still finds what
// the batches of others brought.
constexpr std::size_t kSearched = 5'000;
// Apache refuses request lines over 8190 bytes, others over 8000; proxies add to them.
constexpr std::size_t kLongestUrl = 6'000;
constexpr std::size_t kFewUntold = 4;  // one in so many
// Datasets in doubt that nobody enters; more are asked for with others once again.
constexpr std::size_t kMostDoubts = 10'000;

}  // namespace

/// One request under way. Its runner fills it; who joined waits.
struct LinksAhead::Batch {
  std::vector<std::uint32_t> datasets;
  std::vector<std::string> keys;

  std::mutex mutex;
  std::condition_variable_any landed;
  bool over = false;
  std::optional<Error> error;
  std::map<std::uint32_t, DatasetFolder> folders;
  std::map<std::uint32_t, Doubt> doubts;  ///< of the others

  /// False when the caller's time is over first.
  bool wait(const FetchContext& ctx) {
    std::unique_lock lock(mutex);
    const auto until = std::min(ctx.deadline, FetchContext::Steady::now() + std::chrono::hours(24));
    return landed.wait_until(lock, ctx.stop, until, [&] { return over; });
  }
};

void LinksAhead::entered(const Listing& listing, std::uint32_t dataset) {
  const WallTime now = clock_.now();
  state_.with([&](State& state) {
    auto walk = std::find_if(state.walks.begin(), state.walks.end(),
                             [&](const Walk& w) { return w.listing == listing.version; });
    if (walk == state.walks.end()) {
      if (state.walks.size() >= kWalks) state.walks.pop_back();
      state.walks.push_front({listing.version, {}});
    } else if (walk != state.walks.begin()) {
      std::rotate(state.walks.begin(), walk, walk + 1);
    }
    auto& entered = state.walks.front().entered;
    std::erase_if(entered, [&](const auto& e) { return e.first == dataset; });
    entered.emplace_back(dataset, now);
    if (entered.size() > kWalkLength) entered.pop_front();
  });
}

bool LinksAhead::is_walked(const Listing& listing) const {
  const WallTime since = clock_.now() - kWalkPace;
  return state_.with([&](const State& state) {
    const auto walk = std::find_if(state.walks.begin(), state.walks.end(),
                                   [&](const Walk& w) { return w.listing == listing.version; });
    return walk != state.walks.end() && walk->entered.size() >= kWalkLength && walk->entered.front().second >= since;
  });
}

Result<DatasetFolder> LinksAhead::ask(const ListingPtr& listing, std::uint32_t dataset, Siblings siblings,
                                      const FetchContext& ctx) {
  const Dataset& own = listing->datasets[dataset];
  const bool wanted = siblings == Siblings::all || (siblings == Siblings::walked && is_walked(*listing));
  const auto question = siblings == Siblings::none ? std::nullopt : archive_.links().batchable(*listing, own);
  Doubt doubt = question ? doubt_of(key_of(own)) : Doubt::none;
  // Twice: what somebody else began may have been interrupted.
  for (int tries = 0; question && doubt == Doubt::none && tries < 2; ++tries) {
    bool mine = wanted && archive_.links().batch(*question) > 1;
    const BatchPtr batch = join_or_begin(listing, dataset, *question, mine);
    if (!batch) break;
    if (mine) run(batch, listing, ctx);
    if (!batch->wait(ctx)) {
      return ctx.stopped() ? fail(Code::cancelled, "interrupted") : fail(Code::timed_out, "no links within the budget");
    }
    std::lock_guard lock(batch->mutex);
    const auto found = batch->folders.find(dataset);
    if (found != batch->folders.end()) return found->second;
    if (!batch->error) {  // the answer does not tell: it is asked for alone, never taken for empty
      const auto why = batch->doubts.find(dataset);
      doubt = why == batch->doubts.end() ? Doubt::untold : why->second;
      break;
    }
    if (mine || batch->error->code() != Code::cancelled) return fail(*batch->error);
  }
  if (doubt != Doubt::none) return ask_alone(*listing, own, *question, doubt, ctx);
  if (wanted && siblings == Siblings::walked) fetch_beside(listing, dataset);
  return archive_.folder(*listing, own, ctx);
}

/// What it says alone settles the doubt, and tells of the service whether the others were the reason.
Result<DatasetFolder> LinksAhead::ask_alone(const Listing& listing, const Dataset& dataset,
                                            const LinksQuestion& question, Doubt doubt, const FetchContext& ctx) {
  Result<DatasetFolder> alone = archive_.folder(listing, dataset, ctx);
  if (!alone) return alone;
  state_.with([&](State& state) { state.doubts.erase(key_of(dataset)); });
  if (!alone->links_document.empty() && !alone->entries.empty()) archive_.links().answered_alone(question, doubt);
  return alone;
}

Doubt LinksAhead::doubt_of(const std::string& key) const {
  return state_.with([&](const State& state) {
    const auto it = state.doubts.find(key);
    return it == state.doubts.end() ? Doubt::none : it->second;
  });
}

/// A batch under way that has this dataset; else a new one when `mine` says that one is wanted. Null when neither.
LinksAhead::BatchPtr LinksAhead::join_or_begin(const ListingPtr& listing, std::uint32_t dataset,
                                               const LinksQuestion& question, bool& mine) {
  const std::string key = key_of(listing->datasets[dataset]);
  const auto running = [&](State& state) -> BatchPtr {
    const auto it = state.under_way.find(key);
    return it == state.under_way.end() ? nullptr : it->second;
  };
  if (BatchPtr batch = state_.with(running); batch || !mine) {
    mine = false;
    return batch;
  }
  auto batch = std::make_shared<Batch>();
  batch->datasets = next_ones(*listing, dataset, question, archive_.links().batch(question));
  for (const std::uint32_t i : batch->datasets) batch->keys.push_back(key_of(listing->datasets[i]));
  if (batch->datasets.size() < 2) {
    mine = false;
    return nullptr;
  }
  return state_.with([&](State& state) -> BatchPtr {
    if (BatchPtr other = running(state)) {  // somebody was faster
      mine = false;
      return other;
    }
    // Two walkers side by side: what the other has begun is left to it.
    std::vector<std::uint32_t> datasets;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < batch->keys.size(); ++i) {
      if (!state.under_way.emplace(batch->keys[i], batch).second) continue;
      datasets.push_back(batch->datasets[i]);
      keys.push_back(batch->keys[i]);
    }
    batch->datasets = std::move(datasets);
    batch->keys = std::move(keys);
    return batch;
  });
}

/// The dataset itself and those after it, around the end, that nobody knows yet and that one request can ask for.
std::vector<std::uint32_t> LinksAhead::next_ones(const Listing& listing, std::uint32_t first,
                                                 const LinksQuestion& question, unsigned most) const {
  std::vector<std::uint32_t> out{first};
  std::set<std::string> ids{question.id};  // two rows may share one; asked for twice, a service answers twice
  std::size_t length = question.service.size() + question.id_text.size() + 4;
  const std::size_t count = listing.datasets.size();
  for (std::size_t step = 1; step < std::min(count, kSearched) && out.size() < most; ++step) {
    const auto i = static_cast<std::uint32_t>((first + step) % count);
    if (owner_.at_hand(listing.datasets[i]) || doubt_of(key_of(listing.datasets[i])) != Doubt::none) continue;
    const std::optional<LinksQuestion> other = archive_.links().batchable(listing, listing.datasets[i]);
    if (!other || other->service != question.service || !ids.insert(other->id).second) continue;
    length += other->id_text.size() + 4;
    if (length > kLongestUrl) break;
    out.push_back(i);
  }
  return out;
}

void LinksAhead::run(const BatchPtr& batch, const ListingPtr& listing, const FetchContext& ctx) {
  // Whatever happens, those who wait are told.
  const std::shared_ptr<void> landing(nullptr, [&](void*) {
    state_.with([&](State& state) {
      for (const std::string& key : batch->keys) state.under_way.erase(key);
    });
    std::lock_guard lock(batch->mutex);
    batch->over = true;
    batch->landed.notify_all();
  });
  Result<std::vector<ToldLinks>> answer = archive_.links().folders(*listing, batch->datasets, ctx);
  if (!answer) {
    std::lock_guard lock(batch->mutex);
    batch->error = answer.error();
    return;
  }
  // Kept before it is told that the request is over: who comes then finds it remembered.
  for (std::size_t i = 1; i < batch->datasets.size(); ++i) {
    if ((*answer)[i].folder) owner_.keep(listing->datasets[batch->datasets[i]], *(*answer)[i].folder);
  }
  // A few that are left out are left out again; many are behind the end of what the service takes at once.
  const auto untold = std::count_if(answer->begin(), answer->end(), [](auto& t) { return t.doubt == Doubt::untold; });
  const bool few_untold = static_cast<std::size_t>(untold) * kFewUntold <= answer->size();
  state_.with([&](State& state) {
    if (state.doubts.size() >= kMostDoubts) state.doubts.clear();
    for (std::size_t i = 0; i < batch->datasets.size(); ++i) {
      const Doubt doubt = (*answer)[i].doubt;
      if (doubt == Doubt::faults || (doubt == Doubt::untold && few_untold)) state.doubts[batch->keys[i]] = doubt;
    }
  });
  std::lock_guard lock(batch->mutex);
  for (std::size_t i = 0; i < batch->datasets.size(); ++i) {
    ToldLinks& told = (*answer)[i];
    if (told.folder) {
      batch->folders.emplace(batch->datasets[i], std::move(*told.folder));
    } else {
      batch->doubts.emplace(batch->datasets[i], told.doubt);
    }
  }
}

/// As many as there are connections beside the one that is waited on.
void LinksAhead::fetch_beside(const ListingPtr& listing, std::uint32_t dataset) {
  const unsigned most = std::max(1U, archive_.options().limits.connections) - 1;
  const std::size_t count = listing->datasets.size();
  unsigned begun = 0;
  for (std::size_t step = 1; step < count && step <= 4 * std::size_t{most} && begun < most; ++step) {
    const auto i = static_cast<std::uint32_t>(dataset + step);
    if (i >= count) return;
    if (owner_.at_hand(listing->datasets[i])) continue;
    owner_.fetch(listing, i);
    ++begun;
  }
}

}  // namespace skymount::vo
