// SPDX-License-Identifier: MIT
#include "vo/entry_names.h"

#include "vo/file_names.h"
#include "vo/http/url.h"
#include "vo/protocol/links_batch.h"

#include <algorithm>
#include <map>
#include <set>

namespace skymount::vo {
namespace {

// What a description may lend to a name: longer ones are sentences.
constexpr std::size_t kDescriptiveName = 80;

/// The folder of each term. Words of the core vocabulary keep theirs, whatever others call their own.
std::map<std::string, std::string> folders_of_terms(const std::vector<EntryDraft>& drafts) {
  std::set<std::string> terms;
  for (const EntryDraft& draft : drafts) terms.insert(draft.entry.semantics);
  std::vector<NameWish> core, custom;
  std::map<std::string, std::string> out;
  for (const std::string& term : terms) {
    const std::string name = folder_for_semantics(term);
    if (name.empty()) {
      out[term] = "";
    } else {
      (term.find("://") == std::string::npos ? core : custom).push_back({name, term});
    }
  }
  std::vector<std::string> names = unique_names(core, Suffix::at_end);
  for (std::size_t i = 0; i < core.size(); ++i) out[core[i].identity] = names[i];
  const std::vector<std::string> others = unique_names(custom, Suffix::at_end, names);
  for (std::size_t i = 0; i < custom.size(); ++i) out[custom[i].identity] = others[i];
  return out;
}

class Naming {
 public:
  Naming(std::vector<EntryDraft> drafts, const std::string& id, const std::vector<std::string>& reserved)
      : id_(id), drafts_(std::move(drafts)), reserved_(reserved) {}

  std::vector<Entry> run() {
    place();
    std::map<std::string, std::vector<std::size_t>> files, documents;
    std::set<std::string> folders;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const Entry& entry = drafts_[i].entry;
      if (!entry.folder.empty()) folders.insert(entry.folder);
      if (!entry.name.empty()) {
        folders.insert(entry.name);  // a document that is its term's folder
      } else {
        (entry.links_document ? documents : files)[entry.folder].push_back(i);
      }
    }
    // A file must not take the name of a folder beside it, nor a document that of a file.
    std::map<std::string, std::vector<std::string>> taken{{"", {folders.begin(), folders.end()}}};
    taken[""].insert(taken[""].end(), reserved_.begin(), reserved_.end());
    for (const auto& [folder, members] : files) name(members, taken[folder]);
    for (const auto& [folder, members] : documents) name(members, taken[folder]);
    std::vector<Entry> out;
    for (EntryDraft& draft : drafts_) {
      if (draft.identity.empty()) {
        draft.identity =
            "link:" + id_ + "\n" + draft.entry.semantics + "\n" + draft.entry.local_semantics + "\n" + draft.entry.name;
      }
      draft.entry.identity = std::move(draft.identity);
      out.push_back(std::move(draft.entry));
    }
    return out;
  }

 private:
  /// The folder of each entry; a document alone under its term takes the term's name.
  void place() {
    const std::map<std::string, std::string> folders = folders_of_terms(drafts_);
    std::map<std::string, std::size_t> members;
    for (const EntryDraft& draft : drafts_) ++members[folders.at(draft.entry.semantics)];
    for (EntryDraft& draft : drafts_) {
      const std::string& folder = folders.at(draft.entry.semantics);
      if (draft.entry.links_document && !folder.empty() && members[folder] == 1) {
        draft.entry.name = folder;
      } else {
        draft.entry.folder = folder;
      }
    }
  }

  void name(const std::vector<std::size_t>& members, std::vector<std::string>& taken) {
    std::vector<NameWish> wishes;
    std::map<std::string, std::size_t> described;
    for (const std::size_t i : members) ++described[drafts_[i].entry.description];
    for (const std::size_t i : members)
      wishes.push_back(wish_of(drafts_[i], described[drafts_[i].entry.description] == 1));
    const std::vector<std::string> names = unique_names(wishes, Suffix::before_extension, taken);
    for (std::size_t n = 0; n < members.size(); ++n) drafts_[members[n]].entry.name = names[n];
    taken.insert(taken.end(), names.begin(), names.end());
  }

  /// `telling`: no other member of the folder has its description.
  NameWish wish_of(const EntryDraft& draft, bool telling) const {
    const Entry& entry = draft.entry;
    std::string name = link_name({.configured = {},
                                  .file_name = draft.file_name,
                                  .local_semantics = entry.local_semantics,
                                  .url = entry.url,
                                  .id = id_,
                                  .semantics = entry.semantics,
                                  .content_type = entry.links_document ? "" : entry.content_type});
    // Links services are called by ID: their URL rarely holds a name, and a description says more than the ID again.
    const bool says_nothing = name == safe_name(id_tail(id_)) || name == "unnamed";
    if (entry.links_document && says_nothing && !entry.description.empty() && telling)
      name = safe_name(entry.description, kDescriptiveName);
    else if (entry.links_document && says_nothing && !telling)
      name = name_of_document(entry.url, name);
    return {name,
            id_ + "\n" + entry.semantics + "\n" + entry.local_semantics + "\n" + stable_url(entry.url) + "\n" +
                entry.description,
            id_tail(id_)};
  }

  /// After the ID that its address asks for: what siblings are told apart by.
  static std::string name_of_document(const std::string& address, const std::string& otherwise) {
    const Result<Url> url = Url::parse(address);
    const std::string tail = url ? id_tail(links_question(*url).id) : "";
    return tail.empty() ? otherwise : safe_name(tail);
  }

  const std::string& id_;
  std::vector<EntryDraft> drafts_;
  const std::vector<std::string>& reserved_;
};

}  // namespace

std::vector<Entry> named_entries(std::vector<EntryDraft> drafts, const std::string& id,
                                 const std::vector<std::string>& reserved) {
  return Naming(std::move(drafts), id, reserved).run();
}

std::string stable_url(std::string_view text) {
  const Result<Url> url = Url::parse(text);
  return url ? url->without_signature() : std::string(text);
}

}  // namespace skymount::vo
