// SPDX-License-Identifier: MIT
//
// One worker process: started, talked to with time limits, ended. Which worker does what is vo/fits/wall/workers'
// business.
#pragma once

#include "cache/base/fetch_context.h"
#include "vo/fits/wall/protocol.h"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>

namespace skymount::vo {

/// Not thread-safe. The destructor kills the process and waits for its end.
class WorkerProcess {
 public:
  /// Errors  unsupported: the program is not there or cannot be started.
  static Result<std::unique_ptr<WorkerProcess>> start(const std::filesystem::path& program, std::uint64_t memory_bytes);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Errors  as receive().
  Result<void> send(FrameKind kind, ByteView payload, const FetchContext& ctx, std::chrono::milliseconds silence);
  /// Errors  corrupt: it ended, with how, or sent what is no frame; timed_out: no word for `silence`, or ctx.deadline;
  /// cancelled.
  Result<Frame> receive(const FetchContext& ctx, std::chrono::milliseconds silence);

  /// False when it ended or spoke unasked: nobody should give it a job.
  bool ready() const;

 private:
  WorkerProcess(pid_t pid, int socket) : pid_(pid), socket_(socket) {}
  Result<void> wait_for(short events, const FetchContext& ctx, std::chrono::steady_clock::time_point until);
  Error ended();

  const pid_t pid_;
  const int socket_;
  bool reaped_ = false;
};

}  // namespace skymount::vo
