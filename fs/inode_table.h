// SPDX-License-Identifier: MIT
//
// The nodes that the kernel knows, counted as it counts them. A node stands for one version of its content for ever:
// when the version is gone the node is retired, and the next lookup of the same name makes a new one.
#pragma once

#include "fs/dataset_nodes.h"
#include "fs/tree/node.h"

#include <unordered_map>

namespace skymount::fs {

/// Thread-safe. Lock order: the table's lock before a node's `bound`; neither is held across a reply.
class InodeTable {
 public:
  explicit InodeTable(Place root);

  NodePtr find(NodeId id) const;
  /// The node for `place`, made when there is none, its lookup count raised by one. With `version` a node bound to
  /// another version does not fit and is replaced; an unbound one is bound.
  NodePtr intern(Place place, const std::optional<Bound>& version);
  /// The same for a dataset of `folder`, a question's that `listing` answers, without making a place of it.
  NodeId enter_dataset(const Place& folder, const vo::ListingPtr& listing, std::uint32_t dataset);
  /// Binds the version that an open has learned. False when the node stands for another one; it is then retired.
  bool bind(const NodePtr& node, const Bound& version);
  /// The next lookup of its name makes a new node: the kernel holds this one for dead.
  void retire(const Place& place);
  void forget(NodeId id, std::uint64_t count);
  std::size_t size() const;

  /// Datasets that the kernel should be asked to forget, by their listed names in the folder `folder`.
  struct Crowd {
    NodeId folder = 0;
    vo::ListingPtr listing;
    std::vector<std::uint32_t> datasets;
  };
  /// The kernel forgets names only when its own memory is short, and as long as it knows one the answer behind it stays
  /// in ours. So: what is to go when answers may weigh `budget` bytes, the least recently used first. Each is named
  /// once, until it is used again; somebody may still be in it.
  std::vector<Crowd> crowd(std::uint64_t budget);

 private:
  struct Held {
    NodePtr node;
    std::uint64_t lookups = 0;
  };
  struct State {
    std::unordered_map<NodeId, Held> by_id;
    // By st_ino, which is a hash of the key: the keys themselves would be a third of a node's memory. Places whose
    // hashes meet are told apart by looking at them.
    std::unordered_multimap<std::uint64_t, NodeId> by_ino;
    DatasetNodes datasets;  // under their listed names; all else, and datasets under a shorter name, above
    NodeId next = 2;
  };
  /// The node that stands for `place` now; end() when there is none.
  static std::unordered_multimap<std::uint64_t, NodeId>::iterator current(State& state, std::uint64_t ino,
                                                                          const Place& place);
  static void retire(State& state, const Node& node);
  Synchronized<State> state_;
};

}  // namespace skymount::fs
