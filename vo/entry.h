// SPDX-License-Identifier: MIT
//
// A file or folder inside a dataset, as the links answer describes it, under the name it gets in the tree.
#pragma once

#include "cache/base/result.h"
#include "vo/query/query.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// One call of a service: the URL and the parameters to add (constants, ref'd inputs, and the user's).
struct ServiceCall {
  std::string access_url;
  std::vector<std::pair<std::string, std::string>> parameters;
  friend bool operator==(const ServiceCall&, const ServiceCall&) = default;
};

struct LocalCut;

/// A table as a file: the answer of a route's question in one format.
struct TableCall {
  RouteCall call;
  std::string format;       ///< "csv", "tsv", "vot", "fits"
  bool incomplete = false;  ///< the rows of a truncated answer, under a name that says so
};

struct Entry {
  std::string name;                    ///< safe, unique in its folder; see vo/file_names
  std::string folder;                  ///< sub-folder of the dataset: "" or a semantics term ("coderived")
  std::string url;                     ///< as given by the archive
  std::optional<ServiceCall> service;  ///< instead of url: a computed answer
  std::string identity;                ///< for the ContentId: stable while URLs come and go
  std::string semantics, description, content_type, local_semantics;
  std::optional<std::uint64_t> size_estimate;  ///< bytes
  bool links_document = false;                 ///< leads to another links document: shown as a folder
  std::string error;                           ///< known beforehand: why it cannot be opened (embargo); empty otherwise
  std::optional<double> date_mjd{};            ///< what its row is dated with; only of a route's files
  std::optional<TableCall> table{};            ///< instead of url: made here of an answer
  std::string content_qualifier{};             ///< DataLink 1.1: what kind of product it is ("#image"); usually empty
  std::shared_ptr<const LocalCut>
      local{};  ///< how it can be made on this machine: without a service, or when that fails
};

/// The way from a dataset into nested links documents: the links followed, outermost first. Empty: the dataset's own.
using LinksTrail = std::vector<Entry>;

/// A row of error_message, for ERRORS.txt.
struct LinkFault {
  std::string id, semantics, fault;
};

}  // namespace skymount::vo
