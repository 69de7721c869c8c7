// SPDX-License-Identifier: MIT
//
// Counts what an archive sends, and asks for no more than the user allows in an hour ([limits] bytes_per_hour): for
// lines that are paid by the byte, and for archives that ask for restraint.
#pragma once

#include "cache/base/clock.h"
#include "vo/http/transport.h"

#include <array>
#include <functional>
#include <mutex>

namespace skymount::vo {

/// Thread-safe. Bodies as they come over the network count, whatever they are for. The hour is the last sixty minutes,
/// told to the minute. An answer under way ends where the limit is met; what came of it is kept.
/// Errors  over_quota: how much came, and when more may.
class MeteredTransport final : public Transport {
 public:
  /// `now`: empty: the system's.
  MeteredTransport(std::shared_ptr<Transport> below, std::uint64_t bytes_per_hour, std::function<WallTime()> now = {});
  WireResult exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                      const HttpClient::OnBody& on_body, const FetchContext& ctx) override;
  std::vector<SickOrigin> sick_origins() const override { return below_->sick_origins(); }

 private:
  static constexpr std::size_t kMinutes = 60;
  struct Minute {
    std::int64_t number = -1;  ///< since 1970
    std::uint64_t bytes = 0;
  };
  WallTime now() const;
  std::optional<Error> used_up() const;
  void came(std::uint64_t bytes);

  const std::shared_ptr<Transport> below_;
  const std::uint64_t limit_;
  const std::function<WallTime()> now_;
  mutable std::mutex mutex_;
  std::array<Minute, kMinutes> minutes_;
};

}  // namespace skymount::vo
