// SPDX-License-Identifier: MIT
//
// One request for the links of several datasets: which requests may be made one, and which rows of the answer belong
// to whom. Nothing here decides that a dataset has no links: an ID without rows is simply not in the result.
// Source: IVOA DataLink 1.1 section 2.1.1 "ID" (may be repeated); what services make of it: docs/ARCHITECTURE.md.
#pragma once

#include "vo/protocol/datalink.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

/// A request to a links service for one dataset.
struct LinksQuestion {
  Url url;              ///< verbatim what asks for this one alone
  std::string service;  ///< `url` without its ID, equal for datasets that one request can ask for; empty: none can
  std::string id_text;  ///< the ID's value, encoded as it was given
  std::string id;       ///< decoded: what the answer calls it
};

/// Takes the one ID parameter out of a URL; without one, or with several, the question stands alone.
LinksQuestion links_question(const Url& url);

/// `service` with ID repeated. Errors  invalid: no URL comes of it.
Result<Url> links_url(const std::string& service, const std::vector<std::string>& id_texts);

/// The rows of each asked ID as an answer of its own, with the descriptors that are meant for it. An ID is recognised
/// in another spelling (encoding, case, ALMA's uid___A001) when only one of the asked ones can be meant.
std::map<std::string, LinksAnswer> split_links(const LinksAnswer& answer, const std::vector<std::string>& ids);

/// The answer to one ID alone without the rows that name others. Nothing when there are none to leave out, and when no
/// row names it: then the service calls it otherwise, and all rows are meant.
std::optional<LinksAnswer> without_strangers(const LinksAnswer& answer, const std::string& id);

}  // namespace skymount::vo
