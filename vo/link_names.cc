// SPDX-License-Identifier: MIT
//
// What a link's file is called: which of the archive's words is a name, and which extension its content deserves.
#include "vo/file_names.h"
#include "vo/query/words.h"

#include <algorithm>
#include <optional>

namespace skymount::vo {
namespace {

/// A MIME type, the extension it gets, and those that it accepts: exact, "fit*" by their beginning, "*gz" by their end,
/// "*" any that is known.
struct Type {
  std::string_view mime, extension, accepts;
};
constexpr std::string_view kFits = "fit* fts* imfits fz";
constexpr Type kTypes[] = {
    {"image/fits", "fits", kFits},
    {"application/fits", "fits", kFits},
    {"image/x-fits", "fits", kFits},
    {"application/x-fits", "fits", kFits},
    {"application/x-fits-bintable", "fits", kFits},
    {"application/x-fits-mef", "fits", kFits},
    {"application/x-fits-image", "fits", kFits},
    {"application/x-fits-spectrum", "fits", kFits},
    {"image/x-fits-gzip", "fits.gz", "*.gz *.Z"},
    {"application/x-fits-gzip", "fits.gz", "*.gz *.Z"},
    {"application/fits+gzip", "fits.gz", "*.gz *.Z"},
    {"image/x-fits-hcompress", "fits.fz", "*fz"},
    {"image/x-fits-fpack", "fits.fz", "*fz"},
    {"application/x-fits-hcompress", "fits.fz", "*fz"},
    {"application/x-fits-fpack", "fits.fz", "*fz"},
    {"image/jpeg", "jpeg", "jpg jpeg jpe"},
    {"image/jpg", "jpeg", "jpg jpeg jpe"},
    {"image/png", "png", "png"},
    {"image/gif", "gif", "gif"},
    {"image/tiff", "tiff", "tif tiff"},
    {"image/webp", "webp", "webp"},
    {"image/svg+xml", "svg", "svg"},
    {"image/jp2", "jp2", "jp2"},
    {"application/x-votable+xml", "vot", "vot votable xml vot.gz xml.gz"},
    {"application/votable+xml", "vot", "vot votable xml"},
    {"text/x-votable+xml", "vot", "vot votable xml"},
    {"text/xml", "xml", "xml vot votable xsd html xhtml"},
    {"application/xml", "xml", "xml vot votable xsd"},
    {"text/csv", "csv", "csv csv.gz"},
    {"text/tab-separated-values", "tsv", "tsv tab"},
    {"application/x-ecsv", "ecsv", "ecsv csv"},
    // Many web servers call whatever they do not know text/plain: any known extension says more than that.
    {"text/plain", "txt", "* log dat asc ascii tbl md hdr header lis list cat reg"},
    {"text/html", "html", "html htm xhtml"},
    {"text/markdown", "md", "md markdown"},
    {"application/json", "json", "json geojson"},
    {"application/x-yaml", "yaml", "yaml yml"},
    {"application/pdf", "pdf", "pdf"},
    {"application/postscript", "ps", "ps eps ps.gz"},
    {"application/x-tar", "tar", "tar tar.* tgz"},
    {"application/x-tar-gzip", "tar.gz", "tar.gz tgz"},
    {"application/x-gtar-compressed", "tar.gz", "tar.gz tgz"},
    {"application/x-compressed-tar", "tar.gz", "tar.gz tgz"},
    {"application/gzip", "gz", "*gz *.Z"},
    {"application/x-gzip", "gz", "*gz *.Z"},
    {"application/x-bzip2", "bz2", "*bz2"},
    {"application/zip", "zip", "zip"},
    {"application/x-hdf5", "h5", "h5 hdf5 hdf"},
    {"application/vnd.apache.parquet", "parquet", "parquet"},
    {"video/mp4", "mp4", "mp4 m4v"},
};

bool is_known_extension(std::string_view extension);

/// Both without dot.
bool accepts(std::string_view patterns, const std::string& extension) {
  while (!patterns.empty()) {
    const std::size_t blank = patterns.find(' ');
    const std::string pattern = lower(patterns.substr(0, blank));
    patterns.remove_prefix(blank == std::string_view::npos ? patterns.size() : blank + 1);
    const std::string_view fixed = std::string_view(pattern);
    if (pattern == "*") {
      if (is_known_extension(extension)) return true;
    } else if (pattern.front() == '*') {
      if (("." + extension).ends_with(fixed.substr(1))) return true;
    } else if (pattern.back() == '*') {
      if (extension.starts_with(fixed.substr(0, fixed.size() - 1))) return true;
    } else if (extension == pattern) {
      return true;
    }
  }
  return false;
}

bool is_known_extension(std::string_view extension) {
  const std::string wanted = lower(extension);
  if (wanted.empty()) return false;
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](const Type& type) { return type.accepts.front() != '*' && accepts(type.accepts, wanted); }) ||
         accepts("gz tgz bz2 xz zip h5 hdr log dat asc ascii tbl md txt reg", wanted);
}

std::string mime_of(std::string_view content_type) {
  return lower(trim(content_type.substr(0, content_type.find(';'))));
}

const Type* type_of(std::string_view content_type) {
  const std::string mime = mime_of(content_type);
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& t) { return t.mime == mime; });
  return found == std::end(kTypes) ? nullptr : found;
}

std::string_view without_dot(std::string_view extension) {
  return extension.empty() ? extension : extension.substr(1);
}

std::string lenient_percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? hex_byte(text.substr(i + 1, 2)) : std::nullopt;
    out += byte.value_or(text[i]);
    if (byte) i += 2;
  }
  return out;
}

bool has_alphanumeric(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || (c & 0x80) != 0; });
}

std::string_view last_of(std::string_view path, std::string_view separators) {
  return path.substr(path.find_last_of(separators) + 1);
}

/// Segments that name a program, not a file.
bool is_service_segment(std::string_view segment) {
  static constexpr std::string_view kServices[] = {
      "dlget",  "dlmeta", "links",   "getproduct", "sync",      "async",    "download", "downloads",
      "file",   "files",  "get",     "data",       "retrieve",  "soda",     "cutout",   "cutouts",
      "query",  "fetch",  "product", "products",   "preview",   "previews", "image",    "images",
      "stream", "access", "content", "link",       "datalink",  "tap",      "sia",      "ssa",
      "siap",   "ssap",   "getdata", "getimage",   "thumbnail", "results"};
  const std::string word = lower(segment);
  if (std::find(std::begin(kServices), std::end(kServices), word) != std::end(kServices)) return true;
  if (word == "siap.xml" || word == "ssap.xml" || word == "siap2.xml") return true;
  const std::string extension(without_dot(split_extension(word).extension));
  for (std::string_view script : {"php", "cgi", "jsp", "asp", "aspx", "do", "pl", "py", "action"}) {
    if (extension == script) return true;
  }
  return false;
}

/// A file named in a service's parameters: ".../Download/file?uri=mast:HST/product/abc_drz.fits".
std::string name_in_query(std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = query.find_first_of("&;");
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key = lower(pair.substr(0, equals));
    static constexpr std::string_view kKeys[] = {"file", "filename", "fname", "uri",       "path", "key",
                                                 "name", "product",  "url",   "productid", "id"};
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) continue;
    const std::string value = lenient_percent_decode(pair.substr(equals + 1));
    const std::string_view name = last_of(value, "/?:#=");
    if (is_known_extension(without_dot(split_extension(name).extension))) return std::string(name);
  }
  return {};
}

std::string name_in_url(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const std::size_t question = url.find('?');
  const std::string_view query = question == std::string_view::npos ? std::string_view{} : url.substr(question + 1);
  std::string_view path = url.substr(0, question);
  if (const std::size_t scheme = path.find("://"); scheme != std::string_view::npos) {
    const std::size_t slash = path.find('/', scheme + 3);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
  }
  std::string_view segment = last_of(path, "/");
  segment = segment.substr(0, segment.find(';'));  // ";jsessionid=..."
  const std::string name = lenient_percent_decode(segment);
  const bool usable =
      has_alphanumeric(name) && !is_service_segment(name) && (query.empty() || name.find('.') != std::string::npos);
  return usable ? std::string(last_of(name, "/\\")) : name_in_query(query);
}

/// Which dataset a service is asked about, when that is told as an IVOA identifier:
/// ".../links?ID=ivo://eso.org/ID?SPHER.2016&eso_download=file". A link need not be about the dataset that its document
/// is about. Other ids ("id=4711") are the service's own affair.
std::string dataset_in_query(std::string_view url) {
  const std::size_t question = url.find('?');
  std::string_view query = question == std::string_view::npos ? std::string_view{} : url.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (lower(pair.substr(0, 3)) != "id=") continue;
    const std::string value = lenient_percent_decode(pair.substr(3));
    if (lower(value).starts_with("ivo://")) return id_tail(value);
  }
  return {};
}

std::string best_word(const LinkNaming& link) {
  for (const std::string& column : {link.file_name, link.local_semantics}) {
    std::string_view word = last_of(trim(column), "/\\");
    while (word.starts_with('#')) word.remove_prefix(1);
    if (has_alphanumeric(word)) return std::string(word);
  }
  std::string name = name_in_url(link.url);
  if (!has_alphanumeric(name)) name = dataset_in_query(link.url);
  if (!has_alphanumeric(name)) name = id_tail(link.id);
  return has_alphanumeric(name) ? name : "unnamed";
}

/// `name` with an extension that its type accepts.
std::string with_extension(const std::string& name, std::string_view content_type) {
  const Type* type = type_of(content_type);
  if (type == nullptr) return name;
  const std::string has = lower(without_dot(split_extension(name).extension));
  if (!has.empty() && accepts(type->accepts, has)) return name;
  // "x.fits" of a compressed type is "x.fits.gz", not "x.fits.fits.gz".
  if (!has.empty() && type->extension.starts_with(has + "."))
    return name + std::string(type->extension.substr(has.size()));
  return name + "." + std::string(type->extension);
}

/// "i00811" of "i00811.fits": only extensions that mean something are taken off.
std::string without_known_extension(const std::string& name) {
  const NameParts parts = split_extension(name);
  return std::string(is_known_extension(without_dot(parts.extension)) ? parts.stem : std::string_view(name));
}

std::string preview_name(const std::string& word, const LinkNaming& link) {
  std::string name = without_known_extension(word);
  const std::string term = lower(semantics_word(link.semantics));
  if (!lower(name).ends_with(term)) name += "." + term;
  std::string extension = extension_for(link.content_type, word);
  // A preview of no known type behind a FITS name is most likely no FITS.
  if (type_of(link.content_type) == nullptr && accepts(kFits, lower(extension))) extension.clear();
  return is_known_extension(extension) ? name + "." + extension : name;
}

}  // namespace

std::string extension_for(std::string_view content_type, std::string_view hint) {
  const bool is_url = hint.find("://") != std::string_view::npos;
  const std::string hinted = is_url ? name_in_url(hint) : std::string(last_of(hint, "/"));
  const std::string_view extension = without_dot(split_extension(hinted).extension);
  const Type* type = type_of(content_type);
  if (type == nullptr) return std::string(extension);
  if (!extension.empty() && accepts(type->accepts, lower(extension))) return std::string(extension);
  return std::string(type->extension);
}

std::string link_name(const LinkNaming& link) {
  if (has_alphanumeric(link.configured)) {
    return safe_name(with_extension(safe_name(link.configured), link.content_type));
  }
  const std::string word = safe_name(best_word(link));
  if (is_preview(link.semantics)) return safe_name(preview_name(word, link));
  return safe_name(with_extension(word, link.content_type));
}

}  // namespace skymount::vo
