// SPDX-License-Identifier: MIT
//
// How the links of a dataset are found and asked for: by the descriptor of the query's answer, by the configured
// service, or by an access_url that is a links document, marked or not. One dataset at a time, several in one request,
// or a document that another one leads to. Everything here blocks; nothing is remembered but the services' habits.
#pragma once

#include "vo/archive_options.h"
#include "vo/dataset_folder.h"
#include "vo/links_habits.h"
#include "vo/protocol/links_batch.h"
#include "vo/unmarked_links.h"

#include <memory>
#include <optional>
#include <vector>

namespace skymount::vo {

/// Why the links of a dataset are to be asked for alone though those of several were asked for together.
enum class Doubt {
  none,
  untold,  ///< no row names it, its rows may have been cut off, or it said "later"
  faults,  ///< only faults, which may be how the service refuses several IDs
  broken,  ///< the service failed, or broke off
};

/// What one request for several says of one of them.
struct ToldLinks {
  std::optional<DatasetFolder> folder;  ///< with Doubt::none
  Doubt doubt = Doubt::untold;
};

/// Thread-safe.
class LinksService {
 public:
  /// `store` may be null.
  LinksService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
               const Clock& clock);

  /// As Archive::folder.
  Result<DatasetFolder> folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx);
  /// As Archive::folder_of_row.
  std::optional<DatasetFolder> folder_of_row(const Listing& listing, const Dataset& dataset) const;
  /// The document that the last link of `trail` leads to; `root_document` is the `source` of the dataset's own folder.
  /// Errors  corrupt: it is no links document.
  Result<DatasetFolder> nested(const Listing& listing, const Dataset& dataset, const std::string& root_document,
                               const LinksTrail& trail, const FetchContext& ctx);

  /// The request for this dataset, when its links are asked for by ID and it may share a request with others.
  std::optional<LinksQuestion> batchable(const Listing& listing, const Dataset& dataset) const;
  /// How many IDs the service of a question takes at once; 1: do not ask for several.
  unsigned batch(const LinksQuestion& question) const { return habits_.batch(question.service); }

  /// One request for several datasets whose questions name one service; what that makes of several IDs is learned.
  /// Errors  unavailable, timed_out, cancelled: the archive said nothing. A refusal is an answer without folders.
  Result<std::vector<ToldLinks>> folders(const Listing& listing, const std::vector<std::uint32_t>& datasets,
                                         const FetchContext& ctx);
  /// A dataset in doubt was asked for alone, and there are links: what that says of the service.
  void answered_alone(const LinksQuestion& question, Doubt doubt);

  /// Whether what was promised as a file turns out to be a links document. What is learned changes the folder that it
  /// stands in. At most one request. `of_row`: it is a row's access_url. `nested`: it stands in a
  /// document that links led to.
  bool is_links(const Entry& entry, bool of_row, bool nested, const FetchContext& ctx);

 private:
  std::optional<Url> by_descriptor(const Listing& listing, const Dataset& dataset) const;
  std::optional<Url> links_service(const Listing& listing, const Dataset& dataset, bool row_is_links) const;
  bool row_may_be_links(const Dataset& dataset, const Url& access) const;
  Result<DatasetFolder> ask(const Listing& listing, const Dataset& dataset, const Url& url,
                            std::vector<std::string> way, const FetchContext& ctx);
  Result<DatasetFolder> ask_unmarked(const Listing& listing, const Dataset& dataset, const Url& url,
                                     const FetchContext& ctx);
  Result<DatasetFolder> made(const Listing& listing, const Dataset& dataset, const LinksAnswer& answer,
                             std::string_view document, const Url& base, std::vector<std::string> way,
                             const FetchContext& ctx);
  std::set<std::string> unmarked_among(const LinksAnswer& answer, const Url& base, bool nested,
                                       const FetchContext& ctx);
  struct Several;
  Result<Several> ask_several(const LinksQuestion& question, const std::vector<std::string>& id_texts,
                              const FetchContext& ctx);
  void learn_from(const LinksQuestion& question, std::size_t asked, std::size_t answered, bool overflow);
  bool refused(const LinksQuestion& question, std::size_t asked, Code code);

  const ArchiveOptions& options_;
  const std::shared_ptr<HttpClient> http_;
  const Clock& clock_;
  UnmarkedLinks unmarked_;
  LinksHabits habits_;
};

}  // namespace skymount::vo
