// SPDX-License-Identifier: MIT
//
// The steps of a checkup behind the tables: a real dataset's links, a real file's ranges, and what time it is there.
#include "vo/checkup_run.h"
#include "vo/http/range_source.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/datalink.h"
#include "vo/protocol/links_batch.h"

#include <algorithm>
#include <cstdlib>

namespace skymount::vo {
namespace {

// Of the middle of a file: any few bytes show whether ranges are honoured beyond the first ones.
constexpr std::uint64_t kProbe = 4096;
// Minutes matter for signed links; seconds are the network's.
constexpr std::int64_t kSkewSeconds = 120;

const Listing* listing_of(const Checkup& run) {
  return run.around ? &*run.around : run.sample ? &*run.sample : nullptr;
}

CheckStep step_of(Verdict verdict, std::string words, std::string advice = {}) {
  CheckStep out;
  out.verdict = verdict;
  out.words = std::move(words);
  out.advice = std::move(advice);
  return out;
}

/// Who gives the links of a dataset: its access_url when that is a links document, a service that the table describes,
/// or the configured one.
std::optional<Url> links_of(const ArchiveOptions& archive, const Listing& listing, const Dataset& dataset) {
  const Result<Url> base = Url::parse(listing.service_url);
  for (const ServiceDescriptor& service : listing.table.meta.services) {
    if (!base || dataset.rows.empty() || kind_of(service) != ServiceKind::datalink) continue;
    const Result<BoundService> bound = bind_service(service, listing.table, dataset.rows.front(), *base);
    if (!bound || bound->fixed.empty()) continue;
    if (const Result<Url> url = Url::parse(bound->access_url)) return url->with_parameters(bound->fixed);
  }
  if (is_datalink_type(dataset.access_format)) {
    if (const Result<Url> url = Url::parse(dataset.access_url)) return *url;
  }
  const Result<Url> configured = Url::parse(archive.datalink.url);
  if (!configured || dataset.publisher_did.empty()) return std::nullopt;
  return configured->with_parameters({{"ID", std::string(dataset.publisher_did)}});
}

/// A file to be read: the data itself if it may be had, else anything with an address.
const Entry* a_file(const DatasetFolder& folder) {
  const Entry* found = nullptr;
  for (const Entry& entry : folder.entries) {
    if (entry.url.empty() || entry.links_document || !entry.error.empty()) continue;
    if (entry.semantics == "#this") return &entry;
    if (found == nullptr) found = &entry;
  }
  return found;
}

/// Some bytes from the middle, under the validator that the first ones had.
Result<void> read_middle(const OpenedRemote& opened, const FetchContext& ctx) {
  const std::uint64_t size = opened.learned.size.value_or(0);
  const ByteRange middle{size / 2, std::min(kProbe, size - size / 2)};
  std::uint64_t got = 0;
  const auto sink = [&](std::uint64_t, auto bytes) -> Result<void> {
    got += bytes.size();
    return {};
  };
  if (Result<void> fetched = opened.source->fetch(middle, sink, ctx); !fetched) return fetched;
  if (got < middle.length)
    return fail(Code::corrupt, "a range of " + std::to_string(middle.length) + " bytes came short");
  return {};
}

/// Why nothing of a dataset can be had, in the archive's words; nothing when something can.
std::optional<std::string> only_faults(const DatasetFolder& folder) {
  const auto has_file = [](const Entry& entry) { return entry.error.empty(); };
  if (std::any_of(folder.entries.begin(), folder.entries.end(), has_file)) return std::nullopt;
  if (!folder.entries.empty()) return folder.entries.front().name + ": " + folder.entries.front().error;
  if (!folder.faults.empty()) return folder.faults.front().fault;
  return "it lists nothing";
}

bool is_about_rights(std::string_view fault) {
  return fault.starts_with("AuthenticationFault") || fault.starts_with("AuthorizationFault") ||
         fault.find("not public") != std::string_view::npos;
}

/// One dataset without any file may be that dataset's fault; another one, far from it in the listing, tells.
CheckStep step_of_faults(Checkup& run, Archive& archive, const Listing& listing, const std::string& why) {
  CheckStep out;
  const std::string first(listing.datasets.front().name);
  out.words = words_of(first) + " has no file: " + words_of(why, 200);
  out.verdict = Verdict::warn;
  out.advice = "nothing, if this dataset is a special one; ERRORS.txt in its folder has the archive's words";
  if (is_about_rights(why)) return out;
  out.verdict = Verdict::bad;
  out.advice = "the links service answers, but with faults; tell the archive. ERRORS.txt in the folders has its words";
  if (listing.datasets.size() < 2) return out;
  const Dataset& other = listing.datasets[listing.datasets.size() - 1];
  Result<DatasetFolder> folder = archive.folder(listing, other, run.within("links of another dataset"));
  const std::optional<std::string> again = folder ? only_faults(*folder) : std::optional(folder.error().what());
  if (again) {
    out.words += "; and " + words_of(other.name) + ": " + words_of(*again, 200);
    return out;
  }
  out.words += "; " + words_of(other.name) + " has " + std::to_string(folder->entries.size());
  out.verdict = Verdict::warn;
  out.advice = "nothing, if the first dataset is a special one; ERRORS.txt in its folder has the archive's words";
  run.folder = std::move(*folder);
  return out;
}

}  // namespace

CheckStep check_links(Checkup& run) {
  const Listing* listing = listing_of(run);
  if (listing == nullptr || listing->datasets.empty())
    return step_of(Verdict::skipped, "there is no dataset to ask about");
  Archive archive(run.archive, run.http, nullptr, run.clock);
  const Dataset& dataset = listing->datasets.front();
  if (std::optional<DatasetFolder> direct = archive.folder_of_row(*listing, dataset)) {
    run.folder = std::move(direct);
    return step_of(Verdict::skipped, "there is no links service: rows name their file themselves");
  }
  Result<DatasetFolder> folder = archive.folder(*listing, dataset, run.within("links"));
  if (!folder)
    return failed_step(folder.error(),
                       "the links service of this archive is broken: folders of datasets will not open");
  run.folder = std::move(*folder);
  if (const std::optional<std::string> why = only_faults(*run.folder)) {
    return step_of_faults(run, archive, *listing, *why);
  }
  CheckStep out;
  out.words = words_of(dataset.name) + ": " + std::to_string(run.folder->entries.size()) + " files, " +
              std::to_string(run.folder->services.size()) + " cutout services, " +
              std::to_string(run.folder->faults.size()) + " faults";
  return out;
}

CheckStep check_batch(Checkup& run) {
  const Listing* listing = listing_of(run);
  // The sample has other datasets than the neighbourhood of one of them.
  if (listing == nullptr || (listing->datasets.size() < 2 && run.sample)) listing = run.sample ? &*run.sample : nullptr;
  if (!run.folder || run.folder->links_document.empty() || listing == nullptr)
    return step_of(Verdict::skipped, "no links document was seen");
  std::vector<LinksQuestion> questions;
  for (const Dataset& dataset : listing->datasets) {
    const std::optional<Url> url = links_of(run.archive, *listing, dataset);
    if (!url) continue;
    LinksQuestion question = links_question(*url);
    const bool same = questions.empty() || (question.service == questions[0].service && question.id != questions[0].id);
    if (!question.service.empty() && same) questions.push_back(std::move(question));
    if (questions.size() == 2) break;
  }
  if (questions.size() < 2) return step_of(Verdict::skipped, "there are no two datasets of one links service");
  const Result<Url> both = links_url(questions[0].service, {questions[0].id_text, questions[1].id_text});
  if (!both) return failed_step(both.error());
  const Result<FetchedDocument> document = get_document(*run.http, *both, run.within("links of two datasets"));
  const Result<LinksAnswer> answer =
      document ? parse_links(as_bytes(document->body)) : Result<LinksAnswer>(fail(document.error()));
  if (!answer)
    return step_of(Verdict::ok, "one dataset in a request: two were refused (" + answer.error().what() + ")");
  const auto split = split_links(*answer, {questions[0].id, questions[1].id});
  return step_of(Verdict::ok, split.size() == 2
                                  ? "links of many datasets come in one request"
                                  : "one dataset in a request: of two, " + std::to_string(split.size()) + " came");
}

namespace {

/// How the credential fared with the questions before.
CheckStep credential_step(const Credential& credential) {
  using Kind = CredentialState::Kind;
  const CredentialState state = credential.state();
  const std::string words = credential.described() + ": " + std::string(to_text(state.kind)) +
                            (state.words.empty() ? "" : ", " + state.words);
  if (state.kind == Kind::accepted) return step_of(Verdict::ok, words);
  if (state.kind == Kind::unused) {
    return step_of(Verdict::warn, credential.described() + ": none was sent; public data only",
                   "run: skymount login " + credential.archive() +
                       ", or bind a secret in ~/.config/skymount/secrets.toml to the archive's origin");
  }
  return step_of(Verdict::warn, words, "public data do not need it; what to do stands above");
}

}  // namespace

CheckStep check_auth(Checkup& run) {
  if (run.credential) return credential_step(*run.credential);
  std::string words = "no credentials are configured: public data only";
  if (run.folder) {
    const auto refused = std::find_if(run.folder->entries.begin(), run.folder->entries.end(),
                                      [](const Entry& entry) { return !entry.error.empty(); });
    if (refused != run.folder->entries.end()) words += "; not public: " + refused->name + ": " + refused->error;
  }
  return step_of(Verdict::skipped, words);
}

CheckStep check_ranges(Checkup& run) {
  const Entry* file = run.folder ? a_file(*run.folder) : nullptr;
  if (file == nullptr) return step_of(Verdict::skipped, "there is no file to read");
  Result<Url> url = Url::parse(file->url);
  if (!url) return failed_step(url.error().during(file->name), "the archive's links name no usable address");
  const RemoteFile remote{*url, run.archive.name, file->identity, file->content_type};
  const Result<OpenedRemote> opened = open_remote(run.http, remote, run.within("reading a file"));
  if (!opened) return failed_step(opened.error(), "this file cannot be had; others may: " + file->name);
  const LearnedFile& learned = opened->learned;
  const std::string validator = !learned.etag.empty()   ? "an ETag"
                                : learned.last_modified ? "Last-Modified"
                                                        : "neither ETag nor Last-Modified";
  std::string words =
      file->name + ": " + (learned.size ? std::to_string(*learned.size) + " bytes" : "size unknown") + ", " + validator;
  if (!learned.ranges)
    return step_of(Verdict::warn, words + "; no ranges: the first look at a file brings all of it",
                   "nothing: files are right, but slow to open");
  if (Result<void> middle = read_middle(*opened, run.within("reading a range")); !middle) {
    CheckStep out = failed_step(middle.error(), "its ranges cannot be trusted; tell the archive");
    out.words = file->name + ": " + out.words;
    return out;
  }
  words += "; ranges are honoured";
  const bool named = !learned.etag.empty() || learned.last_modified;
  return step_of(named ? Verdict::ok : Verdict::warn, words,
                 named ? "" : "nothing: versions are told apart by size and first bytes");
}

CheckStep check_clock(Checkup& run) {
  const std::optional<std::int64_t> skew = run.http->skew_s();
  if (!skew) return step_of(Verdict::skipped, "the archive does not say what time it is");
  const std::int64_t off = std::llabs(*skew);
  if (off <= kSkewSeconds) return step_of(Verdict::ok, "the archive's clock and this one agree");
  return step_of(
      Verdict::warn,
      "the archive's clock is " + std::to_string(off) + " s " + (*skew > 0 ? "ahead of" : "behind") + " this one",
      "set this machine's clock (timedatectl): signed links and certificates depend on it");
}

}  // namespace skymount::vo
