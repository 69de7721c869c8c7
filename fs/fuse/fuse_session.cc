// SPDX-License-Identifier: MIT
#include "fs/fuse/fuse_session.h"

#include "cache/base/executor.h"
#include "cache/base/log.h"
#include "fs/fuse/fuse_ops.h"
#include "fs/fuse/fuse_request.h"

#include <fcntl.h>
#include <fuse_log.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <memory>

namespace skymount::fs {
namespace {

// libfuse's own words, kept for the error message of a mount that failed.
std::string& last_words() {
  static std::string words;
  return words;
}

void keep_words(fuse_log_level, const char* format, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  std::string line(text);
  while (line.ends_with('\n')) line.pop_back();
  log(LogLevel::warning, "libfuse: " + line);
  last_words() = line;
}

std::string joined(const std::vector<std::string>& options) {
  // Without default_permissions: the kernel would answer EACCES to a plain user where the truth is EROFS.
  std::string out;
  for (const std::string& option : options) out += (out.empty() ? "" : ",") + option;
  return out;
}

/// While it lives, what anybody writes to standard error is kept as last_words().
class StderrWords {
 public:
  StderrWords() : heard_(memfd_create("stderr", MFD_CLOEXEC)), stderr_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (heard_ >= 0 && stderr_ >= 0) dup2(heard_, STDERR_FILENO);
  }
  ~StderrWords() {
    if (heard_ >= 0 && stderr_ >= 0) {
      dup2(stderr_, STDERR_FILENO);
      char text[512];
      const ssize_t n = pread(heard_, text, sizeof text, 0);
      if (n > 0) {
        last_words().assign(text, static_cast<std::size_t>(n));
        while (last_words().ends_with('\n')) last_words().pop_back();
      }
    }
    if (heard_ >= 0) close(heard_);
    if (stderr_ >= 0) close(stderr_);
  }
  StderrWords(const StderrWords&) = delete;
  StderrWords& operator=(const StderrWords&) = delete;

 private:
  const int heard_, stderr_;
};

class Session {
 public:
  Session(FuseContext& context, const SessionOptions& options) {
    const std::string flags = joined(options.options);
    char* argv[] = {const_cast<char*>("skymount"), const_cast<char*>("-o"), const_cast<char*>(flags.c_str()), nullptr};
    fuse_args args = FUSE_ARGS_INIT(3, argv);
    session_ = fuse_session_new(&args, &fuse_operations(), sizeof(fuse_lowlevel_ops), &context);
    fuse_opt_free_args(&args);
    context.session = session_;
    context.forget_names = [this](std::vector<InodeTable::Crowd> crowd) {
      forgetting_->submit([this, crowd = std::move(crowd)] { forget(crowd); });
    };
  }
  ~Session() {
    ending_ = true;
    if (mounted_) fuse_session_unmount(session_);
    forgetting_.reset();
    if (session_ != nullptr) fuse_session_destroy(session_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool mount(const std::string& mountpoint) {
    const StderrWords heard;  // fusermount3 tells its reasons there
    mounted_ = session_ != nullptr && fuse_session_mount(session_, mountpoint.c_str()) == 0;
    return mounted_;
  }

  void loop() {
    fuse_set_signal_handlers(session_);
    // Only this thread takes signals: they must interrupt libfuse's wait, which happens here.
    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending, signal);
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
    fuse_loop_config* config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(config, 10);  // none of them ever waits, so more would only cost memory
    fuse_session_loop_mt(session_, config);
    fuse_loop_cfg_destroy(config);
    ending_ = true;
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    fuse_remove_signal_handlers(session_);
  }

 private:
  /// On a thread of its own: the kernel locks the folder, and whoever lists it holds that lock until we have answered.
  void forget(const std::vector<InodeTable::Crowd>& crowd) {
    for (const InodeTable::Crowd& names : crowd) {
      for (const std::uint32_t dataset : names.datasets) {
        if (ending_) return;
        const std::string name(names.listing->datasets[dataset].name);
        // It may know it no longer, or somebody may be in it: then it stays.
        static_cast<void>(fuse_lowlevel_notify_inval_entry(session_, names.folder, name.c_str(), name.size()));
      }
    }
  }

  fuse_session* session_ = nullptr;
  bool mounted_ = false;
  std::atomic<bool> ending_{false};
  std::unique_ptr<Executor> forgetting_ = std::make_unique<Executor>("forgetting", 1);
};

}  // namespace

Result<void> serve(Filesystem& filesystem, const SessionOptions& options, std::function<void()> on_ready) {
  fuse_set_log_func(keep_words);
  FuseContext context{&filesystem, getuid(), getgid(), nullptr, std::move(on_ready)};
  Session session(context, options);
  if (!session.mount(options.mountpoint.string())) {
    return fail(Code::unavailable, "cannot mount on " + options.mountpoint.string() +
                                       (last_words().empty() ? std::string() : ": " + last_words()));
  }
  session.loop();
  // Whoever still waits is answered while the session can carry the answer.
  ParkedRequest::interrupt_all();
  filesystem.shutdown();
  return {};
}

}  // namespace skymount::fs
