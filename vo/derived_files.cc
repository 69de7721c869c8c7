// SPDX-License-Identifier: MIT
#include "vo/derived_files.h"

#include "vo/file_names.h"
#include "vo/fits/header_text.h"
#include "vo/fits/picture.h"
#include "vo/fits/promised_size.h"
#include "vo/fits/unpacked.h"
#include "vo/fits_entries.h"

#include <array>
#include <atomic>
#include <functional>

namespace skymount::vo {
namespace {

constexpr std::array<std::string_view, 3> kPacked = {".gz", ".Z", ".bz2"};
// Pieces in which what is inside is handed on.
constexpr std::size_t kPiece = 256 * 1024;

/// One pass over the packed file delivers all of it.
class UnpackedSource final : public cache::ByteSource {
 public:
  UnpackedSource(cache::ContentId id, std::shared_ptr<cache::ContentReader> packed, std::optional<std::uint64_t> size,
                 std::uint64_t room)
      : id_(std::move(id)),
        packed_(std::move(packed)),
        most_(most_inside(packed_->size(), room)),
        size_(size.value_or(kUnknown)) {}

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override {
    const std::uint64_t size = size_;
    return size == kUnknown ? std::nullopt : std::optional(size);
  }
  bool whole_only() const override { return true; }
  bool reads_others() const override { return true; }
  unsigned parallel_fetches() const override { return packed_->source()->parallel_fetches(); }

  Result<void> fetch(ByteRange, const Sink& sink, const FetchContext& ctx) override {
    // Through its readers' pattern: it is read from beginning to end, so it is fetched ahead on all connections.
    Unpacked unpacked(packed_->size(), [&](ByteRange range) { return packed_->read(range, ctx); });
    Bytes piece(kPiece);
    std::uint64_t at = 0;
    for (;;) {
      const Result<std::size_t> came = unpacked.next(piece);
      if (!came) return fail(came.error());
      if (*came == 0) break;
      if (at + *came > most_) {
        return fail(Code::too_large, "what is compressed in it is larger than " + std::to_string(most_) +
                                         " bytes: half of what the cache may hold ([cache] size), 64 GiB, and above "
                                         "4 GiB a hundred times the file are the most");
      }
      if (Result<void> done = sink(at, ByteView(piece).first(*came)); !done) return done;
      at += *came;
    }
    size_ = at;
    return {};
  }

 private:
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
  const cache::ContentId id_;
  const std::shared_ptr<cache::ContentReader> packed_;
  const std::uint64_t most_;
  std::atomic<std::uint64_t> size_;
};

Result<Bytes> headers_of(cache::ContentReader& file, const FetchContext& ctx) {
  const auto read = [&](ByteRange range) { return file.read_alone(range, ctx); };
  const Result<std::string> text = headers_as_text(file.size(), read);
  if (!text) return fail(text.error());
  return to_bytes(*text);
}

Result<Bytes> picture_in(cache::ContentReader& file, Workers* workers, const FetchContext& ctx) {
  if (workers == nullptr) return fail(Code::unsupported, "pictures are not made on this machine");
  const FetchContext ahead{Priority::prefetch, ctx.cause, ctx.deadline, {}};
  return picture_of(
      file.size(), [&](ByteRange range) { return file.read_alone(range, ctx); },
      [&](ByteRange range) { file.fetch_ahead(range, ahead); }, *workers, ctx);
}

using MakeBytes = std::function<Result<Bytes>(cache::ContentReader&, const FetchContext&)>;

/// Some kB that were made of another file; made again when the cache has forgotten them.
class SmallSource final : public cache::ByteSource {
 public:
  SmallSource(cache::ContentId id, std::shared_ptr<cache::ContentReader> file, MakeBytes make, std::uint64_t size)
      : id_(std::move(id)), file_(std::move(file)), make_(std::move(make)), size_(size) {}

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return size_; }
  bool whole_only() const override { return true; }
  bool reads_others() const override { return true; }
  unsigned parallel_fetches() const override { return file_->source()->parallel_fetches(); }

  Result<void> fetch(ByteRange, const Sink& sink, const FetchContext& ctx) override {
    const Result<Bytes> made = make_(*file_, ctx);
    if (!made) return fail(made.error());
    if (made->size() != size_) return fail(Code::stale, "what is made of this file is not what it was before");
    return sink(0, *made);
  }

 private:
  const cache::ContentId id_;
  const std::shared_ptr<cache::ContentReader> file_;
  const MakeBytes make_;
  const std::uint64_t size_;
};

MakeBytes maker_of(const Entry& entry, std::shared_ptr<Workers> workers) {
  if (entry.local->made == LocalCut::Made::headers) return headers_of;
  return [workers = std::move(workers)](cache::ContentReader& file, const FetchContext& ctx) {
    return picture_in(file, workers.get(), ctx);
  };
}

/// The version is that of the other file, and of how we show it.
cache::ContentId id_of(const std::string& archive, const Entry& entry, const cache::ContentId& of) {
  return {archive, of.auth, entry.identity, "derived 1 " + of.hex()};
}

}  // namespace

Entry unpacked_entry_of(const Entry& packed) {
  Entry out = packed;
  out.identity = "unpacked:" + packed.identity;
  out.content_type = "application/fits";
  out.size_estimate.reset();
  auto made = std::make_shared<LocalCut>();
  made->of = packed;
  made->made = LocalCut::Made::unpacked;
  out.local = std::move(made);
  return out;
}

std::optional<Entry> header_entry(const Entry& file) {
  constexpr std::string_view kExtension = ".hdr";
  if (!has_header_text(file) || file.name.size() + kExtension.size() > kMaxNameBytes) return std::nullopt;
  Entry out = file;
  out.name += kExtension;
  out.identity = "headers:" + file.identity;
  out.semantics.clear();
  out.description = "the FITS headers of " + file.name;
  out.content_type = "text/plain";
  out.size_estimate.reset();
  auto made = std::make_shared<LocalCut>();
  made->of = file;
  made->made = LocalCut::Made::headers;
  out.local = std::move(made);
  return out;
}

std::optional<Entry> picture_entry(const Entry& file) {
  constexpr std::string_view kExtension = ".png";
  if (!is_fits(file) || file.links_document || file.name.size() + kExtension.size() > kMaxNameBytes)
    return std::nullopt;
  Entry out = file;
  out.name += kExtension;
  out.identity = "picture:" + file.identity;
  out.service.reset();
  out.semantics.clear();
  out.description = "a picture of " + file.name;
  out.content_type = "image/png";
  out.size_estimate.reset();
  auto made = std::make_shared<LocalCut>();
  made->of = file;
  made->made = LocalCut::Made::picture;
  out.local = std::move(made);
  return out;
}

std::optional<Entry> unpacked_entry(const Entry& packed) {
  if (!has_header_text(packed)) return std::nullopt;
  for (const std::string_view extension : kPacked) {
    if (!packed.name.ends_with(extension)) continue;
    Entry out = unpacked_entry_of(packed);
    out.name = packed.name.substr(0, packed.name.size() - extension.size());
    return out;
  }
  return std::nullopt;
}

std::vector<Entry> made_of(const Entry& file) {
  std::vector<Entry> out;
  if (auto headers = header_entry(file)) out.push_back(std::move(*headers));
  if (auto picture = picture_entry(file)) out.push_back(std::move(*picture));
  if (!file.service && !file.table) out.push_back(unpacked_entry_of(file));
  return out;
}

DerivedFiles::DerivedFiles(std::string archive, std::shared_ptr<Knowledge> knowledge, cache::BlockCache& blocks,
                           const Clock& clock, std::shared_ptr<Workers> workers, OpensFiles files)
    : archive_(std::move(archive)),
      knowledge_(std::move(knowledge)),
      blocks_(blocks),
      clock_(clock),
      workers_(std::move(workers)),
      files_(std::move(files)) {}

/// What was made before and is still of this version.
DerivedFiles::Reader DerivedFiles::known(const Entry& entry, const Reader& of) {
  const cache::ContentId id = id_of(archive_, entry, of->id());
  if (Reader open = knowledge_->readers->find(id)) return open;
  const std::optional<FileRecord> record = knowledge_->records.get(entry.identity);
  if (!record || record->withdrawn || record->learned.version != id.version || !record->learned.size) return nullptr;
  const std::uint64_t size = *record->learned.size;
  if (entry.local->made != LocalCut::Made::unpacked) return small_file(entry, id, of, size);
  return knowledge_->readers->find_or_make(std::make_shared<UnpackedSource>(id, of, size, blocks_.room()), size);
}

DerivedFiles::Reader DerivedFiles::small_file(const Entry& entry, const cache::ContentId& id, const Reader& of,
                                              std::uint64_t size) {
  return knowledge_->readers->find_or_make(std::make_shared<SmallSource>(id, of, maker_of(entry, workers_), size),
                                           size);
}

DerivedFiles::Reader DerivedFiles::open_in_memory(const Entry& entry, const Renew& renew) {
  Reader of = files_.open_in_memory(entry.local->of, renew);
  if (of && entry.local->made == LocalCut::Made::picture) {
    const Entry unpacked = unpacked_entry_of(entry.local->of);
    if (knowledge_->records.get(unpacked.identity)) of = open_in_memory(unpacked, renew);
  }
  return of ? known(entry, of) : nullptr;
}

Result<DerivedFiles::Reader> DerivedFiles::open(const Entry& entry, const FetchContext& ctx, const Renew& renew) {
  Result<Reader> of = open_original(files_, knowledge_->records, entry.local->of, ctx, renew);
  if (of) of = inside(entry, *of, ctx, renew);
  if (!of) return of;
  if (Reader reader = known(entry, *of)) return reader;
  Result<Reader> made =
      entry.local->made == LocalCut::Made::unpacked ? unpack(entry, *of, ctx) : make_small(entry, *of, ctx);
  if (!made) return fail(std::move(made).error().during(entry.local->of.name));
  return made;
}

/// What a picture is made of: the file, or what is compressed in it.
Result<DerivedFiles::Reader> DerivedFiles::inside(const Entry& entry, const Reader& file, const FetchContext& ctx,
                                                  const Renew& renew) {
  if (entry.local->made != LocalCut::Made::picture) return file;
  const Result<SharedBytes> head = file->read_alone({0, 3}, ctx);
  if (!head) return fail(head.error());
  if (packing_of(head->view()) == Packing::none) return file;
  return open(unpacked_entry_of(entry.local->of), ctx, renew);
}

Result<DerivedFiles::Reader> DerivedFiles::make_small(const Entry& entry, const Reader& file, const FetchContext& ctx) {
  const Result<Bytes> made = maker_of(entry, workers_)(*file, ctx);
  if (!made) return fail(made.error());
  const cache::ContentId id = id_of(archive_, entry, file->id());
  blocks_.put(id, 0, *made, made->size());
  learn(entry, id, made->size());
  return small_file(entry, id, file, made->size());
}

Result<DerivedFiles::Reader> DerivedFiles::unpack(const Entry& entry, const Reader& packed, const FetchContext& ctx) {
  const cache::ContentId id = id_of(archive_, entry, packed->id());
  const auto source = std::make_shared<UnpackedSource>(id, packed, std::nullopt, blocks_.room());
  const Result<std::uint64_t> size = blocks_.complete(source, ctx);
  if (!size) {
    if (size.error().code() == Code::corrupt || size.error().code() == Code::too_large) blocks_.drop(id);
    return fail(size.error());
  }
  if (!blocks_.has_all(id, *size)) return fail(answer_not_kept(*size));
  // compress (.Z) has no sum, and an early end of it looks like any other.
  const Result<void> whole =
      holds_what_its_headers_promise(*size, [&](ByteRange range) { return blocks_.read_cached(id, range); });
  if (!whole) {
    blocks_.drop(id);
    return fail(whole.error());
  }
  learn(entry, id, *size);
  return knowledge_->readers->find_or_make(source, *size);
}

void DerivedFiles::learn(const Entry& entry, const cache::ContentId& id, std::uint64_t size) {
  const std::optional<FileRecord> older = knowledge_->records.get(entry.identity);
  if (older && older->learned.version != id.version && !older->learned.version.empty())
    knowledge_->readers->drop_when_unused({archive_, older->learned.auth, entry.identity, older->learned.version});
  LearnedFile learned;
  learned.version = id.version;
  learned.auth = id.auth;
  learned.size = size;
  learned.content_type = entry.content_type;
  knowledge_->records.put(entry.identity, {learned, /*computed=*/true, false, false, clock_.now()});
}

}  // namespace skymount::vo
