// SPDX-License-Identifier: MIT
//
// Links documents: which files, services and faults belong to a dataset. Only what the document says; what becomes of
// it in the tree is vo/dataset_folder's business. Columns are found by name, in any order, with or without those
// of 1.1. Source: IVOA DataLink 1.0 and 1.1.
#pragma once

#include "cache/base/bytes.h"
#include "vo/http/url.h"
#include "vo/votable/table.h"

#include <optional>
#include <string>
#include <vector>

namespace skymount::vo {

struct Link {
  std::uint32_t row = 0;  ///< into LinksAnswer::table, for ref'd inputs
  std::string id, access_url, service_def, error_message;
  std::string semantics;  ///< normalised: "#this"; custom terms as given
  std::string description, content_type, local_semantics;
  std::string content_qualifier;
  std::string file_name;  ///< from a file-name column (eso_origfile, original_filename); usually empty
  std::optional<std::uint64_t> content_length;  ///< bytes; an estimate whatever the standard says. Never 0.
  bool forbidden = false;                       ///< link_authorized or readable is false
  bool needs_login = false;                     ///< link_auth is true
};

struct LinksAnswer {
  std::vector<Link> links;
  Table table;
  bool overflow = false;
  std::string failure{};  ///< the archive broke off behind these links: why, in its words; else empty
};

/// Does this table look like links: ID, access_url and semantics? Unmarked links documents are recognised by it.
bool is_links_table(const TableMeta& meta);
/// application/x-votable+xml;content=datalink in any spelling.
bool is_datalink_type(std::string_view content_type);

/// Errors  corrupt: no VOTable, or no links in it; a QUERY_STATUS=ERROR without links as in dali. More than 100,000
/// links are too_large:
///         real answers have hundreds.
Result<LinksAnswer> parse_links(ByteView document);

/// "#this" for "this", "#this" and "http://www.ivoa.net/rdf/datalink/core#this"; other URIs as they are.
std::string normal_semantics(std::string_view text);

enum class ServiceKind { soda, datalink, other };
/// By standardID, without case and version: "ivo://ivoa.net/std/SODA#sync-1.0". The SSDP of old DaCHS counts as SODA;
/// an asynchronous SODA does not: it answers no GET.
ServiceKind kind_of(const ServiceDescriptor& service);

/// Whether a name can be made into a call of it: SODA, or a service of the archive's own. Other standards are spoken
/// otherwise, and what only runs jobs answers no GET.
bool takes_parameters(const ServiceDescriptor& service);

/// A descriptor made ready for one row.
struct BoundService {
  std::string access_url;
  std::vector<std::pair<std::string, std::string>> fixed;  ///< constants (also "0" and "false") and ref'd inputs
  std::vector<Field> open;  ///< to be set by the user; constants are in it too, when they may be replaced
  bool id_missing = false;  ///< ID is among the open ones and has no value
};

/// Source: DataLink 1.1 section 4.1; protocol notes 10.5. `row` of `table` fills ref'd inputs (FIELD by ID, else by
/// name, else a PARAM of the table). `base` resolves a relative accessURL. Errors  unsupported: no usable accessURL, or
/// a ref'd input without a value in this row.
Result<BoundService> bind_service(const ServiceDescriptor& service, const Table& table, std::size_t row,
                                  const Url& base);

/// The document as people may see it: signatures, tokens, userinfo and the cells of columns named *token* blanked.
std::string shown_links(const Table& table, std::string_view document);

}  // namespace skymount::vo
