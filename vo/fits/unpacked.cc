// SPDX-License-Identifier: MIT
#include "vo/fits/unpacked.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

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

namespace {

/// The packed bytes, a step at a time.
class Packed {
 public:
  Packed(std::uint64_t size, ReadRange read) : size_(size), read_(std::move(read)) {}

  /// The next ones, which stay until the next call; none at the end. Errors  as `read`; corrupt: it gave too few.
  Result<ByteView> next() {
    if (std::exchange(again_, false)) return held_.view();
    const std::uint64_t length = std::min(kStep, size_ - at_);
    if (length == 0) return ByteView();
    Result<SharedBytes> bytes = read_({at_, length});
    if (!bytes) return fail(bytes.error());
    if (bytes->size() == 0) return fail(Code::corrupt, "the compressed file ends before its length");
    held_ = std::move(*bytes);
    at_ += held_.size();
    return held_.view();
  }
  /// The same once more at the next call.
  void push_back() { again_ = true; }

 private:
  const std::uint64_t size_;
  const ReadRange read_;
  std::uint64_t at_ = 0;
  SharedBytes held_;
  bool again_ = false;
};

Error damaged(const std::string& how) {
  return {Code::corrupt, "the compressed file is damaged: " + how};
}

}  // namespace

class Unpacked::Stream {
 public:
  virtual ~Stream() = default;
  virtual Result<std::size_t> next(std::span<std::byte> out) = 0;
};

namespace {

/// gzip (RFC 1952) by zlib, which compares the sum and the length behind each member; libarchive passes over both.
class Inflated final : public Unpacked::Stream {
 public:
  explicit Inflated(Packed packed) : packed_(std::move(packed)) {}
  ~Inflated() override {
    if (begun_) inflateEnd(&z_);
  }

  Result<std::size_t> next(std::span<std::byte> out) override {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (!begun_ && inflateInit2(&z_, kGzipOnly) != Z_OK) return fail(Code::unavailable, "no memory to unpack with");
    begun_ = true;
    z_.next_out = reinterpret_cast<Bytef*>(out.data());
    z_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), std::numeric_limits<uInt>::max()));
    const uInt wanted = z_.avail_out;
    while (z_.avail_out > 0) {
      if (z_.avail_in == 0) {
        const Result<ByteView> came = packed_.next();
        if (!came) return fail(came.error());
        if (came->empty() && in_member_) return fail(damaged("it ends early"));
        if (came->empty()) break;
        z_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(came->data()));
        z_.avail_in = static_cast<uInt>(came->size());
      }
      if (!in_member_ && !begin_member()) continue;
      const int state = inflate(&z_, Z_NO_FLUSH);
      if (state != Z_OK && state != Z_STREAM_END) return fail(damaged(z_.msg == nullptr ? "no gzip" : z_.msg));
      if (state == Z_STREAM_END) in_member_ = false;
    }
    return wanted - z_.avail_out;
  }

 private:
  /// Between members there may be zeros: tapes and some writers fill up with them. Nothing else: what does not begin as
  /// a member is refused by inflate.
  bool begin_member() {
    while (any_member_ && z_.avail_in > 0 && *z_.next_in == 0) {
      ++z_.next_in;
      --z_.avail_in;
    }
    if (z_.avail_in == 0) return false;
    if (any_member_) inflateReset(&z_);
    any_member_ = in_member_ = true;
    return true;
  }

  Packed packed_;
  z_stream z_{};
  bool begun_ = false, in_member_ = false, any_member_ = false;
};

/// libarchive pulls: it asks for the next packed bytes when it needs them.
class Filtered final : public Unpacked::Stream {
 public:
  explicit Filtered(Packed packed) : packed_(std::move(packed)) {}
  ~Filtered() override {
    if (archive_ != nullptr) archive_read_free(archive_);
  }
  Filtered(const Filtered&) = delete;
  Filtered& operator=(const Filtered&) = delete;

  Result<std::size_t> next(std::span<std::byte> out) override {
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
    archive_read_support_filter_compress(archive_);
    archive_read_support_filter_bzip2(archive_);
    archive_read_support_format_raw(archive_);
    const int opened = archive_read_open(archive_, this, nullptr, &Filtered::pull, nullptr);
    archive_entry* entry = nullptr;
    if (opened != ARCHIVE_OK || archive_read_next_header(archive_, &entry) != ARCHIVE_OK) return fail(reason());
    // What no filter takes libarchive would hand on as it is.
    if (archive_filter_code(archive_, 0) == ARCHIVE_FILTER_NONE) return fail(damaged("only its first bytes are right"));
    return {};
  }

  static la_ssize_t pull(archive* a, void* self, const void** buffer) {
    auto& stream = *static_cast<Filtered*>(self);
    const Result<ByteView> bytes = stream.packed_.next();
    if (!bytes) {
      stream.failed_ = bytes.error();
      archive_set_error(a, -1, "no bytes");
      return -1;
    }
    *buffer = bytes->data();
    return static_cast<la_ssize_t>(bytes->size());
  }

  Error reason() const {
    if (failed_) return *failed_;
    const char* words = archive_error_string(archive_);
    return damaged(words == nullptr ? "no reason given" : words);
  }

  Packed packed_;
  archive* archive_ = nullptr;
  bool begun_ = false;
  std::optional<Error> failed_;
};

/// Chooses at the first bytes.
class Chosen final : public Unpacked::Stream {
 public:
  explicit Chosen(Packed packed) : packed_(std::move(packed)) {}

  Result<std::size_t> next(std::span<std::byte> out) override {
    if (!chosen_) {
      const Result<ByteView> head = packed_.next();
      if (!head) return fail(head.error());
      const Packing packing = packing_of(*head);
      if (packing == Packing::none) return fail(Code::corrupt, "the file is not compressed, whatever its name says");
      packed_.push_back();
      if (packing == Packing::gzip)
        chosen_ = std::make_unique<Inflated>(std::move(packed_));
      else
        chosen_ = std::make_unique<Filtered>(std::move(packed_));
    }
    return chosen_->next(out);
  }

 private:
  Packed packed_;
  std::unique_ptr<Unpacked::Stream> chosen_;
};

}  // namespace

std::uint64_t most_inside(std::uint64_t packed, std::uint64_t room) {
  constexpr std::uint64_t kAnyway = 4_GiB, kEver = 64_GiB;  // plates and cubes have less
  constexpr std::uint64_t kRatio = 100;                     // pixels pack to a half, masks to some percent
  const std::uint64_t by_ratio = std::max(kAnyway, packed > kEver / kRatio ? kEver : packed * kRatio);
  return std::min({by_ratio, kEver, room / 2});
}

Unpacked::Unpacked(std::uint64_t size, ReadRange read)
    : stream_(std::make_unique<Chosen>(Packed(size, std::move(read)))) {}
Unpacked::~Unpacked() = default;

Result<std::size_t> Unpacked::next(std::span<std::byte> out) {
  return stream_->next(out);
}

}  // namespace skymount::vo
