// SPDX-License-Identifier: MIT
#include "vo/file_names.h"

#include "cache/base/hidden_words.h"
#include "vo/query/words.h"

#include <algorithm>
#include <array>

namespace skymount::vo {
namespace {

// Beyond this a text is no name any more; its end, extension and all, is not worth the walk.
constexpr std::size_t kHostile = 64 * 1024;

constexpr std::string_view kUnsafe = " []{}()!+='\"`$;&|<>*?\\#/";

/// Blanks of other alphabets, invisible marks and those that turn the direction of writing: U+0080-009F, 00A0, 00AD,
/// 061C, 1680, 180E, 2000-200F, 2028-202F, 205F-206F, 3000, FEFF, FFF9-FFFB, and the noncharacters FFFE, FFFF.
bool is_invisible(char32_t c) {
  struct Span {
    char32_t from, to;
  };
  static constexpr std::array<Span, 14> kSpans{{{0x80, 0xA0},
                                                {0xAD, 0xAD},
                                                {0x61C, 0x61C},
                                                {0x1680, 0x1680},
                                                {0x180E, 0x180E},
                                                {0x2000, 0x200F},
                                                {0x2028, 0x202F},
                                                {0x205F, 0x206F},
                                                {0x3000, 0x3000},
                                                {0xFEFF, 0xFEFF},
                                                {0xFFF9, 0xFFFB},
                                                {0xFFFE, 0xFFFF},
                                                {0xE0000, 0xE007F},
                                                {0x10FFFE, 0x10FFFF}}};
  return std::any_of(kSpans.begin(), kSpans.end(), [c](Span s) { return c >= s.from && c <= s.to; });
}

char32_t code_point(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(sequence[i])); };
  switch (sequence.size()) {
    case 2: return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3: return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    case 4: return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    default: return byte(0);
  }
}

/// The longest beginning of valid UTF-8 text that has at most `bytes` bytes and cuts no character.
std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

// What a compression or a container leaves visible of the file inside: these go together with the extension before
// them.
constexpr std::array<std::string_view, 6> kWrappers{".gz", ".fz", ".z", ".bz2", ".xz", ".zst"};

bool is_extension(std::string_view text) {  // with its dot
  constexpr std::size_t kLongest = 9;       // ".parquet", ".votable"
  if (text.size() < 2 || text.size() > kLongest) return false;
  bool letter = false;
  for (char c : text.substr(1)) {
    if (!is_letter(c) && !is_digit(c)) return false;
    letter = letter || is_letter(c);
  }
  return letter;  // ".308" of a time stamp is no extension
}

std::string_view last_extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || !is_extension(name.substr(dot))) return {};
  return name.substr(dot);
}

constexpr std::string_view kCore = "//www.ivoa.net/rdf/datalink/core#";

// Our own names in an archive's folders, query folders and dataset folders, lower case.
constexpr std::string_view kReserved[] = {
    "readme.txt", "links.vot",  "dataset.json",  "errors.txt",  "incomplete.txt", "cutout.fits", "cutout",
    "count.txt",  "query.adql", "cutouts",       "results.vot", "results.csv",    "images",      "previews",
    "by-type",    "by-band",    "by-collection", "by-year",     "by-instrument",  "recent",      ".skymount"};

/// What cfitsio takes for another place than a file of that name: its drivers ("file:", "mem:"), standard input and
/// output. Measured: "stdin.fits" is read from the terminal.
void disarm_for_cfitsio(std::string& name) {
  const std::string begin = lower(std::string_view(name).substr(0, 8));
  for (const std::string_view stream : {"stdin", "stdout"}) {
    if (begin.starts_with(stream)) name.insert(0, 1, '_');
  }
  for (const std::string_view driver :
       {"file:", "mem:", "shmem:", "root:", "rootd:", "ftp:", "ftps:", "gsiftp:", "http:", "https:", "stream:"}) {
    if (begin.starts_with(driver)) name[driver.size() - 1] = '_';
  }
}

}  // namespace

std::string safe_name(std::string_view given, std::size_t max_bytes) {
  // Before a character of it is replaced: afterwards nobody would know a secret again.
  const std::string shown = without_hidden_words(given.substr(0, kHostile));
  const std::string_view text = shown;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    const std::string_view character = text.substr(i, std::max<std::size_t>(length, 1));
    const bool unsafe = length == 0 ||
                        (length == 1 && (is_control(text[i]) || kUnsafe.find(text[i]) != kUnsafe.npos)) ||
                        (length > 1 && is_invisible(code_point(character)));
    out += unsafe ? "_" : character;
    i += character.size();
  }
  if (out.empty()) return "unnamed";
  if (std::string_view("~-@.").find(out.front()) != std::string_view::npos) out.front() = '_';
  disarm_for_cfitsio(out);
  if (out.size() <= max_bytes) return out;
  const NameParts parts = split_extension(out);
  if (parts.extension.size() >= max_bytes) return std::string(cut(out, max_bytes));
  std::string shortened(cut(parts.stem, max_bytes - parts.extension.size()));
  return shortened.append(parts.extension);
}

NameParts split_extension(std::string_view name) {
  std::string_view extension = last_extension(name);
  if (extension.empty()) return {name, {}};
  const std::string_view before = name.substr(0, name.size() - extension.size());
  if (std::find(kWrappers.begin(), kWrappers.end(), lower(extension)) != kWrappers.end()) {
    const std::string_view inner = last_extension(before);
    if (!inner.empty()) extension = name.substr(before.size() - inner.size());
  }
  return {name.substr(0, name.size() - extension.size()), extension};
}

std::string id_tail(std::string_view id) {
  constexpr std::string_view kSplits = "/?:#=";
  while (!id.empty() && kSplits.find(id.back()) != kSplits.npos) id.remove_suffix(1);
  std::size_t from = id.size();
  for (; from > 0; --from) {
    const char c = id[from - 1];
    if (kSplits.find(c) == kSplits.npos) continue;
    const bool in_time = c == ':' && from >= 2 && is_digit(id[from - 2]) && from < id.size() && is_digit(id[from]);
    if (!in_time) break;
  }
  std::string_view tail = id.substr(from);
  const NameParts parts = split_extension(tail);
  const std::string extension = lower(parts.extension);
  for (std::string_view fits : {".fits", ".fit", ".fts", ".fz", ".imfits"}) {
    if (extension == fits || (extension.starts_with(fits) && extension[fits.size()] == '.'))
      return std::string(parts.stem);
  }
  return std::string(tail);
}

std::string semantics_word(std::string_view term) {
  term = trim(term);
  const std::size_t hash = term.rfind('#');
  const std::string lowered = lower(term);
  if (lowered.starts_with("http:" + std::string(kCore)) || lowered.starts_with("https:" + std::string(kCore))) {
    return lowered.substr(hash + 1);
  }
  if (hash != std::string_view::npos && hash + 1 < term.size()) return std::string(term.substr(hash + 1));
  while (term.ends_with('/') || term.ends_with('#')) term.remove_suffix(1);
  return std::string(term.substr(term.find_last_of('/') + 1));
}

namespace {
/// Only the vocabulary's own terms: "http://x/y#preview" of some archive is another word.
bool is_core_word(std::string_view term, std::initializer_list<std::string_view> words) {
  term = trim(term);
  const bool custom = term.find("://") != std::string_view::npos && lower(term).find(kCore) == std::string::npos;
  if (custom) return false;
  const std::string word = lower(semantics_word(term));
  return std::find(words.begin(), words.end(), word) != words.end();
}
}  // namespace

bool is_preview(std::string_view term) {
  return is_core_word(term, {"preview", "preview-image", "preview-plot", "thumbnail"});
}

bool is_service(std::string_view term) {
  return is_core_word(term, {"proc", "cutout"});
}

std::string folder_for_semantics(std::string_view term) {
  if (trim(term).empty() || is_core_word(term, {"this"}) || is_preview(term) || is_service(term)) return {};
  const std::string word = semantics_word(term);
  if (word.empty()) return {};
  std::string folder = safe_name(word);
  if (is_reserved_name(folder)) folder += "_links";
  return folder;
}

bool is_probed_name(std::string_view name) {
  // Windows (also through Samba), macOS, file managers looking for a folder's picture, and the roots of file systems.
  static constexpr std::string_view kProbed[] = {"desktop.ini",  "autorun.inf", "thumbs.db",
                                                 "ehthumbs.db",  "folder.jpg",  "folder.jpeg",
                                                 "folder.png",   "folder.gif",  "cover.jpg",
                                                 "albumart.jpg", "lost+found",  "$recycle.bin",
                                                 "recycler",     "recycled",    "bdmv",
                                                 "video_ts",     "dcim",        "autorun.sh",
                                                 "autorun",      "icon\r",      "system volume information"};
  return std::find(std::begin(kProbed), std::end(kProbed), lower(name)) != std::end(kProbed);
}

bool is_reserved_name(std::string_view name) {
  const std::string lowered = lower(name);
  if (is_probed_name(lowered)) return true;
  if (std::find(std::begin(kReserved), std::end(kReserved), lowered) != std::end(kReserved)) return true;
  if (lowered.starts_with("best.")) return true;  // best.EXT is a link of ours whatever EXT is
  // NAME.hdr beside each FITS file is its header as text.
  if (!lowered.ends_with(".hdr")) return false;
  const std::string_view data = std::string_view(lowered).substr(0, lowered.size() - 4);
  const std::string extension(split_extension(data).extension);
  return extension.starts_with(".fit") || extension.starts_with(".fts") || extension.ends_with(".fz");
}

}  // namespace skymount::vo
