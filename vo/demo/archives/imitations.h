// SPDX-License-Identifier: MIT
//
// Archives as they answer: the addresses, columns, media types and habits of the archives that mount-configs/
// describes, served from this machine, so that the shipped configurations can be tried without a network. What is in
// their files is computed. Host H is served below /H, so one port is all of them:
//
//     skymount mount --archive eso --map archive.eso.org=http://127.0.0.1:48148/archive.eso.org ... MOUNTPOINT
#pragma once

#include "vo/demo/origin.h"

#include <memory>
#include <string>
#include <vector>

namespace skymount::demo {

class Imitations {
 public:
  /// Puts these archives onto the origin, which must outlive this. Throws std::invalid_argument for a name that is
  /// not among names().
  Imitations(Origin& origin, const std::vector<std::string>& wanted);

  /// "HOST=URL" for each host, as --map takes it.
  const std::vector<std::string>& maps() const { return maps_; }
  /// "applause", "eso" ..., sorted.
  static std::vector<std::string> names();

 private:
  std::vector<std::string> maps_;
};

}  // namespace skymount::demo
