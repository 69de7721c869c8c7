// SPDX-License-Identifier: MIT
#include "fs/dataset_nodes.h"

#include "fs/tree/namespace.h"
#include "vo/listing_builder.h"

namespace skymount::fs {

NodePtr DatasetNodes::Found::node(NodeId id) const {
  Place place = below(*folder, listing->datasets[dataset].name, PlaceKind::dataset);
  place.listing = listing;
  place.dataset = dataset;
  const std::uint64_t ino = place.ino();
  return std::make_shared<Node>(id, std::move(place), ino);
}

std::map<NodeId, DatasetNodes::Answers::iterator>::const_iterator DatasetNodes::answer_of(NodeId id) const {
  auto behind = by_first_.upper_bound(id);
  if (behind == by_first_.begin()) return by_first_.end();
  --behind;
  return id - behind->first < behind->second->second.lookups.size() ? behind : by_first_.end();
}

std::optional<DatasetNodes::Found> DatasetNodes::find(NodeId id) const {
  const auto at = answer_of(id);
  if (at == by_first_.end()) return std::nullopt;
  const Answer& answer = at->second->second;
  const auto dataset = static_cast<std::uint32_t>(id - answer.first);
  if (answer.lookups[dataset] == 0) return std::nullopt;
  return Found{answer.folder, answer.listing, dataset};
}

bool DatasetNodes::forget(NodeId id, std::uint64_t count, std::shared_ptr<const void>& last) {
  const auto at = answer_of(id);
  if (at == by_first_.end()) return false;
  Answer& answer = at->second->second;
  std::uint64_t& lookups = answer.lookups[id - answer.first];
  if (lookups == 0) return true;
  lookups -= std::min(lookups, count);
  if (lookups == 0 && --answer.known == 0) {
    last = std::make_shared<const Answer>(std::move(answer));
    answers_.erase(at->second);
    by_first_.erase(at);
  }
  return true;
}

std::vector<DatasetNodes::Leaving> DatasetNodes::over(std::uint64_t budget) {
  std::vector<Answer*> newest_first;
  for (auto& [key, answer] : answers_) newest_first.push_back(&answer);
  std::sort(newest_first.begin(), newest_first.end(),
            [](const Answer* a, const Answer* b) { return a->used > b->used; });
  std::vector<Leaving> out;
  std::uint64_t weight = 0;
  for (Answer* answer : newest_first) {
    weight += vo::weight(*answer->listing);
    if (weight <= budget || answer == newest_first.front() || std::exchange(answer->leaving, true)) continue;
    Leaving leaving{answer->folder, answer->listing, {}};
    for (std::uint32_t i = 0; i < answer->lookups.size(); ++i)
      if (answer->lookups[i] > 0) leaving.datasets.push_back(i);
    out.push_back(std::move(leaving));
  }
  return out;
}

std::size_t DatasetNodes::size() const {
  std::size_t out = 0;
  for (const auto& [key, answer] : answers_) out += answer.known;
  return out;
}

}  // namespace skymount::fs
