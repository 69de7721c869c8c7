// SPDX-License-Identifier: MIT
//
// The jobs that we have at an archive, in memory for people who ask what takes so long, and in LMDB, so that neither a
// caller who left nor a crash loses one: whoever asks the same again joins it, and what nobody came back for is
// deleted.
#pragma once

#include "cache/base/clock.h"
#include "cache/base/synchronized.h"
#include "cache/meta_store.h"
#include "vo/http/client.h"
#include "vo/protocol/tap.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skymount::vo {

/// A job as people see it.
struct RunningJob {
  std::string url;         ///< secrets blanked
  std::string phase;       ///< of UWS, as last heard; empty: not heard yet
  std::string cause;       ///< "ls /gavo/pos=1,2", the last that waited for it
  WallTime since{};        ///< when it was made
  bool waited_for = true;  ///< false: it goes on, and nobody here waits
};

/// Thread-safe.
class JobBook final : public TapJobKeeper {
 public:
  /// `store` may be null. `lifetime`: how long after its making a job is worth joining; [ttl] listings.
  JobBook(std::string archive, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
          const Clock& clock, std::chrono::milliseconds lifetime);
  ~JobBook() override;

  bool open() const override;
  /// Nothing when another process that lives keeps it.
  std::optional<Url> known(const std::string& question) override;
  bool attended(const std::string& question, const Url& job, const std::string& cause) override;
  void phase(const std::string& question, const Url& job, const std::string& phase) override;
  void left(const std::string& question, const Url& job) override;
  void ended(const std::string& question, const Url& job, bool removed) override;

  /// Of this process, those that run longest first.
  std::vector<RunningJob> running() const;

  /// Deletes at the archive what is too old to be joined. Asks nobody when there is nothing.
  void tidy(const FetchContext& ctx);
  /// From now on no job is kept. Deletes those of this process, and those of processes that died; all at once, within
  /// `budget`. What could not be deleted stays in the store for the next process. Asks nobody when there is nothing.
  void end(std::chrono::milliseconds budget);

 private:
  struct Mine {
    Url url;
    RunningJob shown;
  };
  struct State {
    std::map<std::string, Mine> mine;  // by question
    bool ending = false;
  };
  struct Stored {
    std::string question;
    Url url;
    std::int64_t process = 0;
    WallTime since{};
  };

  std::string key(const std::string& question) const { return archive_ + "\n" + question; }
  static std::optional<Stored> read(std::string question, const cache::MetaStore::Record& record);
  std::vector<Stored> stored() const;
  std::optional<Stored> stored(const std::string& question) const;
  bool worth_joining(WallTime since) const { return clock_.now() < since + lifetime_; }
  void change(const std::string& question, const Url& job, const std::function<void(RunningJob&)>& how);
  void remove_all(const std::vector<std::pair<std::string, Url>>& jobs, const FetchContext& ctx);

  const std::string archive_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<cache::MetaStore> store_;
  const Clock& clock_;
  const std::chrono::milliseconds lifetime_;
  Synchronized<State> state_;
};

}  // namespace skymount::vo
