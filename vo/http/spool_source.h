// SPDX-License-Identifier: MIT
//
// A file that its origin only delivers whole: answers computed per request, servers that ignore ranges. The first fetch
// finishes the answer that the open began; a later one asks again and must get the same version.
#pragma once

#include "cache/byte_source.h"
#include "vo/http/range_source.h"
#include "vo/http/running_answer.h"
#include "vo/http/trail.h"

#include <mutex>

namespace skymount::vo {

/// An answer under way and what was already taken from it.
struct Download {
  std::unique_ptr<RunningAnswer> answer;  ///< null: `head` is all there is
  Bytes head;
};

class SpoolSource final : public cache::ByteSource {
 public:
  /// `begun`: nothing runs yet, but the file's first bytes were seen, and what comes must begin like them.
  SpoolSource(std::shared_ptr<HttpClient> client, RemoteFile file, LearnedFile learned,
              std::optional<Download> running = std::nullopt, std::optional<Trail> begun = std::nullopt);

  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override;
  bool whole_only() const override { return true; }
  /// From byte 0 to the end, whatever `range` says. A transfer that breaks is begun anew, twice, when the version can
  /// be proved the same: by validators, or because all that was seen comes again alike. What was delivered is not
  /// delivered again. A version without validators comes once: a second fetch is stale.
  Result<void> fetch(ByteRange range, const Sink& sink, const FetchContext& ctx) override;

 private:
  struct Drained;
  struct Progress;
  bool validated() const;
  Result<Download> ask_again(bool provable, const FetchContext& ctx) const;
  Drained drain(Download& download, Progress& progress, const Sink& sink, const FetchContext& ctx) const;
  std::optional<Error> take(Progress& progress, Trail& again, std::uint64_t at, ByteView piece, const Sink& sink) const;

  const std::shared_ptr<HttpClient> client_;
  const RemoteFile file_;
  const LearnedFile learned_;
  const cache::ContentId id_;
  mutable std::mutex mutex_;
  std::optional<std::uint64_t> size_;
  std::optional<Download> running_;
  std::optional<Trail> begun_;
  std::optional<Error> failed_;  ///< why the only download that a one-time answer has ended
};

}  // namespace skymount::vo
