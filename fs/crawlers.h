// SPDX-License-Identifier: MIT
//
// Programs that walk through everything they can see (indexers, thumbnailers) get to see names and attributes, but not
// the data of files: each of their opens would be a download. Which programs is configuration, `[crawlers] deny`.
#pragma once

#include "cache/base/synchronized.h"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace skymount::fs {

/// What the configuration says. A name is that of a program file ("tracker-miner-fs-3"), compared with the caller's
/// executable and with its command name, of which the kernel keeps 15 bytes (proc(5), "comm"); a `*` stands for
/// anything. Empty: nobody is refused.
struct CrawlerPolicy {
  std::vector<std::string> deny;
};

/// Does a pattern of the policy mean this program? `comm`: the name is a command name, of which only the first 15
/// bytes are known.
bool names_program(std::string_view pattern, std::string_view program, bool comm);

/// Who is asking. Thread-safe. Looks into /proc at each question, so that neither exec() nor a number that is used
/// again can mislead it; that is two system calls of procfs which wait for nobody, made before a download only.
class Crawlers {
 public:
  /// `proc`: where procfs is; another folder in tests.
  explicit Crawlers(CrawlerPolicy policy, std::filesystem::path proc = "/proc");

  /// The name of the calling program when the policy refuses it. Nothing when it may go on, which includes callers that
  /// cannot be looked at: ended, of a kernel thread (0), or hidden by procfs's mount options.
  std::optional<std::string> refused(pid_t thread) const;

  /// True once a program: what is said of it need not be said at each of its files.
  bool first_time(const std::string& program);

 private:
  bool denies(std::string_view program, bool comm) const;

  const CrawlerPolicy policy_;
  const std::filesystem::path proc_;
  Synchronized<std::set<std::string>> told_;
};

}  // namespace skymount::fs
