// SPDX-License-Identifier: MIT
#include "vo/votable/reader.h"

#include "vo/votable/document.h"
#include "vo/votable/encoding.h"
#include "vo/votable/gunzip.h"

#include <algorithm>
#include <optional>

namespace skymount::vo {

// From bytes to text: gzip, the size limit, the encoding. The text goes to Document.
class VotableReader::Impl {
 public:
  Impl(OnMeta on_meta, OnRow on_row, const VotableLimits& limits)
      : limits_(limits), document_(std::move(on_meta), std::move(on_row), limits) {}

  Result<void> feed(ByteView bytes) {
    // In slices: what is held back and what is unpacked stays small however much comes at once.
    constexpr std::size_t kSlice = 64 * 1024;
    for (std::string_view rest = as_text(bytes); !rest.empty(); rest.remove_prefix(std::min(kSlice, rest.size()))) {
      if (error_) break;
      if (auto taken = take(rest.substr(0, kSlice)); !taken) error_ = taken.error();
    }
    if (error_) return fail(*error_);
    return {};
  }

  Result<TableMeta> finish() {
    if (error_) return fail(*error_);
    auto meta = end();
    error_ = meta ? Error(Code::invalid, "the document was finished before") : meta.error();
    return meta;
  }

 private:
  Result<void> take(std::string_view bytes) {
    if (!sniffed_) {
      head_ += bytes;
      if (head_.size() < 2) return {};
      return begin();
    }
    return gunzip_ ? gunzip_->feed(bytes, [this](std::string_view piece) { return take_plain(piece); })
                   : take_plain(bytes);
  }

  Result<void> begin() {
    sniffed_ = true;
    if (starts_like_gzip(head_)) gunzip_.emplace();
    const std::string head = std::move(head_);
    return take(head);
  }

  Result<void> take_plain(std::string_view bytes) {
    size_ += bytes.size();
    if (size_ > limits_.document_bytes) {
      return fail(Code::too_large, "the document is longer than " + std::to_string(limits_.document_bytes) + " bytes");
    }
    return take_text(decoder_.feed(bytes));
  }

  Result<void> take_text(const Result<std::string_view>& text) {
    if (!text) return fail(text.error());
    return document_.feed(*text);
  }

  Result<TableMeta> end() {
    if (!sniffed_) {
      if (auto begun = begin(); !begun) return fail(begun.error());
    }
    if (gunzip_) {
      if (auto ended = gunzip_->finish(); !ended) return fail(ended.error());
    }
    if (auto ended = take_text(decoder_.finish()); !ended) return fail(ended.error());
    return document_.finish();
  }

  const VotableLimits limits_;
  bool sniffed_ = false;
  std::string head_;
  std::optional<Gunzip> gunzip_;
  TextDecoder decoder_;
  std::uint64_t size_ = 0;
  Document document_;
  std::optional<Error> error_;
};

VotableReader::VotableReader(OnMeta on_meta, OnRow on_row, VotableLimits limits)
    : impl_(std::make_unique<Impl>(std::move(on_meta), std::move(on_row), limits)) {}
VotableReader::~VotableReader() = default;

Result<void> VotableReader::feed(ByteView bytes) {
  return impl_->feed(bytes);
}
Result<TableMeta> VotableReader::finish() {
  return impl_->finish();
}

Result<Table> read_votable(ByteView document, VotableLimits limits) {
  Table table;
  VotableReader reader([](const TableMeta&) { return Result<void>(); },
                       [&](const Row& row) {
                         table.append(row);
                         return Result<void>();
                       },
                       limits);
  if (auto fed = reader.feed(document); !fed) return fail(fed.error());
  auto meta = reader.finish();
  if (!meta) return fail(meta.error());
  if (meta->status.kind == QueryStatus::Kind::error) {
    table = Table();  // rows of a failed query mean nothing
    meta->row_count = 0;
  }
  table.meta = std::move(*meta);
  return table;
}

bool looks_like_votable(ByteView head) {
  std::string text;
  const auto keep = [&](std::string_view piece) {
    text += piece.substr(0, 4096 - std::min<std::size_t>(4096, text.size()));
    return Result<void>();
  };
  std::string_view bytes = as_text(head).substr(0, 4096);
  if (starts_like_gzip(bytes)) {
    Gunzip gunzip;
    static_cast<void>(gunzip.feed(bytes, keep));  // a head is cut off somewhere; what came out is what counts
    bytes = text;
  }
  TextDecoder decoder;
  std::string decoded;
  if (const auto some = decoder.feed(bytes)) decoded = *some;
  if (const auto rest = decoder.finish()) decoded += *rest;
  XmlSplitter splitter({});
  splitter.feed(decoded);
  for (XmlToken token; splitter.next(token) == XmlSplitter::Next::token;) {
    if (token.kind == XmlToken::Kind::start || token.kind == XmlToken::Kind::empty) return token.local() == "VOTABLE";
    if (token.kind != XmlToken::Kind::doctype && token.raw.find_first_not_of(" \t\r\n") != std::string_view::npos) {
      return false;
    }
  }
  // The root's tag may be cut off by the end of the head.
  return decoded.find("VOTABLE") != std::string::npos && decoded.find("xmlns") != std::string::npos;
}

}  // namespace skymount::vo
