// SPDX-License-Identifier: MIT
//
// From paths as a user names them (a file, a folder, a pattern) to the data files there, through the tree itself: what
// `ls` would list is what is found, at the same cost in requests. What is made here of another file (its headers, a
// cutout without service) is left out unless it or its folder cutouts/ is named.
#pragma once

#include "fs/tree/namespace.h"

#include <functional>
#include <stop_token>
#include <string>
#include <unordered_set>

namespace skymount::fs {

/// Used by one thread.
class TreeWalk {
 public:
  struct Listener {
    std::function<void(Place file)> file;                                      ///< each content once
    std::function<void(const std::string& path, const Error& error)> failure;  ///< a folder or name that failed
  };
  TreeWalk(const Namespace& tree, Listener listener, std::stop_token stop);

  /// `path` begins at the mount's root. A component with * ? or [ matches names that are listed, unless it is a term
  /// of a query ("collection=DASCH*"), where the star belongs to the question.
  void walk(const std::string& path);

 private:
  void descend(const Place& at, std::string_view rest);
  void below(const Place& folder, unsigned depth);
  void take(Place place, unsigned depth);
  Result<Place> child(const Place& folder, std::string_view name);
  Result<FolderContents> contents(const Place& folder);
  void failed(const std::string& path, const Error& error);
  FetchContext context(const Place& place, std::string_view doing) const;

  const Namespace& tree_;
  const Listener listener_;
  const std::stop_token stop_;
  std::unordered_set<std::string> seen_;  // contents
};

}  // namespace skymount::fs
