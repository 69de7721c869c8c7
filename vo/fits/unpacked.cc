// SPDX-License-Identifier: MIT
#include "vo/fits/unpacked.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <optional>
#include <string>

namespace skymount::vo {
namespace {

constexpr std::uint64_t kStep = 64 * 1024;  // a header packs into less; four of the cache's granules

}  // namespace

Packing packing_of(ByteView head) {
  if (head.size() < 3) return Packing::none;
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(head[i]); };
  if (byte(0) == 0x1f && byte(1) == 0x8b) return Packing::gzip;
  if (byte(0) == 0x1f && byte(1) == 0x9d) return Packing::compress;
  if (as_text(head).starts_with("BZh")) return Packing::bzip2;
  return Packing::none;
}

std::string_view name_of(Packing packing) {
  switch (packing) {
    case Packing::none: return "not compressed";
    case Packing::gzip: return "gzip";
    case Packing::compress: return "compress (.Z)";
    case Packing::bzip2: return "bzip2";
  }
  return "";
}

/// libarchive pulls: it asks for the next packed bytes when it needs them.
class Unpacked::Stream {
 public:
  Stream(std::uint64_t size, ReadRange read) : size_(size), read_(std::move(read)) {}
  ~Stream() {
    if (archive_ != nullptr) archive_read_free(archive_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Result<std::size_t> next(std::span<std::byte> out) {
    if (Result<void> open = begin(); !open) return fail(open.error());
    const la_ssize_t came = archive_read_data(archive_, out.data(), out.size());
    if (came < 0) return fail(reason());
    return static_cast<std::size_t>(came);
  }

 private:
  Result<void> begin() {
    if (begun_) return {};
    begun_ = true;
    archive_ = archive_read_new();
    if (archive_ == nullptr) return fail(Code::unavailable, "no memory to unpack with");
    // Just these: each further format would be one more parser for what archives send.
    archive_read_support_filter_gzip(archive_);
    archive_read_support_filter_compress(archive_);
    archive_read_support_filter_bzip2(archive_);
    archive_read_support_format_raw(archive_);
    const int opened = archive_read_open(archive_, this, nullptr, &Stream::pull, nullptr);
    archive_entry* entry = nullptr;
    if (opened != ARCHIVE_OK || archive_read_next_header(archive_, &entry) != ARCHIVE_OK) return fail(reason());
    return {};
  }

  static la_ssize_t pull(archive* a, void* self, const void** buffer) {
    auto& stream = *static_cast<Stream*>(self);
    const std::uint64_t length = std::min(kStep, stream.size_ - stream.at_);
    if (length == 0) return 0;
    Result<SharedBytes> bytes = stream.read_({stream.at_, length});
    if (!bytes) {
      stream.failed_ = bytes.error();
      archive_set_error(a, -1, "no bytes");
      return -1;
    }
    stream.held_ = std::move(*bytes);
    stream.at_ += stream.held_.size();
    *buffer = stream.held_.view().data();
    return static_cast<la_ssize_t>(stream.held_.size());
  }

  Error reason() const {
    if (failed_) return *failed_;
    const char* words = archive_error_string(archive_);
    return {Code::corrupt,
            std::string("the compressed file is damaged: ") + (words == nullptr ? "no reason given" : words)};
  }

  const std::uint64_t size_;
  const ReadRange read_;
  archive* archive_ = nullptr;
  bool begun_ = false;
  std::uint64_t at_ = 0;
  SharedBytes held_;
  std::optional<Error> failed_;
};

Unpacked::Unpacked(std::uint64_t size, ReadRange read) : stream_(std::make_unique<Stream>(size, std::move(read))) {}
Unpacked::~Unpacked() = default;

Result<std::size_t> Unpacked::next(std::span<std::byte> out) {
  return stream_->next(out);
}

}  // namespace skymount::vo
