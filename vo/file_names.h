// SPDX-License-Identifier: MIT
//
// From the words of an archive to names in a folder: safe in a shell, at home in any program, unique, and the same
// tomorrow. Everything here is a function of its arguments alone; the order in which an archive lists its rows never
// matters. Source: docs/SEMANTICS.md "File names" (contract); terms: IVOA DataLink 1.1 section 3.2.6.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skymount::vo {

inline constexpr std::size_t kMaxNameBytes = 255;  ///< NAME_MAX

/// `text` with everything that shells, glob patterns, cfitsio's extended syntax or terminals give a meaning to replaced
/// by
/// '_' (one for each character): blanks, []{}()!+=, quotes, backtick, $ ; & | < > * ? \ #, '/', control and invisible
/// characters, malformed UTF-8. No leading ~ - @ or dot, nothing that cfitsio takes for a driver or a stream; at most
/// `max_bytes`, cut between characters, the extension kept; never empty. Names that are safe already come back
/// unchanged.
std::string safe_name(std::string_view text, std::size_t max_bytes = kMaxNameBytes);

/// A name in two: "scan_001.fits.gz" is "scan_001" and ".fits.gz"; an extension is short and has letters or digits
/// only.
struct NameParts {
  std::string_view stem;
  std::string_view extension;  ///< with its dot, or empty
};
NameParts split_extension(std::string_view name);

/// The extension (without dot) that a file of this MIME type bears; that of `hint`, a name or URL, when it fits the
/// type or when the type says nothing. Empty when neither tells.
std::string extension_for(std::string_view content_type, std::string_view hint = {});

/// The last part of an identifier: after the last of / ? : # =, FITS extensions taken off. A colon between digits
/// belongs to a time stamp (ESO) and does not split. "ivo://x/y?path/i00811.fits" -> "i00811".
std::string id_tail(std::string_view id);

/// "#this", "this" and the full URI of the vocabulary are "this"; a custom URI is its fragment or last segment.
std::string semantics_word(std::string_view term);
bool is_preview(std::string_view term);  ///< #preview, #preview-image, #preview-plot, #thumbnail
bool is_service(std::string_view term);  ///< #proc, #cutout: no file by itself

/// The sub-folder for a term: "" for #this, previews, services and no term, else a safe name that is none of ours.
std::string folder_for_semantics(std::string_view term);

/// What is known about a link when it gets its name; each may be empty.
struct LinkNaming {
  std::string configured{};       ///< by a route's `name`: wins
  std::string file_name{};        ///< eso_origfile or original_filename
  std::string local_semantics{};  ///< DataLink 1.1: the archive's own stable label
  std::string url{};
  std::string id{};  ///< of the dataset
  std::string semantics{};
  std::string content_type{};
};

/// The name before twins are told apart: see "File names". Its extension fits the content type; previews bear their
/// term
/// ("i00811.preview-image.jpeg"). A links document (content=datalink) gets no extension, because it is shown as a
/// folder.
std::string link_name(const LinkNaming& link);

/// A name and what it stands for.
struct NameWish {
  std::string name;      ///< safe already
  std::string identity;  ///< stable and different for different things: tells twins apart
  std::string id{};      ///< for people: the suffix of a name that is reserved; the identity's hash when empty
};

enum class Suffix { before_extension, at_end };  ///< of files; of folders

/// Names for all members of a folder, in the order of `wishes`. Twins, also those that differ in ASCII case only, all
/// get
/// "~" and 6 hex digits of their identity's hash, more where that is not enough. A name that is reserved (ours, or in
/// `taken`) yields: "README~i00811.txt". Members alike in name and identity are counted.
std::vector<std::string> unique_names(const std::vector<NameWish>& wishes, Suffix suffix = Suffix::before_extension,
                                      const std::vector<std::string>& taken = {});

/// Whether skymount itself shows, or may show, a file or folder of this name inside an archive's folders.
bool is_reserved_name(std::string_view name);

/// Whether desktops and other systems look for a file of this name in every folder they show ("desktop.ini"). Reserved,
/// so that such a look can be answered without asking an archive.
bool is_probed_name(std::string_view name);

}  // namespace skymount::vo
