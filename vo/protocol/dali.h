// SPDX-License-Identifier: MIT
//
// What all VO services have in common: errors as documents or as text, and which kind of failure their words mean. A
// wrong query, an archive that is busy, a query that took too long and a missing right must be told apart, because the
// first is remembered, the second is tried again, the third may succeed asynchronously, and the last needs a login.
// Source: IVOA DALI 1.1 section 4.2 "Error Response"; what real services say: docs/ARCHITECTURE.md.
#pragma once

#include "cache/base/bytes.h"
#include "cache/base/result.h"
#include "cache/base/text.h"
#include "vo/http/client.h"

#include <string>
#include <string_view>

namespace skymount::vo {

/// Archive text for people: blanks folded, control bytes as \xNN, secrets of URLs blanked, at most `limit` bytes.
std::string words_of(std::string_view text, std::size_t limit = 600);

/// The sentence in a body that is not what was hoped for: the title of HTML, else the first line of text.
std::string first_words(std::string_view body);

/// The error that a QUERY_STATUS=ERROR message means. Errors about the query are invalid; messages that speak of time
/// limits are timed_out, of rights denied, of load unavailable.
Error error_of_status(std::string_view message);

/// The error that an answer of HTTP `status` with this body means. The body may be a VOTable with QUERY_STATUS=ERROR,
/// text or HTML. `status` may be 200: then the body is known not to be an answer.
Error error_of_answer(int status, std::string_view body);

/// The same of an answer that is here: without the secrets on the way, with what became of the credential.
Error error_of_answer(const HttpResponse& response, std::string_view body);

/// At most this much of a body is kept to explain an error.
inline constexpr std::size_t kErrorBody = 64 * 1024;

/// A whole small document by GET; a status other than 2xx becomes its error_of_answer.
struct FetchedDocument {
  std::string body, content_type;
  Url url;  ///< after redirects: what relative references in it are relative to
};
Result<FetchedDocument> get_document(HttpClient& client, const Url& url, const FetchContext& ctx);
/// The same of an answer that is here. `url` is what was asked for.
Result<FetchedDocument> document_of(HttpClient::Whole whole, const Url& url);

/// Which content types get_document_if_small takes for a document's.
enum class DocumentTypes {
  xml,  ///< XML, text or none
  any,  ///< a type that lies was seen before
};
/// Like get_document, but gives up early on what is no document: another content type than `types`, or more than
/// `max_bytes`. Then the answer is empty and nothing of the body was kept.
Result<std::optional<FetchedDocument>> get_document_if_small(HttpClient& client, const Url& url,
                                                             std::uint64_t max_bytes, const FetchContext& ctx,
                                                             DocumentTypes types = DocumentTypes::xml);

}  // namespace skymount::vo
