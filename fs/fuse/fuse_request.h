// SPDX-License-Identifier: MIT
//
// A request of the kernel whose answer may take a while. It is replied to exactly once, from any thread; when the
// kernel says that the caller was interrupted, its stop token is set, and whoever works for it answers EINTR at once.
#pragma once

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

namespace skymount::fs {

/// Thread-safe. The first reply wins; a request that nobody answered is answered EIO when the last reference goes.
class ParkedRequest : public std::enable_shared_from_this<ParkedRequest> {
 public:
  static std::shared_ptr<ParkedRequest> park(fuse_req_t request);
  ~ParkedRequest();
  /// Sets every stop token: the mount is going.
  static void interrupt_all();

  std::stop_token stop_token() const { return stop_.get_token(); }
  /// The request for the one reply, or null when somebody was first.
  fuse_req_t take();
  /// 0: it was done, and there is nothing to say.
  void fail(int error);

 private:
  explicit ParkedRequest(fuse_req_t request) : request_(request) {}
  static void interrupted(fuse_req_t request, void* number);

  const fuse_req_t request_;
  std::uint64_t number_ = 0;
  std::atomic<bool> answered_{false};
  std::stop_source stop_;
};

}  // namespace skymount::fs
