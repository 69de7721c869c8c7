// SPDX-License-Identifier: MIT
//
// Our side of the wall: processes that run cfitsio and wcslib on what archives send, without network, files,
// environment or credentials. Started when needed, one job at a time each, ended when they fail, stall or are idle.
// A worker that crashes costs its job an error, and the next job a fresh worker.
#pragma once

#include "cache/base/fetch_context.h"
#include "vo/fits/wall/protocol.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>

namespace skymount::vo {

/// Bytes of the file that a job is about: exactly the range. Blocks.
using ServeRange = std::function<Result<SharedBytes>(ByteRange)>;

struct WorkerOptions {
  std::filesystem::path program;              ///< skymount-fits
  unsigned most = 2;                          ///< at once that compute pixels; one more that does not need a file's
  unsigned most_stalled = 6;                  ///< beside them: whose archive keeps them waiting
  std::chrono::milliseconds stalled{2'000};   ///< so long without bytes gives a worker's place to another
  std::uint64_t memory_bytes = 64 << 20;      ///< each may have
  std::chrono::milliseconds silence{30'000};  ///< how long a worker may compute without a word
  std::chrono::milliseconds region_silence{5'000};  ///< the same of where a region lies: a matter of milliseconds
  std::chrono::milliseconds idle{60'000};           ///< without a job a worker ends
};

/// Thread-safe. Its destructor ends all workers.
class Workers {
 public:
  explicit Workers(WorkerOptions options);
  ~Workers();

  /// Takes what a job answers, piece by piece; an error ends the job and its worker.
  using Take = std::function<Result<void>(FrameKind, ByteView)>;

  /// Told of everything that a job wants next, before `read` is asked for it piece by piece: to fetch it side by side.
  using Soon = std::function<void(ByteRange)>;

  /// `read` serves the job's wants. Errors  unsupported: there is no worker program, or the worker said so; no_data,
  /// too_large: the worker's word; corrupt: the same, or it crashed or broke the protocol; timed_out: at ctx.deadline,
  /// or it computed for too long; cancelled; as `read` and `take`.
  Result<void> run(FrameKind job, ByteView payload, const ServeRange& read, const Take& take, const FetchContext& ctx,
                   const Soon& soon = {});

  /// How many were started so far, for tests.
  unsigned started() const;
  /// How many there are now, for tests.
  unsigned living() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::vo
