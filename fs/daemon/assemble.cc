// SPDX-License-Identifier: MIT
#include "fs/daemon/assemble.h"

#include "cache/base/log.h"
#include "cache/lmdb.h"
#include "fs/daemon/control_commands.h"
#include "fs/daemon/heap.h"
#include "fs/daemon/process_rules.h"
#include "fs/fuse/fuse_session.h"
#include "vo/archive_client.h"
#include "vo/fits/wall/workers.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

namespace skymount::fs {
namespace {

/// --offline: nobody is asked, what is remembered is served.
class OfflineClient final : public vo::HttpClient {
 public:
  /// `credential`: whose answers are served; null: those of everybody.
  explicit OfflineClient(vo::CredentialPtr credential = nullptr) : credential_(std::move(credential)) {}

  Result<vo::HttpResponse> send(const vo::HttpRequest& request, const OnHeader&, const OnBody&,
                                const FetchContext&) override {
    return fail(Code::unavailable, "mounted with --offline, so " + request.url.redacted() + " is not asked");
  }
  std::string identity(vo::AskedFor what) const override { return credential_ ? credential_->identity(what) : ""; }

 private:
  const vo::CredentialPtr credential_;
};

std::shared_ptr<MountedArchive> open_archive(const vo::ArchiveOptions& options, bool offline,
                                             const std::shared_ptr<cache::MetaStore>& store, cache::BlockCache& blocks,
                                             const Clock& clock, const std::shared_ptr<vo::Workers>& workers) {
  vo::ArchiveClient client;
  if (offline) {
    client.http = std::make_shared<OfflineClient>(vo::make_credential(options, clock));
  } else {
    client = vo::make_archive_client(options, options.http, vo::RetryPolicy{}, clock);
  }
  auto archive = std::make_shared<vo::Archive>(options, client.http, store, clock);
  auto mounted = std::make_shared<MountedArchive>(std::move(archive), store, blocks, clock, workers);
  mounted->credential = client.credential;
  if (!options.routes.empty())
    mounted->sources.set_maker(
        vo::table_maker({mounted->archive, mounted->sources, mounted->truncated_tables, mounted}));
  return mounted;
}

/// Beside us in a build, in libexec when installed.
std::filesystem::path find_fits_program() {
  std::error_code unknown;
  const std::filesystem::path beside = std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
  for (const std::filesystem::path& candidate :
       {beside / "skymount-fits", beside / "../libexec/skymount/skymount-fits"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate.lexically_normal();
  }
  return beside / "skymount-fits";  // it may still come; until then each use says that it is not there
}

/// Who looks into FITS files, for all archives. What they hold in memory is part of [cache] memory: each of at most
/// three may have a quarter of it, but not so little that it could not work. Most need some five megabytes.
std::shared_ptr<vo::Workers> open_workers(const MountRequest& request) {
  vo::WorkerOptions options;
  options.program = request.fits_program.empty() ? find_fits_program() : request.fits_program;
  options.memory_bytes = std::max<std::uint64_t>(request.config.global.memory_bytes / 4, 32 << 20);
  return std::make_shared<vo::Workers>(std::move(options));
}

/// What a command asks its user for (a password store to be unlocked) is asked while there is a terminal. One that
/// fails is no reason not to mount: public data do not need it.
void read_command_secrets(const Configuration& config) {
  for (const vo::ArchiveOptions& archive : config.archives) {
    for (const vo::SecretBinding& binding : archive.auth.bindings) {
      for (const vo::SecretPtr& secret : {binding.password, binding.token, binding.passphrase}) {
        if (!secret || secret->kind() != vo::Secret::Kind::command) continue;
        if (const Result<std::string> value = secret->read(); !value)
          std::cerr << "skymount: note: " << binding.where << ": " << value.error().what() << "; " << archive.name
                    << " is asked without it\n";
      }
    }
  }
}

/// Who knows where named objects are: one for all archives, with connections of its own. It may live at a private
/// address when some archive may: both are the user's own word.
std::shared_ptr<vo::Resolver> open_resolver(const Configuration& config, bool offline,
                                            const std::shared_ptr<cache::MetaStore>& store, const Clock& clock) {
  if (config.archives.empty()) return nullptr;
  vo::HttpOptions http = config.archives.front().http;  // proxy, authorities and map are the same for all
  http.connections = 2;                                 // what is asked is small, and one is kept for metadata
  http.requests_per_second = 0;
  for (const vo::ArchiveOptions& archive : config.archives) http.allow_private |= archive.http.allow_private;
  std::shared_ptr<vo::HttpClient> client;
  if (offline) {
    client = std::make_shared<OfflineClient>();
  } else {
    client = vo::make_http_client(http);
  }
  return std::make_shared<vo::Resolver>(config.archives.front().resolver, std::move(client), store, clock,
                                        config.global.ttl.negative);
}

/// When the configuration was last written; nothing when it lies in no file that can be looked at.
std::optional<WallTime> last_change(const Configuration& config) {
  std::optional<WallTime> newest;
  for (const vo::ArchiveOptions& archive : config.archives) {
    for (const std::string& file : archive.config_files) {
      struct stat info {};
      if (stat(file.c_str(), &info) != 0) continue;
      const WallTime when{std::chrono::milliseconds(info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000)};
      if (!newest || *newest < when) newest = when;
    }
  }
  return newest;
}

Error errno_error(const std::string& doing) {
  return {Code::unavailable, doing + ": " + std::strerror(errno)};
}

}  // namespace

Result<std::unique_ptr<World>> World::build(const MountRequest& request, const Clock& clock) {
  auto world = std::unique_ptr<World>(new World);
  const GlobalOptions& global = request.config.global;
  Result<std::shared_ptr<cache::Lmdb>> lmdb = cache::Lmdb::open(global.cache_dir);
  if (!lmdb) return fail(std::move(lmdb).error().during("cache " + global.cache_dir.string()));
  world->lmdb_ = std::move(*lmdb);
  world->store_ = std::make_shared<cache::MetaStore>(world->lmdb_, clock);
  cache::BlockCacheOptions options;
  options.dir = global.cache_dir;
  options.max_bytes = global.cache_bytes;
  options.memory_bytes = global.memory_bytes;
  Result<std::unique_ptr<cache::BlockCache>> blocks = cache::BlockCache::open(options, world->lmdb_);
  if (!blocks) return fail(std::move(blocks).error().during("cache " + global.cache_dir.string()));
  world->blocks_ = std::move(*blocks);

  const std::shared_ptr<vo::Workers> workers = open_workers(request);
  std::vector<std::shared_ptr<MountedArchive>> archives;
  for (vo::ArchiveOptions archive : request.config.archives) {
    archive.memory_bytes = global.memory_bytes;
    archive.offline = request.offline;
    archives.push_back(open_archive(archive, request.offline, world->store_, *world->blocks_, clock, workers));
  }
  const auto resolver = open_resolver(request.config, request.offline, world->store_, clock);
  for (const auto& archive : archives) archive->resolver = resolver;
  MountFacts facts;
  facts.mountpoint = request.mountpoint.string();
  facts.cache_dir = global.cache_dir.string();
  facts.configuration = effective_config_text(request.config);
  facts.mounted_at = clock.now();
  facts.configured_at = last_change(request.config).value_or(facts.mounted_at);
  facts.offline = request.offline;
  facts.read_only = request.read_only;
  facts.crawlers.deny = global.crawlers_deny;
  world->filesystem_ =
      std::make_unique<Filesystem>(std::move(archives), *world->blocks_, clock, std::move(facts), global.cache_bytes);
  return world;
}

World::~World() {
  flush();
}

void World::flush() {
  if (blocks_) blocks_->flush();
  if (lmdb_) static_cast<void>(lmdb_->flush());  // what is lost is asked again
}

namespace {

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  for (const int fatal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fatal);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

/// Taking down waits for threads that may wait for a network; after this long the process just ends. Two seconds is
/// what design allows an unmount; everything worth keeping has been flushed before.
void end_soon(int exit_code) {
  std::thread([exit_code] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    _exit(exit_code);
  }).detach();
}

/// Unmounts, as a signal would, when nobody holds the other end of `pipe` any more, however that came about.
void end_with(int pipe) {
  if (pipe < 0) return;
  std::thread([pipe] {
    pollfd other{pipe, POLLIN, 0};
    while (poll(&other, 1, -1) < 0 && errno == EINTR) {
    }
    kill(getpid(), SIGTERM);  // blocked everywhere but where the session waits, which then ends
  }).detach();
}

/// Serves until unmounted. `ready` is told "" when the mount answers, or why it will not.
int serve_world(const MountRequest& request, const std::function<void(const std::string&)>& ready) {
  protect_process();
  block_signals();
  bound_heap();
  static const SystemClock clock;
  Result<std::unique_ptr<World>> world = World::build(request, clock);
  if (!world) {
    ready(world.error().what());
    return 1;
  }
  SessionOptions session{request.mountpoint, request.fuse_options};
  if (request.read_only) session.options.emplace_back("ro");
  if (request.allow_other) session.options.emplace_back("allow_other");
  Result<std::unique_ptr<ControlServer>> control =
      serve_control((*world)->filesystem(), (*world)->blocks(), request.mountpoint);
  if (!control) log(LogLevel::warning, "no control socket: " + control.error().what());
  const Result<void> served = serve((*world)->filesystem(), session, [&] {
    end_with(request.ends_with);
    ready("");
    tell_ready(request.mountpoint);
  });
  tell_ending();
  if (!served) ready(served.error().what());
  (*world)->flush();
  end_soon(served ? 0 : 1);
  if (control) control->reset();  // it uses what goes next
  world->reset();
  return served ? 0 : 1;
}

int complain_mount(const std::string& words) {
  std::cerr << "skymount: " << words << "\n";
  return 1;
}

/// The parent's half: waits for the child's word. An empty message followed by end of file means success.
int await_child(int from_child, pid_t child) {
  std::string words;
  char buffer[512];
  ssize_t n = 0;
  while ((n = read(from_child, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)) {
    if (n > 0) words.append(buffer, static_cast<std::size_t>(n));
  }
  close(from_child);
  if (words == "\n") return 0;
  int status = 0;
  waitpid(child, &status, 0);
  if (words.empty()) return complain_mount("the mount's process ended before the mount answered");
  return complain_mount(words);
}

void detach_from_terminal(const std::filesystem::path& log_file) {
  setsid();
  if (chdir("/") != 0) return;
  log_to_file(log_file.string());
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) return;
  for (const int fd : {0, 1, 2}) dup2(null, fd);
  if (null > 2) close(null);
}

}  // namespace

int mount_and_serve(const MountRequest& request) {
  read_command_secrets(request.config);
  std::error_code ignored;
  std::filesystem::create_directories(request.config.global.cache_dir, ignored);
  if (request.foreground) {
    return serve_world(request, [](const std::string& words) {
      if (!words.empty()) complain_mount(words);
    });
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return complain_mount(errno_error("pipe").what());
  const pid_t child = fork();
  if (child < 0) return complain_mount(errno_error("fork").what());
  if (child > 0) {
    close(ends[1]);
    return await_child(ends[0], child);
  }
  close(ends[0]);
  protect_process();  // before the log is made
  detach_from_terminal(request.config.global.cache_dir / "skymount.log");
  int to_parent = ends[1];
  const int code = serve_world(request, [&to_parent](const std::string& words) {
    if (to_parent < 0) return;
    const std::string message = words.empty() ? "\n" : words;
    static_cast<void>(!write(to_parent, message.data(), message.size()));
    close(to_parent);
    to_parent = -1;
  });
  _exit(code);
}

}  // namespace skymount::fs
