// SPDX-License-Identifier: MIT
//
// The only file that knows the LMDB library. The map of the file grows when it is full, and follows when the other
// process made it grow; LMDB only allows either while no transaction of this process is open, so transactions hold
// `map_` shared.
#include "cache/lmdb_environment.h"

#include <lmdb.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "cache/base/log.h"
#include "cache/base/record.h"

namespace skymount::cache {
namespace {

// What this build reads and writes. A change of any record's layout in the index counts it up.
constexpr std::uint32_t kFormat = 1;
constexpr const char* kAboutDb = "about";
constexpr const char* kFormatKey = "format";
constexpr const char* kDbNames[Lmdb::kDbCount] = {"listings", "links", "contents", "services",
                                                  "saved",    "files", "extents",  "jobs"};

// Disk space that the index keeps for itself, so that a disk filled by blocks still takes listings, saved questions and
// the records of those blocks; at most this part of what is free, for disks of some megabytes.
constexpr std::uint64_t kReserve = 8_MiB, kReservePart = 8;

// Readers hold a slot only during a transaction of microseconds; this is for a crowd of processes that were killed.
constexpr unsigned kReaderSlots = 512;

MDB_val as_val(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
MDB_val as_val(ByteView bytes) {
  return {bytes.size(), const_cast<std::byte*>(bytes.data())};
}
ByteView as_view(const MDB_val& val) {
  return {static_cast<const std::byte*>(val.mv_data), val.mv_size};
}

Code code_of(int rc) {
  switch (rc) {
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INCOMPATIBLE: return Code::corrupt;
    case ENOSPC:
    case EDQUOT: return Code::no_space;
    case EACCES:
    case EPERM:
    case EROFS: return Code::denied;
    case ENOENT:
    case ENOTDIR: return Code::invalid;
    default: return Code::unavailable;
  }
}

/// A transaction that aborts unless it was committed.
class Txn {
 public:
  explicit Txn(MDB_txn* txn) : txn_(txn) {}
  ~Txn() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  Txn(const Txn&) = delete;
  Txn& operator=(const Txn&) = delete;
  MDB_txn* get() const { return txn_; }
  int commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

 private:
  MDB_txn* txn_;
};

}  // namespace

class LmdbEnvironment::Impl {
 public:
  Impl(std::filesystem::path dir, std::uint64_t map_size) : dir_(std::move(dir)), map_size_(map_size) {}
  ~Impl() {
    // In a child of fork() the handle belongs to the parent; closing it would release the parent's locks.
    if (env_ != nullptr && pid_ == getpid()) mdb_env_close(env_);
  }

  Result<void> open();
  bool ours() const { return pid_ == getpid(); }

  /// Runs `body(txn)` in a read transaction. Returns the library's code; `body` returns one, too.
  template <class F>
  int read(F&& body) const {
    return transact(MDB_RDONLY, [&](Txn& txn) { return body(txn.get()); });
  }
  /// Runs and commits `body(txn)`; again from the start, with a larger map, when the map was full.
  template <class F>
  int write(F&& body) const {
    for (;;) {
      const int rc = transact(0, [&](Txn& txn) {
        const int done = body(txn.get());
        return done == MDB_SUCCESS ? txn.commit() : done;
      });
      if (rc != MDB_MAP_FULL) return rc;
      if (const int grown = grow(); grown != MDB_SUCCESS) return grown;
    }
  }
  MDB_dbi dbi(Lmdb::Db db) const { return dbi_[static_cast<std::size_t>(db)]; }
  Error error(int rc, std::string_view doing) const;

  std::optional<Bytes> get(Lmdb::Db db, std::string_view key) const;
  Result<void> commit(const GatheredChanges& changes) const;
  std::size_t copy_some(Lmdb::Db db, std::string_view prefix, std::string& from,
                        std::map<std::string, Bytes>& out) const;

 private:
  int write_one(MDB_txn* txn, Lmdb::Db db, const std::string& key, const Change& change) const;
  template <class F>
  int transact(unsigned flags, F&& body) const;
  int grow() const;
  void reserve() const;
  Result<void> own_lock_file() const;
  Result<void> check_length() const;
  Result<void> open_databases();
  int open_databases_in(MDB_txn* txn, std::uint32_t& format_found, bool& foreign);

  std::filesystem::path dir_;
  std::uint64_t map_size_;
  MDB_env* env_ = nullptr;
  pid_t pid_ = getpid();
  std::array<MDB_dbi, Lmdb::kDbCount> dbi_{};
  mutable std::shared_mutex map_;
  mutable std::atomic<std::uint64_t> reserved_to_{0};  // length up to which data.mdb has disk space
};

template <class F>
int LmdbEnvironment::Impl::transact(unsigned flags, F&& body) const {
  for (;;) {
    {
      std::shared_lock map(map_);
      MDB_txn* raw = nullptr;
      const int begun = mdb_txn_begin(env_, nullptr, flags, &raw);
      if (begun == MDB_SUCCESS) {
        Txn txn(raw);
        return body(txn);
      }
      if (begun != MDB_MAP_RESIZED) return begun;
    }
    std::unique_lock map(map_);  // another process made the map larger: take over its size
    if (const int rc = mdb_env_set_mapsize(env_, 0); rc != MDB_SUCCESS) return rc;
  }
}

int LmdbEnvironment::Impl::grow() const {
  std::unique_lock map(map_);
  MDB_envinfo info;
  if (const int rc = mdb_env_info(env_, &info); rc != MDB_SUCCESS) return rc;
  log(LogLevel::debug, "cache index: the map grows to " + std::to_string(2 * info.me_mapsize) + " bytes");
  return mdb_env_set_mapsize(env_, 2 * info.me_mapsize);
}

Error LmdbEnvironment::Impl::error(int rc, std::string_view doing) const {
  const Code code = code_of(rc);
  std::string what = "cache index " + dir_.string() + ": " + std::string(doing) + ": " + mdb_strerror(rc);
  if (code == Code::corrupt) what += "; it is damaged or not skymount's: delete it, or choose another with --cache DIR";
  if (code == Code::denied || code == Code::no_space) what += "; choose another with --cache DIR";
  return {code, std::move(what)};
}

Result<void> LmdbEnvironment::Impl::open() {
  int rc = mdb_env_create(&env_);
  if (rc != MDB_SUCCESS) return fail(error(rc, "creating"));
  mdb_env_set_maxdbs(env_, Lmdb::kDbCount + 1);
  mdb_env_set_maxreaders(env_, kReaderSlots);
  mdb_env_set_mapsize(env_, map_size_);
  mdb_env_set_userctx(env_, this);
  mdb_env_set_assert(env_, [](MDB_env* env, const char* what) {
    auto* self = static_cast<Impl*>(mdb_env_get_userctx(env));
    log(LogLevel::error, self->error(MDB_CORRUPTED, what).what());
  });
  // NOTLS: a reader's slot belongs to its transaction and is free again right after, however many threads there are.
  // NOMETASYNC: a commit costs one sync; after a power cut the last one may be missing, never half there.
  if (auto owned = own_lock_file(); !owned) return owned;
  rc = mdb_env_open(env_, dir_.c_str(), MDB_NOMETASYNC | MDB_NOTLS, 0600);
  if (rc != MDB_SUCCESS) return fail(error(rc, "opening"));
  mdb_reader_check(env_, nullptr);  // frees the slots of processes that were killed
  auto opened = check_length().and_then([&] { return open_databases(); });
  if (opened) reserve();
  return opened;
}

/// The file of reader slots is mapped and has holes at first: on a full disk, using one would be a SIGBUS. Only before
/// the library opens it: closing any descriptor of the file would take the library's locks away.
Result<void> LmdbEnvironment::Impl::own_lock_file() const {
  const int fd = ::open((dir_ / "lock.mdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return {};  // the library will say why
  // It makes the file some 64 bytes a slot long; its length is the library's affair. Not each filesystem can do it.
  const int why = ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 2 * 64 * kReaderSlots) == 0 ? 0 : errno;
  ::close(fd);
  if (why == ENOSPC || why == EDQUOT) return fail(error(why, "opening"));
  return {};
}

/// Disk space behind the end of the file, for the commits to come. Where the filesystem cannot do that, or has no room,
/// a full disk means that commits fail.
void LmdbEnvironment::Impl::reserve() const {
  MDB_envinfo info;
  MDB_stat stat;
  if (mdb_env_info(env_, &info) != MDB_SUCCESS || mdb_env_stat(env_, &stat) != MDB_SUCCESS) return;
  const std::uint64_t used = (info.me_last_pgno + 1) * stat.ms_psize;
  if (used + kReserve / 2 <= reserved_to_) return;
  int fd = -1;
  struct statvfs disk = {};
  if (mdb_env_get_fd(env_, &fd) != MDB_SUCCESS || ::fstatvfs(fd, &disk) != 0) return;
  const std::uint64_t bytes = std::min(kReserve, disk.f_bavail * disk.f_frsize / kReservePart);
  if (bytes > 0 && ::fallocate(fd, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(used), static_cast<off_t>(bytes)) == 0)
    reserved_to_ = used + bytes;
}

Result<void> LmdbEnvironment::Impl::check_length() const {
  MDB_envinfo info;
  MDB_stat stat;
  struct stat file = {};
  mdb_env_info(env_, &info);
  mdb_env_stat(env_, &stat);
  // Pages behind the end of a cut-off file would be a SIGBUS at their first use. A fresh environment has no pages yet.
  if (::stat((dir_ / "data.mdb").c_str(), &file) == 0 && info.me_last_txnid > 0 &&
      static_cast<std::uint64_t>(file.st_size) < (info.me_last_pgno + 1) * stat.ms_psize) {
    return fail(error(MDB_CORRUPTED, "data.mdb is shorter than its own header says"));
  }
  return {};
}

int LmdbEnvironment::Impl::open_databases_in(MDB_txn* txn, std::uint32_t& format_found, bool& foreign) {
  MDB_dbi about = 0, main = 0;
  int rc = mdb_dbi_open(txn, kAboutDb, 0, &about);
  if (rc == MDB_NOTFOUND) {
    if ((rc = mdb_dbi_open(txn, nullptr, 0, &main)) != MDB_SUCCESS) return rc;
    MDB_stat stat;
    if ((rc = mdb_stat(txn, main, &stat)) != MDB_SUCCESS) return rc;
    foreign = stat.ms_entries > 0;
    if (foreign) return MDB_INCOMPATIBLE;
    rc = mdb_dbi_open(txn, kAboutDb, MDB_CREATE, &about);
  }
  if (rc != MDB_SUCCESS) return rc;
  MDB_val key = as_val(kFormatKey), value{};
  RecordWriter format;
  format.u32(kFormat);
  rc = mdb_get(txn, about, &key, &value);
  if (rc == MDB_NOTFOUND) {
    value = as_val(format.view());
    rc = mdb_put(txn, about, &key, &value, 0);
  } else if (rc == MDB_SUCCESS) {
    format_found = RecordReader(as_view(value)).u32();
    if (format_found != kFormat) return MDB_INCOMPATIBLE;
  }
  for (std::size_t i = 0; rc == MDB_SUCCESS && i < Lmdb::kDbCount; ++i) {
    rc = mdb_dbi_open(txn, kDbNames[i], MDB_CREATE, &dbi_[i]);
  }
  return rc;
}

Result<void> LmdbEnvironment::Impl::open_databases() {
  std::uint32_t format_found = kFormat;
  bool foreign = false;
  const int rc = write([&](MDB_txn* txn) { return open_databases_in(txn, format_found, foreign); });
  if (rc == MDB_SUCCESS) return {};
  if (foreign) return fail(error(MDB_INVALID, "it holds another program's data"));
  if (format_found != kFormat) {
    return fail(Code::unsupported, "cache index " + dir_.string() + ": written in format " +
                                       std::to_string(format_found) + ", this skymount uses format " +
                                       std::to_string(kFormat) +
                                       ": delete the cache, or choose another with --cache DIR");
  }
  return fail(error(rc, "opening its databases"));
}

int LmdbEnvironment::Impl::write_one(MDB_txn* txn, Lmdb::Db db, const std::string& key, const Change& change) const {
  MDB_val k = as_val(key), v{};
  if (change.kind == Change::Kind::erase) {
    const int rc = mdb_del(txn, dbi(db), &k, nullptr);
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
  }
  Bytes merged;
  if (change.kind == Change::Kind::merge) {
    const int rc = mdb_get(txn, dbi(db), &k, &v);
    if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND) return rc;
    merged = change.merge(rc == MDB_SUCCESS ? as_view(v) : ByteView(), *change.bytes);
  }
  v = as_val(change.kind == Change::Kind::merge ? ByteView(merged) : ByteView(*change.bytes));
  return mdb_put(txn, dbi(db), &k, &v, 0);
}

Result<void> LmdbEnvironment::Impl::commit(const GatheredChanges& changes) const {
  const int rc = write([&](MDB_txn* txn) {
    for (std::size_t i = 0; i < Lmdb::kDbCount; ++i) {
      for (const auto& [key, change] : changes.of(static_cast<Lmdb::Db>(i))) {
        if (const int one = write_one(txn, static_cast<Lmdb::Db>(i), key, change); one != MDB_SUCCESS) return one;
      }
    }
    return static_cast<int>(MDB_SUCCESS);
  });
  if (rc != MDB_SUCCESS) return fail(error(rc, "writing"));
  reserve();
  return {};
}

std::optional<Bytes> LmdbEnvironment::Impl::get(Lmdb::Db db, std::string_view key) const {
  std::optional<Bytes> out;
  const int rc = read([&](MDB_txn* txn) {
    MDB_val k = as_val(key), v{};
    const int found = mdb_get(txn, dbi(db), &k, &v);
    if (found == MDB_SUCCESS) out.emplace(as_view(v).begin(), as_view(v).end());
    return found;
  });
  if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND) log(LogLevel::warning, error(rc, "reading").what());
  return out;
}

std::size_t LmdbEnvironment::Impl::copy_some(Lmdb::Db db, std::string_view prefix, std::string& from,
                                             std::map<std::string, Bytes>& out) const {
  std::size_t count = 0;
  const int rc = read([&](MDB_txn* txn) {
    MDB_cursor* cursor = nullptr;
    if (const int opened = mdb_cursor_open(txn, dbi(db), &cursor); opened != MDB_SUCCESS) return opened;
    MDB_val k = as_val(from), v{};
    int step = from.empty() ? mdb_cursor_get(cursor, &k, &v, MDB_FIRST) : mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    std::uint64_t copied = 0;
    // Bounded in count and bytes: a long read transaction keeps old pages from being used again.
    for (; step == MDB_SUCCESS && count < 256 && copied < 16_MiB; step = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
      const std::string_view key = as_text(as_view(k));
      if (!key.starts_with(prefix)) break;
      out.emplace(std::string(key), Bytes(as_view(v).begin(), as_view(v).end()));
      from.assign(key);
      from.push_back('\0');  // the smallest key behind this one
      copied += v.mv_size;
      ++count;
    }
    mdb_cursor_close(cursor);
    return step;
  });
  if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND) log(LogLevel::warning, error(rc, "reading").what());
  return count;
}

LmdbEnvironment::LmdbEnvironment(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LmdbEnvironment::~LmdbEnvironment() = default;

Result<std::unique_ptr<LmdbEnvironment>> LmdbEnvironment::open(const std::filesystem::path& dir,
                                                               std::uint64_t map_size) {
  auto impl = std::make_unique<Impl>(dir, map_size);
  if (auto opened = impl->open(); !opened) return fail(opened.error());
  return std::unique_ptr<LmdbEnvironment>(new LmdbEnvironment(std::move(impl)));
}

bool LmdbEnvironment::ours() const {
  return impl_->ours();
}
std::optional<Bytes> LmdbEnvironment::get(Lmdb::Db db, std::string_view key) const {
  return impl_->get(db, key);
}
Result<void> LmdbEnvironment::commit(const GatheredChanges& changes) {
  return impl_->commit(changes);
}
std::size_t LmdbEnvironment::copy_some(Lmdb::Db db, std::string_view prefix, std::string& from,
                                       std::map<std::string, Bytes>& out) const {
  return impl_->copy_some(db, prefix, from, out);
}

}  // namespace skymount::cache
