// SPDX-License-Identifier: MIT
#include "fs/fuse/fuse_request.h"

#include "cache/base/synchronized.h"

#include <cerrno>
#include <unordered_map>
#include <vector>

namespace skymount::fs {
namespace {

// libfuse may call the interrupt function while another thread answers the request, so it is given a number, not a
// pointer.
struct Register {
  std::uint64_t next = 1;
  std::unordered_map<std::uint64_t, std::weak_ptr<ParkedRequest>> requests;
};

Synchronized<Register>& all() {
  static auto* requests = new Synchronized<Register>();  // outlives every thread
  return *requests;
}

}  // namespace

std::shared_ptr<ParkedRequest> ParkedRequest::park(fuse_req_t request) {
  auto parked = std::shared_ptr<ParkedRequest>(new ParkedRequest(request));
  all().with([&](Register& state) {
    parked->number_ = state.next++;
    state.requests[parked->number_] = parked;
  });
  fuse_req_interrupt_func(request, &ParkedRequest::interrupted, reinterpret_cast<void*>(parked->number_));
  return parked;
}

ParkedRequest::~ParkedRequest() {
  fail(EIO);
  all().with([&](Register& state) { state.requests.erase(number_); });
}

void ParkedRequest::interrupt_all() {
  std::vector<std::shared_ptr<ParkedRequest>> waiting;
  all().with([&](Register& state) {
    for (const auto& [number, weak] : state.requests) {
      if (auto parked = weak.lock()) waiting.push_back(std::move(parked));
    }
  });
  for (const auto& parked : waiting) parked->stop_.request_stop();
}

fuse_req_t ParkedRequest::take() {
  return answered_.exchange(true) ? nullptr : request_;
}

void ParkedRequest::fail(int error) {
  if (fuse_req_t request = take()) fuse_reply_err(request, error);
}

void ParkedRequest::interrupted(fuse_req_t, void* number) {
  const auto parked = all().with([&](Register& state) -> std::shared_ptr<ParkedRequest> {
    const auto it = state.requests.find(reinterpret_cast<std::uint64_t>(number));
    return it == state.requests.end() ? nullptr : it->second.lock();
  });
  if (parked) parked->stop_.request_stop();
}

}  // namespace skymount::fs
