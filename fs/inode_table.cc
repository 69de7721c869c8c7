// SPDX-License-Identifier: MIT
#include "fs/inode_table.h"

namespace skymount::fs {
namespace {

// A dataset found in a newer answer is the same folder with other rows, and a file whose links were asked again may
// have another address: a new node then, so that nothing of the old stays.
bool same_thing(const Place& a, const Place& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == PlaceKind::data) return a.entry->url == b.entry->url && a.entry->service == b.entry->service;
  if (a.kind == PlaceKind::symlink && a.target != b.target) return false;
  if (!a.listing || !b.listing) return a.listing == b.listing;
  return a.listing->version == b.listing->version && a.dataset == b.dataset;
}

/// The question's folder in which a dataset lies under its listed name; nothing for other places.
std::optional<std::string> folder_of_dataset(const Place& place) {
  if (place.kind != PlaceKind::dataset || !place.listing) return std::nullopt;
  const std::string ending = "/" + std::string(place.dataset_row().name);
  if (!place.path.ends_with(ending)) return std::nullopt;
  return place.path.substr(0, place.path.size() - ending.size());
}

}  // namespace

InodeTable::InodeTable(Place root) {
  state_.with([&](State& state) {
    auto node = std::make_shared<Node>(1, std::move(root), 1);
    state.by_ino.emplace(1, 1);
    state.by_id[1] = {std::move(node), 1};
  });
}

NodePtr InodeTable::find(NodeId id) const {
  std::optional<DatasetNodes::Found> dataset;
  NodePtr node = state_.with([&](const State& state) -> NodePtr {
    const auto it = state.by_id.find(id);
    if (it != state.by_id.end()) return it->second.node;
    dataset = state.datasets.find(id);
    return nullptr;
  });
  return dataset ? dataset->node(id) : node;
}

NodeId InodeTable::enter_dataset(const Place& folder, const vo::ListingPtr& listing, std::uint32_t dataset) {
  return state_.with([&](State& state) {
    return state.datasets.enter(folder.path, listing, dataset, state.next, [&] { return folder; });
  });
}

std::unordered_multimap<std::uint64_t, NodeId>::iterator InodeTable::current(State& state, std::uint64_t ino,
                                                                             const Place& place) {
  const auto [from, to] = state.by_ino.equal_range(ino);
  for (auto it = from; it != to; ++it) {
    if (state.by_id.at(it->second).node->place.same_key(place)) return it;
  }
  return state.by_ino.end();
}

void InodeTable::retire(State& state, const Node& node) {
  const auto it = current(state, node.ino, node.place);
  if (it != state.by_ino.end() && it->second == node.id) state.by_ino.erase(it);
}

NodePtr InodeTable::intern(Place place, const std::optional<Bound>& version) {
  const std::uint64_t ino = place.ino();
  if (const std::optional<std::string> path = folder_of_dataset(place)) {
    const NodeId id = state_.with([&](State& state) {
      return state.datasets.enter(*path, place.listing, place.dataset, state.next, [&] {
        Place folder = place;
        folder.kind = PlaceKind::query;
        folder.path = *path;
        folder.listing = nullptr;
        folder.dataset = 0;
        return folder;
      });
    });
    return std::make_shared<Node>(id, std::move(place), ino);
  }
  return state_.with([&](State& state) {
    if (const auto known = current(state, ino, place); known != state.by_ino.end()) {
      Held& held = state.by_id.at(known->second);
      const bool fits = held.node->bound.with([&](std::optional<Bound>& bound) {
        if (!version) return true;
        if (!bound) bound = version;
        return bound->version == version->version;
      });
      if (fits && same_thing(held.node->place, place)) {
        ++held.lookups;
        return held.node;
      }
      retire(state, *held.node);
    }
    const NodeId id = state.next++;
    auto node = std::make_shared<Node>(id, std::move(place), ino);
    if (version) node->bound.with([&](std::optional<Bound>& bound) { bound = version; });
    state.by_ino.emplace(ino, id);
    state.by_id[id] = {node, 1};
    return node;
  });
}

bool InodeTable::bind(const NodePtr& node, const Bound& version) {
  return state_.with([&](State& state) {
    const bool fits = node->bound.with([&](std::optional<Bound>& bound) {
      if (!bound) bound = version;
      return bound->version == version.version;
    });
    if (!fits) retire(state, *node);
    return fits;
  });
}

void InodeTable::retire(const Place& place) {
  state_.with([&](State& state) {
    const auto it = current(state, place.ino(), place);
    if (it != state.by_ino.end()) state.by_ino.erase(it);
  });
}

void InodeTable::forget(NodeId id, std::uint64_t count) {
  if (id == 1) return;
  NodePtr last;  // destroyed outside the lock, as is the next
  std::shared_ptr<const void> last_answer;
  state_.with([&](State& state) {
    if (state.datasets.forget(id, count, last_answer)) return;
    const auto it = state.by_id.find(id);
    if (it == state.by_id.end()) return;
    if (it->second.lookups > count) {
      it->second.lookups -= count;
      return;
    }
    last = it->second.node;
    retire(state, *last);
    state.by_id.erase(it);
  });
}

std::vector<InodeTable::Crowd> InodeTable::crowd(std::uint64_t budget) {
  std::vector<Crowd> out;
  state_.with([&](State& state) {
    for (DatasetNodes::Leaving& leaving : state.datasets.over(budget)) {
      const auto folder = current(state, leaving.folder->ino(), *leaving.folder);
      if (folder == state.by_ino.end()) continue;  // the kernel has forgotten it, and will its datasets
      out.push_back({folder->second, std::move(leaving.listing), std::move(leaving.datasets)});
    }
  });
  return out;
}

std::size_t InodeTable::size() const {
  return state_.with([](const State& state) { return state.by_id.size() + state.datasets.size(); });
}

}  // namespace skymount::fs
