// SPDX-License-Identifier: MIT
//
// A ByteSource over a vector of bytes that behaves as it is told: slowly, failing, ending early, ignoring ranges. It
// counts what is asked of it, which is half of what the cache promises.
#pragma once

#include "cache/base/synchronized.h"
#include "cache/byte_source.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>

namespace skymount::cache::test {

class MemorySource final : public ByteSource {
 public:
  struct Behaviour {
    std::size_t piece = 20'000;               ///< unaligned on purpose
    std::chrono::milliseconds first_byte{0};  ///< before the first piece of each fetch
    std::chrono::microseconds between_pieces{0};
    bool whole_only = false;
    bool size_known = true;
    std::optional<std::uint64_t>
        fail_at{};  ///< a fetch that gets to this byte fails there, once for each count of `fails`
    int fails = 1;
    bool silent_end = false;  ///< at fail_at, ends as if all were well
    Code code = Code::unavailable;
  };

  MemorySource(Bytes bytes, ContentId id, Behaviour behaviour);
  MemorySource(Bytes bytes, ContentId id) : MemorySource(std::move(bytes), std::move(id), Behaviour()) {}

  const ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override;
  bool whole_only() const override { return whole_only_; }
  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override;

  /// Fetches wait before byte `offset` until open_gate(); stop still ends them.
  void close_gate(std::uint64_t offset);
  void open_gate();
  /// Returns once so many fetches have begun; false after five seconds.
  bool wait_for_fetches(std::size_t count) const;

  std::vector<ByteRange> fetches() const;
  std::uint64_t delivered() const { return delivered_; }
  std::size_t stopped() const { return stopped_; }  ///< fetches that ended because they were told to
  std::size_t running() const { return running_; }
  void ignore_ranges_from_now_on() { whole_only_ = true; }
  const Bytes& bytes() const { return bytes_; }

 private:
  Result<void> deliver(ByteRange range, const Sink& sink, const FetchContext& ctx);
  bool pause(std::chrono::microseconds time, const FetchContext& ctx);

  const Bytes bytes_;
  const ContentId id_;
  Behaviour behaviour_;
  std::atomic<bool> whole_only_;
  std::atomic<int> fails_left_;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::size_t> stopped_{0}, running_{0};
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::vector<ByteRange> fetches_;
  std::optional<std::uint64_t> gate_;
};

/// A source of `bytes` with an id of its own; "a" is the archive.
std::shared_ptr<MemorySource> memory_source(Bytes bytes, MemorySource::Behaviour behaviour = MemorySource::Behaviour(),
                                            std::string archive = "a");

}  // namespace skymount::cache::test
