// SPDX-License-Identifier: MIT
//
// The nodes of the datasets of an answer, in one folder. `ls` brings all of them to the kernel at once, tens of
// thousands, of which few are ever asked for again: so they are numbers in a row, counted, and a Node is made of one
// when somebody asks. A dataset's folder has no state of its own; another version of the answer has other numbers.
#pragma once

#include "fs/tree/node.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace skymount::fs {

/// Not thread-safe: InodeTable guards it.
class DatasetNodes {
 public:
  /// What a node is, apart from its number.
  struct Found {
    std::shared_ptr<const Place> folder;
    vo::ListingPtr listing;
    std::uint32_t dataset = 0;
    NodePtr node(NodeId id) const;
  };

  /// The node of a dataset in the folder at `path`, its lookup count raised by one. The first of an answer takes
  /// numbers for them all, from `next` on, which is raised; `make_folder` then gives the folder's place.
  template <class MakeFolder>
  NodeId enter(const std::string& path, const vo::ListingPtr& listing, std::uint32_t dataset, NodeId& next,
               MakeFolder make_folder) {
    auto known = answers_.find({path, listing->version});
    if (known == answers_.end()) {
      Answer answer{std::make_shared<const Place>(make_folder()), listing, next, {}, 0, 0, false};
      answer.lookups.resize(listing->datasets.size());
      known = answers_.emplace(std::pair(path, listing->version), std::move(answer)).first;
      by_first_.emplace(next, known);
      next += listing->datasets.size();
    }
    Answer& answer = known->second;
    answer.used = ++uses_;
    answer.leaving = false;
    if (answer.lookups.at(dataset)++ == 0) ++answer.known;
    return answer.first + dataset;
  }

  /// Nothing when it is none of these, or was forgotten.
  std::optional<Found> find(NodeId id) const;
  /// False when it is none of these. What nobody knows any more is handed out, to be destroyed outside of locks.
  bool forget(NodeId id, std::uint64_t count, std::shared_ptr<const void>& last);
  /// The least recently used answers, as many as weigh too much when all together may weigh `budget` bytes, each with
  /// the datasets of it that the kernel knows; never the one used last. An answer is named once, until it is used
  /// again.
  struct Leaving {
    std::shared_ptr<const Place> folder;
    vo::ListingPtr listing;
    std::vector<std::uint32_t> datasets;
  };
  std::vector<Leaving> over(std::uint64_t budget);
  /// Nodes that the kernel knows.
  std::size_t size() const;

 private:
  struct Answer {
    std::shared_ptr<const Place> folder;
    vo::ListingPtr listing;
    NodeId first = 0;
    std::vector<std::uint64_t> lookups;  ///< of each dataset
    std::size_t known = 0;               ///< datasets with lookups
    std::uint64_t used = 0;              ///< when, as a number that grows with each use
    bool leaving = false;                ///< over() has named it
  };
  using Answers = std::map<std::pair<std::string, std::uint64_t>, Answer>;  ///< by path and version
  /// The answer to which `id` belongs, known or not.
  std::map<NodeId, Answers::iterator>::const_iterator answer_of(NodeId id) const;

  Answers answers_;
  std::uint64_t uses_ = 0;
  std::map<NodeId, Answers::iterator> by_first_;
};

}  // namespace skymount::fs
