// SPDX-License-Identifier: MIT
//
// Where the links of one document stand in the tree: which sub-folder, under which name, as which identity. Names are a
// function of the links together; the order in which an archive lists them never matters.
#pragma once

#include "vo/entry.h"

#include <string>
#include <vector>

namespace skymount::vo {

/// An entry before it has a name.
struct EntryDraft {
  Entry entry;
  std::string file_name;  ///< of the archive's column or service; may be empty
  std::string identity;   ///< final when not empty; else made of id, semantics and name
};

/// Names, folders and identities for all links of a document; `id` is the dataset's.
/// A term is a folder; terms of other vocabularies that would share its name get "~" and a hash. A links document that
/// is alone under its term is that folder itself; else it is a folder of its own beside the files. Files yield to
/// `reserved` names.
std::vector<Entry> named_entries(std::vector<EntryDraft> drafts, const std::string& id,
                                 const std::vector<std::string>& reserved = {});

/// A URL without what changes from day to day; the text itself when it is none.
std::string stable_url(std::string_view text);

}  // namespace skymount::vo
