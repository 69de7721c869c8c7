// SPDX-License-Identifier: MIT
#include "vo/archive.h"

#include "vo/cutouts.h"
#include "vo/dataset_folder.h"
#include "vo/file_names.h"
#include "vo/http/message.h"
#include "vo/listing_builder.h"
#include "vo/obscore_service.h"
#include "vo/protocol/dali.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

// A links document has some hundred bytes a link; what is larger and unmarked is taken for a data file.
constexpr std::uint64_t kUnmarkedLinks = 1 << 20;

/// Whether access_url may lead to a links document that is not marked as one. Asking costs a request, so data that are
/// named as such are believed.
bool may_be_links(const Dataset& dataset, const Url& url) {
  if (dataset.size_estimate.value_or(0) > 100 * kUnmarkedLinks) return false;
  const std::string type = MediaType::parse(dataset.access_format).type;
  if (type.find("xml") != std::string::npos || type.find("votable") != std::string::npos) return true;
  const bool typed = type.find('/') != std::string::npos;
  if (typed) return false;
  static constexpr std::array data = {".fits", ".fit", ".fts", ".fz",   ".gz",  ".z",   ".bz2", ".zip",
                                      ".tar",  ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".csv", ".txt"};
  const std::string name = lower(url.last_segment());
  return std::none_of(data.begin(), data.end(), [&](const char* extension) { return name.ends_with(extension); });
}

}  // namespace

class Archive::Impl {
 public:
  Impl(ArchiveOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
       const Clock& clock)
      : options_(std::move(options)),
        http_(std::move(http)),
        clock_(clock),
        obscore_(options_, http_, std::move(store), clock) {}

  Result<Listing> query(const Query& query, const FetchContext& ctx) {
    if (query.target && !query.position) {
      return fail(Code::unsupported,
                  "target=" + words_of(*query.target, 60) + " is not resolved to a position; use pos=RA,DEC");
    }
    if (options_.tap.url.empty())
      return fail(Code::unsupported, options_.name + " has no [tap] url: it cannot be queried");
    Result<ObscoreAnswer> answer = obscore_.rows(query, ctx);
    if (!answer) return fail(std::move(answer).error().during("listing " + options_.name + " " + query.canonical()));
    const TableMeta& meta = answer->table.meta;
    if (!meta.column("obs_publisher_did") && !meta.column("access_url") && !meta.column("obs_id")) {
      return fail(Code::corrupt, options_.name +
                                     ": the answer is no ObsCore table: it has neither obs_publisher_did nor obs_id "
                                     "nor access_url; [obscore] table in the configuration names the right one");
    }
    return build_listing({.query = query,
                          .adql = std::move(answer->adql),
                          .service_url = options_.tap.url,
                          .asked_at = clock_.now(),
                          .table = std::move(answer->table),
                          .shortfalls = std::move(answer->shortfalls)},
                         options_.naming.dataset);
  }

  Result<DatasetFolder> folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx) {
    Result<DatasetFolder> out = folder_by_links(listing, dataset, ctx);
    if (!out) return fail(std::move(out).error().during("links of " + words_of(dataset.name)));
    return out;
  }

  std::optional<DatasetFolder> folder_of_row(const Listing& listing, const Dataset& dataset) const {
    const Result<Url> access = Url::parse(dataset.access_url);
    const bool row_is_links = access && is_datalink_type(dataset.access_format);
    if (row_is_links || (access && may_be_links(dataset, *access))) return std::nullopt;
    if (links_service(listing, dataset, row_is_links)) return std::nullopt;
    return folder_of_file(listing, dataset, clock_.now());
  }

  const ArchiveOptions options_;
  const std::shared_ptr<HttpClient> http_;

 private:
  Result<DatasetFolder> folder_by_links(const Listing& listing, const Dataset& dataset, const FetchContext& ctx) {
    const Result<Url> access = Url::parse(dataset.access_url);
    const bool row_is_links = access && is_datalink_type(dataset.access_format);
    if (const std::optional<Url> service = links_service(listing, dataset, row_is_links)) {
      Result<DatasetFolder> out = ask_links(listing, dataset, *service, ctx);
      const bool refused = !out && (out.error().code() == Code::not_found || out.error().code() == Code::invalid);
      // The service does not serve this dataset; its row may still name a file.
      if (!refused || !access || row_is_links) return out;
    } else if (row_is_links) {
      return ask_links(listing, dataset, *access, ctx);
    } else if (access && may_be_links(dataset, *access)) {
      return ask_unmarked(listing, dataset, *access, ctx);
    }
    return folder_of_file(listing, dataset, clock_.now());
  }

  /// The links service of the query's answer, filled from the row; else the configured one.
  std::optional<Url> links_service(const Listing& listing, const Dataset& dataset, bool row_is_links) const {
    const Result<Url> base = Url::parse(listing.service_url);
    for (const ServiceDescriptor& service : listing.table.meta.services) {
      if (!base || dataset.rows.empty() || kind_of(service) != ServiceKind::datalink) continue;
      const Result<BoundService> bound = bind_service(service, listing.table, dataset.rows.front(), *base);
      if (!bound || bound->fixed.empty()) continue;
      if (const Result<Url> url = Url::parse(bound->access_url)) return url->with_parameters(bound->fixed);
    }
    if (row_is_links || options_.datalink.url.empty() || dataset.publisher_did.empty()) return std::nullopt;
    const Result<Url> configured = Url::parse(options_.datalink.url);
    if (!configured) return std::nullopt;
    return configured->with_parameters({{"ID", dataset.publisher_did}});
  }

  Result<DatasetFolder> ask_links(const Listing& listing, const Dataset& dataset, const Url& url,
                                  const FetchContext& ctx) {
    const Result<FetchedDocument> document = get_document(*http_, url, ctx);
    if (!document) return fail(document.error());
    const Result<LinksAnswer> answer = parse_links(as_bytes(document->body));
    if (!answer) {
      // What came instead says more than "no links": a login page, a sentence.
      const bool odd = answer.error().code() == Code::corrupt && !document->body.starts_with("<?xml");
      return fail(answer.error().during(url.redacted() + (odd ? ": " + first_words(document->body) : "")));
    }
    return folder_of_links(listing, dataset, *answer, document->body, document->url, clock_.now());
  }

  Result<DatasetFolder> ask_unmarked(const Listing& listing, const Dataset& dataset, const Url& url,
                                     const FetchContext& ctx) {
    const Result<std::optional<FetchedDocument>> document = get_document_if_small(*http_, url, kUnmarkedLinks, ctx);
    if (!document) {
      const Code code = document.error().code();
      // Whether the file itself can be had is for its open to find out.
      if (code == Code::timed_out || code == Code::cancelled || code == Code::unavailable)
        return fail(document.error());
      return folder_of_file(listing, dataset, clock_.now());
    }
    if (*document) {
      const Result<LinksAnswer> answer = parse_links(as_bytes((*document)->body));
      if (answer) return folder_of_links(listing, dataset, *answer, (*document)->body, (*document)->url, clock_.now());
    }
    return folder_of_file(listing, dataset, clock_.now());
  }

  const Clock& clock_;
  ObscoreService obscore_;
};

Archive::Archive(ArchiveOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
                 const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(http), std::move(store), clock)) {}
Archive::~Archive() = default;

const ArchiveOptions& Archive::options() const {
  return impl_->options_;
}
const std::shared_ptr<HttpClient>& Archive::http() const {
  return impl_->http_;
}

Result<Listing> Archive::query(const Query& query, const FetchContext& ctx) {
  return impl_->query(query, ctx);
}

Result<DatasetFolder> Archive::folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx) {
  return impl_->folder(listing, dataset, ctx);
}

std::optional<DatasetFolder> Archive::folder_of_row(const Listing& listing, const Dataset& dataset) const {
  return impl_->folder_of_row(listing, dataset);
}

Result<Entry> Archive::cutout(const DatasetFolder& folder, const Dataset& dataset, std::string_view name) const {
  return cutout_entry(folder, dataset, name, impl_->options_.cutout.radius_deg);
}

Result<Entry> Archive::field_cutout(const DatasetFolder& folder, const Dataset& dataset, const Query& query) const {
  return field_cutout_entry(folder, dataset, query, impl_->options_.cutout.radius_deg);
}

}  // namespace skymount::vo
