// SPDX-License-Identifier: MIT
#include "vo/links_service.h"

#include "vo/file_names.h"
#include "vo/http/message.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

bool is_tabular_xml(std::string_view content_type) {
  const std::string type = MediaType::parse(content_type).type;
  return type.find("xml") != std::string::npos || type.find("votable") != std::string::npos;
}

/// Whether access_url may lead to a links document that is not marked as one. Asking costs a request, so data that are
/// named as such are believed.
bool may_be_links(const Dataset& dataset, const Url& url) {
  if (dataset.size_estimate.value_or(0) > 100 * kUnmarkedLinksBytes) return false;
  if (is_tabular_xml(dataset.access_format)) return true;
  if (MediaType::parse(dataset.access_format).type.find('/') != std::string::npos) return false;
  static constexpr std::array data = {".fits", ".fit", ".fts", ".fz",   ".gz",  ".z",   ".bz2", ".zip",
                                      ".tar",  ".png", ".jpg", ".jpeg", ".gif", ".pdf", ".csv", ".txt"};
  const std::string name = lower(url.last_segment());
  return std::none_of(data.begin(), data.end(), [&](const char* extension) { return name.ends_with(extension); });
}

/// A link beside the data that leads to some XML made by a service, or to a service that does not say what it makes:
/// whether it is a links document shows only in its bytes.
bool is_worth_a_look(const Link& link, const Url& url) {
  if (url.query().empty() || link.content_length.value_or(0) > kUnmarkedLinksBytes) return false;
  const bool custom = link.semantics.find("://") != std::string::npos;
  if (link.content_type.empty()) return custom;
  return is_tabular_xml(link.content_type) && !folder_for_semantics(link.semantics).empty();
}

/// Under which word it is remembered what links of a term lead to. Inside a document that links led to it is another
/// word: ESO calls the folder of a cascade and the tree file in it alike, of one service.
std::string word_for(std::string_view term, bool nested) {
  return std::string(term) + (nested && !term.empty() ? "\nnested" : "");
}

/// Every row says "later": nothing to remember.
std::optional<Error> transient_fault(const LinksAnswer& answer) {
  const auto later = [](const Link& link) {
    return lower(trim(link.error_message)).starts_with("transientfault") && link.access_url.empty();
  };
  if (answer.links.empty() || !std::all_of(answer.links.begin(), answer.links.end(), later)) return std::nullopt;
  return Error(Code::unavailable, "the archive says: " + words_of(answer.links.front().error_message));
}

/// An answer of many rows may have been cut in the middle of its last ID.
void drop_last_id(LinksAnswer& answer) {
  if (answer.links.empty()) return;
  const std::string last = answer.links.back().id;
  std::erase_if(answer.links, [&](const Link& link) { return link.id == last; });
}

bool is_fault(const Link& link) {
  return !link.error_message.empty() || link.semantics == "#error";
}

/// Faults that speak of the dataset itself, whoever was asked for beside it.
bool is_of_the_dataset(const Link& link) {
  const std::string words = lower(trim(link.error_message));
  return words.starts_with("notfoundfault") || words.starts_with("auth");
}

// A few datasets that are gone or closed are believed at once. Where a greater part of an answer is faults, the request
// is more likely to be what is wrong.
constexpr std::size_t kFewFaults = 4;  // one in so many

/// Which of the IDs are told by nothing but faults that may be about the request.
std::map<std::string, Doubt> doubtful(const std::map<std::string, LinksAnswer>& parts, std::size_t asked) {
  std::map<std::string, Doubt> out;
  std::size_t faulty = 0;
  for (const auto& [id, part] : parts) {
    if (!std::all_of(part.links.begin(), part.links.end(), is_fault)) continue;
    ++faulty;
    if (transient_fault(part)) {
      out[id] = Doubt::untold;
    } else {
      const bool sure = std::all_of(part.links.begin(), part.links.end(), is_of_the_dataset);
      out[id] = sure ? Doubt::none : Doubt::faults;
    }
  }
  if (faulty * kFewFaults > asked) {
    for (auto& [id, doubt] : out) doubt = Doubt::faults;
  }
  return out;
}

}  // namespace

/// An answer to several IDs.
struct LinksService::Several {
  LinksAnswer answer;
  Url base;
  Doubt rest = Doubt::untold;  ///< of those that are not in it
};

LinksService::LinksService(const ArchiveOptions& options, std::shared_ptr<HttpClient> http,
                           std::shared_ptr<cache::MetaStore> store, const Clock& clock)
    : options_(options),
      http_(http),
      clock_(clock),
      unmarked_(options.name, http, store, clock),
      habits_(options.name, options.datalink.batch, store, clock) {}

// --- which URL knows the links ---

/// Whether only its bytes can tell what access_url leads to, or already told that it is links.
bool LinksService::row_may_be_links(const Dataset& dataset, const Url& access) const {
  const std::optional<bool> known = unmarked_.known(access, "");
  return known.value_or(may_be_links(dataset, access));
}

/// The links service of the query's answer, filled from the row.
std::optional<Url> LinksService::by_descriptor(const Listing& listing, const Dataset& dataset) const {
  const Result<Url> base = Url::parse(listing.service_url);
  if (!base || dataset.rows.empty()) return std::nullopt;
  for (const ServiceDescriptor& service : listing.table.meta.services) {
    if (kind_of(service) != ServiceKind::datalink) continue;
    const Result<BoundService> bound = bind_service(service, listing.table, dataset.rows.front(), *base);
    if (!bound || bound->fixed.empty()) continue;
    if (const Result<Url> url = Url::parse(bound->access_url)) return url->with_parameters(bound->fixed);
  }
  return std::nullopt;
}

std::optional<Url> LinksService::links_service(const Listing& listing, const Dataset& dataset,
                                               bool row_is_links) const {
  if (const std::optional<Url> described = by_descriptor(listing, dataset)) return described;
  if (row_is_links || options_.datalink.url.empty() || dataset.publisher_did.empty()) return std::nullopt;
  const Result<Url> configured = Url::parse(options_.datalink.url);
  if (!configured) return std::nullopt;
  return configured->with_parameters({{"ID", std::string(dataset.publisher_did)}});
}

std::optional<DatasetFolder> LinksService::folder_of_row(const Listing& listing, const Dataset& dataset) const {
  const Result<Url> access = Url::parse(dataset.access_url);
  const bool marked = access && is_datalink_type(dataset.access_format);
  if (marked || (access && row_may_be_links(dataset, *access))) return std::nullopt;
  if (links_service(listing, dataset, marked)) return std::nullopt;
  return folder_of_file(listing, dataset, clock_.now());
}

std::optional<LinksQuestion> LinksService::batchable(const Listing& listing, const Dataset& dataset) const {
  const Result<Url> access = Url::parse(dataset.access_url);
  const bool marked = access && is_datalink_type(dataset.access_format);
  std::optional<Url> url = links_service(listing, dataset, marked);
  if (!url && marked) url = *access;
  if (!url) return std::nullopt;
  LinksQuestion question = links_question(*url);
  return question.service.empty() ? std::nullopt : std::optional(std::move(question));
}

// --- one dataset ---

Result<DatasetFolder> LinksService::folder(const Listing& listing, const Dataset& dataset, const FetchContext& ctx) {
  const Result<Url> access = Url::parse(dataset.access_url);
  const bool marked = access && is_datalink_type(dataset.access_format);
  if (const std::optional<Url> service = links_service(listing, dataset, marked)) {
    Result<DatasetFolder> out = ask(listing, dataset, *service, {document_address(*service)}, ctx);
    const bool no = !out && (out.error().code() == Code::not_found || out.error().code() == Code::invalid);
    // The service does not serve this dataset; its row may still name a file.
    if (!no || !access || marked) return out;
  } else if (marked) {
    return ask(listing, dataset, *access, {document_address(*access)}, ctx);
  } else if (access && row_may_be_links(dataset, *access)) {
    return ask_unmarked(listing, dataset, *access, ctx);
  }
  return folder_of_file(listing, dataset, clock_.now());
}

Result<DatasetFolder> LinksService::ask(const Listing& listing, const Dataset& dataset, const Url& url,
                                        std::vector<std::string> way, const FetchContext& ctx) {
  const Result<FetchedDocument> document = get_document(*http_, url, ctx);
  if (!document) return fail(document.error());
  const Result<LinksAnswer> answer = parse_links(as_bytes(document->body));
  if (!answer) {
    // What came instead says more than "no links": a login page, a sentence.
    const bool odd = answer.error().code() == Code::corrupt && !document->body.starts_with("<?xml");
    return fail(answer.error().during(url.redacted() + (odd ? ": " + first_words(document->body) : "")));
  }
  if (const std::optional<Error> later = transient_fault(*answer)) return fail(later->during(url.redacted()));
  if (way.size() == 1) {
    if (const auto own = without_strangers(*answer, links_question(url).id))
      return made(listing, dataset, *own, "", document->url, std::move(way), ctx);
  }
  return made(listing, dataset, *answer, document->body, document->url, std::move(way), ctx);
}

Result<DatasetFolder> LinksService::ask_unmarked(const Listing& listing, const Dataset& dataset, const Url& url,
                                                 const FetchContext& ctx) {
  const Result<UnmarkedLinks::Seen> seen = unmarked_.look(url, "", ctx);
  if (!seen) {
    const Code code = seen.error().code();
    // Whether the file itself can be had is for its open to find out.
    if (code == Code::timed_out || code == Code::cancelled || code == Code::unavailable) return fail(seen.error());
    return folder_of_file(listing, dataset, clock_.now());
  }
  if (!seen->links) return folder_of_file(listing, dataset, clock_.now());
  const std::optional<LinksAnswer> own = without_strangers(*seen->links, links_question(url).id);
  return made(listing, dataset, own ? *own : *seen->links, own ? std::string_view{} : seen->document->body,
              seen->document->url, {document_address(url)}, ctx);
}

Result<DatasetFolder> LinksService::made(const Listing& listing, const Dataset& dataset, const LinksAnswer& answer,
                                         std::string_view document, const Url& base, std::vector<std::string> way,
                                         const FetchContext& ctx) {
  const bool nested = way.size() > 1;
  LinksWay known{std::move(way), unmarked_among(answer, base, nested, ctx)};
  for (const LinkReport& report : options_.reports) known.reserved.push_back(report.file);
  return folder_of_links(listing, dataset, answer, document, base, known, clock_.now());
}

Result<DatasetFolder> LinksService::nested(const Listing& listing, const Dataset& dataset,
                                           const std::string& root_document, const LinksTrail& trail,
                                           const FetchContext& ctx) {
  std::vector<std::string> way{root_document};
  std::optional<Url> last;
  for (const Entry& step : trail) {
    const Result<Url> url = Url::parse(step.url);
    if (!url) return fail(url.error());
    way.push_back(document_address(*url));
    last = *url;
  }
  if (!last) return fail(Code::invalid, "no link was followed");
  return ask(listing, dataset, *last, std::move(way), ctx);
}

// --- what links lead to ---

/// Links that are known to lead to links documents. The first of each kind of custom link to some service's XML is
/// looked at; all others cost nothing.
std::set<std::string> LinksService::unmarked_among(const LinksAnswer& answer, const Url& base, bool nested,
                                                   const FetchContext& ctx) {
  std::set<std::string> out;
  for (const Link& link : answer.links) {
    if (link.access_url.empty() || is_datalink_type(link.content_type)) continue;
    const Result<Url> url = base.resolve(link.access_url);
    if (!url) continue;
    const std::string word = word_for(link.semantics, nested);
    std::optional<bool> links = unmarked_.known(*url, word);
    if (!links && is_worth_a_look(link, *url)) {
      // When it cannot be looked at now it is a file for now.
      if (Result<UnmarkedLinks::Seen> seen = unmarked_.look(*url, word, ctx)) links = seen->links.has_value();
    }
    if (links == true) out.insert(document_address(*url));
  }
  return out;
}

bool LinksService::is_links(const Entry& entry, bool of_row, bool nested, const FetchContext& ctx) {
  const Result<Url> url = Url::parse(entry.url);
  if (!url || entry.service) return false;
  const std::string term = of_row ? "" : word_for(entry.semantics, nested);
  const Result<UnmarkedLinks::Seen> seen = unmarked_.look(*url, term, ctx, DocumentTypes::any);
  return seen && seen->links;
}

// --- several datasets in one request ---

Result<std::vector<ToldLinks>> LinksService::folders(const Listing& listing, const std::vector<std::uint32_t>& datasets,
                                                     const FetchContext& ctx) {
  std::vector<ToldLinks> out(datasets.size());
  std::vector<LinksQuestion> questions;
  std::vector<std::string> ids, texts;
  for (const std::uint32_t i : datasets) {
    std::optional<LinksQuestion> question = batchable(listing, listing.datasets[i]);
    if (!question) return fail(Code::invalid, "a dataset whose links are not asked for by ID");
    ids.push_back(question->id);
    texts.push_back(question->id_text);
    questions.push_back(std::move(*question));
  }
  if (questions.empty()) return out;
  Result<Several> several = ask_several(questions.front(), texts, ctx);
  if (!several) return fail(several.error().during("links of " + std::to_string(ids.size()) + " datasets"));
  LinksAnswer& answer = several->answer;
  if (answer.overflow) drop_last_id(answer);
  std::map<std::string, LinksAnswer> parts = split_links(answer, ids);
  if (several->rest == Doubt::untold && answer.table.meta.has_table) {
    learn_from(questions.front(), ids.size(), parts.size(), answer.overflow);
  }
  if (!answer.overflow && (parts.size() < ids.size() || several->rest == Doubt::broken)) {
    // A failure, or a limit that nobody speaks of, may have cut the rows of the last one, too.
    drop_last_id(answer);
    parts = split_links(answer, ids);
  }
  const std::map<std::string, Doubt> doubts = doubtful(parts, ids.size());
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    const auto part = parts.find(ids[i]);
    const auto doubt = doubts.find(ids[i]);
    out[i].doubt = part == parts.end() ? several->rest : doubt == doubts.end() ? Doubt::none : doubt->second;
    if (out[i].doubt != Doubt::none) continue;
    Result<DatasetFolder> folder = made(listing, listing.datasets[datasets[i]], part->second, "", several->base,
                                        {document_address(questions[i].url)}, ctx);
    out[i] = folder ? ToldLinks{std::move(*folder), Doubt::none} : ToldLinks{};
  }
  return out;
}

/// A refusal of several IDs is an empty answer.
Result<LinksService::Several> LinksService::ask_several(const LinksQuestion& question,
                                                        const std::vector<std::string>& id_texts,
                                                        const FetchContext& ctx) {
  Several out;
  const Result<Url> url = links_url(question.service, id_texts);
  if (!url) return fail(url.error());
  const auto or_refused = [&](const Error& error) -> Result<Several> {
    if (refused(question, id_texts.size(), error.code())) return std::move(out);
    return fail(error);
  };
  HttpRequest request;
  request.url = *url;
  Result<HttpClient::Whole> whole = http_->get_whole(std::move(request), ctx);
  if (!whole) return or_refused(whole.error().during(url->redacted()));
  const int status = whole->response.status;
  const Result<FetchedDocument> document = document_of(std::move(*whole), *url);
  if (!document) {
    // Others are meant for anybody ("busy", "later"); these may be what becomes of this very request.
    const bool fell = status == 500 || status == 501 || status == 502;
    if (!fell || document.error().code() != Code::unavailable) return or_refused(document.error());
    out.rest = Doubt::broken;
    return out;
  }
  Result<LinksAnswer> answer = parse_links(as_bytes(document->body));
  if (!answer) return or_refused(answer.error());
  out.answer = std::move(*answer);
  out.base = document->url;
  if (!out.answer.failure.empty()) out.rest = Doubt::broken;
  return out;
}

void LinksService::answered_alone(const LinksQuestion& question, Doubt doubt) {
  if (doubt == Doubt::faults) habits_.takes_only(question.service, 1);
  if (doubt == Doubt::broken) habits_.stumbled(question.service);
}

void LinksService::learn_from(const LinksQuestion& question, std::size_t asked, std::size_t answered, bool overflow) {
  if (overflow) {
    // The ID that may have been cut was not counted; a service with a limit on IDs had room for it.
    habits_.takes_only(question.service, std::min(answered + 1, asked - 1));
  } else if (answered < 2 && asked > 2) {
    habits_.takes_only(question.service, 1);
  } else {
    habits_.took_several(question.service);
  }
}

/// False when the archive said nothing of the request. A longer one than it takes is tried with half of the IDs.
bool LinksService::refused(const LinksQuestion& question, std::size_t asked, Code code) {
  if (code == Code::cancelled || code == Code::unavailable) return false;
  const bool too_much = code == Code::too_large || code == Code::timed_out;
  if (asked > 1) habits_.takes_only(question.service, too_much ? asked / 2 : 1);
  return code != Code::timed_out;
}

}  // namespace skymount::vo
