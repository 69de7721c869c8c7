// SPDX-License-Identifier: MIT
//
// Gathers changes, shows them to readers at once, and commits them from one writer thread. The disk is
// LmdbEnvironment's. The lock is never held during a transaction.
#include "cache/lmdb.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "cache/base/log.h"
#include "cache/gathered_changes.h"
#include "cache/lmdb_environment.h"

namespace skymount::cache {
namespace {

/// A directory has one environment per process: LMDB's file locks would be lost with the first of two that is closed.
struct OpenEnvironments {
  using Inode = std::pair<dev_t, ino_t>;
  std::mutex mutex;
  std::condition_variable closed;
  std::map<Inode, std::weak_ptr<Lmdb>> all;

  static OpenEnvironments& instance() {
    static auto* only = new OpenEnvironments;  // never destroyed: the last Lmdb may die after main()
    return *only;
  }
};

}  // namespace

// --- gathering and committing
// ---------------------------------------------------------------------------------------------

class Lmdb::Impl {
 public:
  Impl(LmdbOptions options, std::unique_ptr<LmdbEnvironment> env) : options_(options), env_(std::move(env)) {
    writer_ = std::thread([this] { commit_loop(); });
  }
  ~Impl() {
    if (!env_->ours()) {
      if (writer_.joinable()) writer_.detach();  // the thread stayed in the parent
      return;
    }
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    if (writer_.joinable()) writer_.join();
  }

  void add(Db db, std::string_view key, Change change) {
    if (!env_->ours()) return;
    std::unique_lock lock(mutex_);
    // A writer that cannot keep up slows its callers down before memory fills.
    done_.wait(lock, [&] { return gathered_.bytes() < 4 * options_.commit_bytes; });
    gathered_.add(db, key, std::move(change));
    if (!pending_ || gathered_.bytes() >= options_.commit_bytes) wake_.notify_one();
    pending_ = true;
  }

  std::optional<Bytes> get(Db db, std::string_view key) const;
  void each(Db db, std::string_view prefix, const Visit& visit) const;

  Result<void> flush() {
    if (!env_->ours()) return fail(Code::unsupported, "the cache index was opened by another process");
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = batch_ + (gathered_.empty() ? 0 : 1);
    hurry_ = true;
    wake_.notify_one();
    done_.wait(lock, [&] { return committed_ >= wanted; });
    return last_;
  }

  Result<void> put_now(Db db, std::string_view key, Bytes value) {
    if (!env_->ours()) return fail(Code::unsupported, "the cache index was opened by another process");
    GatheredChanges alone;
    alone.add(db, key, {Change::Kind::put, std::make_shared<const Bytes>(std::move(value)), nullptr});
    std::unique_lock lock(mutex_);
    // An older change of this key must not be committed after this one.
    done_.wait(lock, [&] { return !committing_ || committing_->find(db, key) == nullptr; });
    const std::optional<Change> older = gathered_.take(db, key);
    lock.unlock();
    Result<void> outcome = env_->commit(alone);
    if (outcome || !older) return outcome;
    lock.lock();
    if (gathered_.find(db, key) == nullptr) gathered_.add(db, key, *older);
    pending_ = true;
    wake_.notify_one();
    return outcome;
  }

  Losses losses() const {
    std::lock_guard lock(mutex_);
    return losses_;
  }

  OpenEnvironments::Inode inode{};

 private:
  void commit_loop();

  const LmdbOptions options_;
  std::unique_ptr<LmdbEnvironment> env_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, done_;
  GatheredChanges gathered_;
  std::shared_ptr<const GatheredChanges> committing_;  // still asked by readers until it is on disk
  std::uint64_t batch_ = 0, committed_ = 0;            // numbers of the batch taken last and of the last one finished
  bool pending_ = false, hurry_ = false, closing_ = false;
  Result<void> last_;
  Losses losses_;
  std::thread writer_;
};

void Lmdb::Impl::commit_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return pending_ || closing_ || hurry_; });
    wake_.wait_for(lock, options_.commit_every,
                   [&] { return closing_ || hurry_ || gathered_.bytes() >= options_.commit_bytes; });
    hurry_ = false;
    if (gathered_.empty()) {
      if (closing_) return;
      pending_ = false;
      continue;
    }
    committing_ = std::make_shared<const GatheredChanges>(std::exchange(gathered_, {}));
    pending_ = false;
    ++batch_;
    const auto changes = committing_;
    lock.unlock();
    Result<void> outcome = env_->commit(*changes);
    if (!outcome) log(LogLevel::error, outcome.error().what() + "; what was to be remembered is forgotten");
    lock.lock();
    committing_ = nullptr;
    if (!outcome) losses_ = {losses_.count + 1, outcome.error().what()};
    last_ = std::move(outcome);
    committed_ = batch_;
    done_.notify_all();
  }
}

std::optional<Bytes> Lmdb::Impl::get(Db db, std::string_view key) const {
  if (!env_->ours()) return std::nullopt;
  std::optional<Change> newest, older;
  {
    std::lock_guard lock(mutex_);
    if (const Change* change = gathered_.find(db, key)) newest = *change;
    if (committing_) {
      if (const Change* change = committing_->find(db, key)) older = *change;
    }
  }
  std::optional<Change> change = newest && older ? older->followed_by(*newest) : newest ? newest : older;
  if (!change) return env_->get(db, key);
  // The batch may have reached the disk meanwhile; a change is idempotent, so applying it again does no harm.
  return change->over(change->kind == Change::Kind::merge ? env_->get(db, key) : std::nullopt);
}

void Lmdb::Impl::each(Db db, std::string_view prefix, const Visit& visit) const {
  if (!env_->ours()) return;
  GatheredChanges::Keys overlay;
  {
    std::lock_guard lock(mutex_);
    const auto take = [&](const GatheredChanges& changes) {
      const auto& keys = changes.of(db);
      for (auto it = keys.lower_bound(prefix); it != keys.end() && it->first.starts_with(prefix); ++it) {
        const auto [at, fresh] = overlay.insert(*it);
        if (!fresh) at->second = at->second.followed_by(it->second);
      }
    };
    if (committing_) take(*committing_);
    take(gathered_);
  }
  std::string from(prefix);
  for (std::map<std::string, Bytes> some; env_->copy_some(db, prefix, from, some) > 0; some.clear()) {
    for (auto& [key, value] : some) {
      const auto change = overlay.find(key);
      if (change == overlay.end()) {
        if (!visit(key, value)) return;
        continue;
      }
      const std::optional<Bytes> after = change->second.over(std::move(value));
      overlay.erase(change);
      if (after && !visit(key, *after)) return;
    }
  }
  for (const auto& [key, change] : overlay) {
    const std::optional<Bytes> after = change.over(std::nullopt);
    if (after && !visit(key, *after)) return;
  }
}

// --- the door
// -------------------------------------------------------------------------------------------------------------

Result<void> accept_filesystem(std::int64_t statfs_type, const std::filesystem::path& dir) {
  const char* name = nullptr;
  switch (static_cast<std::uint32_t>(statfs_type)) {
    case 0x6969: name = "NFS"; break;
    case 0x517B:
    case 0xFF534D42:
    case 0xFE534D42: name = "SMB"; break;
    case 0x0BD00BD0: name = "Lustre"; break;
    case 0x5346414F: name = "AFS"; break;
    case 0x73757245: name = "Coda"; break;
    case 0x01021997: name = "9p"; break;
    case 0x00C36400: name = "Ceph"; break;
    default: return {};
  }
  return fail(Code::unsupported, "the cache " + dir.string() + " is on a network filesystem (" + name +
                                     "), where its index is not safe: choose a local directory with --cache DIR");
}

namespace {

Result<void> make_private(const std::filesystem::path& dir) {
  std::error_code bad;
  const bool fresh = !std::filesystem::exists(dir, bad) || std::filesystem::is_empty(dir, bad);
  std::filesystem::create_directories(dir, bad);
  struct stat now = {};
  if (bad || ::stat(dir.c_str(), &now) != 0 || !S_ISDIR(now.st_mode)) {
    const int why = bad ? bad.value() : ENOTDIR;
    return fail(why == ENOSPC ? Code::no_space : Code::denied, "cannot make the cache directory " + dir.string() +
                                                                   ": " + std::strerror(why) +
                                                                   "; choose another with --cache DIR");
  }
  // Only what we made is narrowed: somebody's `--cache $HOME` must not change that folder.
  if (fresh && (now.st_mode & 0077) != 0) ::chmod(dir.c_str(), 0700);
  return {};
}

}  // namespace

Lmdb::Lmdb(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Lmdb::~Lmdb() {
  const auto inode = impl_->inode;
  impl_ = nullptr;
  OpenEnvironments& open = OpenEnvironments::instance();
  std::lock_guard lock(open.mutex);
  open.all.erase(inode);
  open.closed.notify_all();
}

Result<std::shared_ptr<Lmdb>> Lmdb::open(const std::filesystem::path& dir, LmdbOptions options) {
  if (auto made = make_private(dir); !made) return fail(made.error());
  struct statfs fs = {};
  if (::statfs(dir.c_str(), &fs) == 0) {
    if (auto accepted = accept_filesystem(fs.f_type, dir); !accepted) return fail(accepted.error());
  }
  const std::filesystem::path index = dir / "index";
  if (auto made = make_private(index); !made) return fail(made.error());
  struct stat at = {};
  if (::stat(index.c_str(), &at) != 0) return fail(Code::denied, "cannot look at " + index.string());
  const OpenEnvironments::Inode inode{at.st_dev, at.st_ino};

  OpenEnvironments& all = OpenEnvironments::instance();
  std::unique_lock lock(all.mutex);
  for (auto found = all.all.find(inode); found != all.all.end(); found = all.all.find(inode)) {
    if (auto already = found->second.lock()) return already;
    all.closed.wait(lock);  // its last owner is just closing it
  }
  auto env = LmdbEnvironment::open(index, options.map_size);
  if (!env) return fail(std::move(env).error());
  auto impl = std::make_unique<Impl>(options, std::move(*env));
  impl->inode = inode;
  std::shared_ptr<Lmdb> out(new Lmdb(std::move(impl)));
  all.all[inode] = out;
  return out;
}

std::optional<Bytes> Lmdb::get(Db db, std::string_view key) const {
  return impl_->get(db, key);
}
void Lmdb::put(Db db, std::string_view key, Bytes value) {
  impl_->add(db, key, {Change::Kind::put, std::make_shared<const Bytes>(std::move(value)), nullptr});
}
void Lmdb::erase(Db db, std::string_view key) {
  impl_->add(db, key, {Change::Kind::erase, nullptr, nullptr});
}
void Lmdb::merge(Db db, std::string_view key, Bytes change, Merge how) {
  impl_->add(db, key, {Change::Kind::merge, std::make_shared<const Bytes>(std::move(change)), how});
}
void Lmdb::each(Db db, std::string_view prefix, const Visit& visit) const {
  impl_->each(db, prefix, visit);
}
Result<void> Lmdb::put_now(Db db, std::string_view key, Bytes value) {
  return impl_->put_now(db, key, std::move(value));
}
Lmdb::Losses Lmdb::losses() const {
  return impl_->losses();
}
Result<void> Lmdb::flush() {
  return impl_->flush();
}

}  // namespace skymount::cache
