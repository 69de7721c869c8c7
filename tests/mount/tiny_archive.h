// SPDX-License-Identifier: MIT
//
// The smallest ObsCore archive that a filesystem test can steer: datasets, what their links claim, and where they lead.
#pragma once

#include "vo/demo/origin.h"

#include <memory>
#include <string>
#include <vector>

namespace skymount::test {

/// One file of a dataset, as its links answer tells it.
struct TinyLink {
  std::string semantics = "#this";
  std::string path;  ///< on the origin; put there by the test
  std::string content_type = "application/fits";
  std::string content_length = "-1";  ///< as claimed
  std::string error = {};             ///< instead of a path: an error_message
};

struct TinyDataset {
  std::string id;  ///< obs_id; the publisher DID is made from it
  std::vector<TinyLink> links;
  std::string collection = "TINY";
  std::string type = "image";
  double t_min_mjd = 20000;
  std::string estsize_kb = "";
};

/// Serves /tap and /links on `origin`, which must outlive it.
class TinyArchive {
 public:
  explicit TinyArchive(demo::Origin& origin);
  void add(TinyDataset dataset);
  std::string tap_url() const { return origin_.url("/tap"); }
  /// What every TAP query that is not about TAP_SCHEMA is answered with instead of the datasets.
  void answer_with(std::string body, int status = 200, std::string content_type = "application/x-votable+xml");

 private:
  struct State;
  demo::Origin& origin_;
  std::shared_ptr<State> state_;
};

/// A FITS file of one 16-bit image with `rows` rows of 1440 pixels, its samples depending on place and seed; its
/// coordinates are those of the whole sky.
std::string small_fits(int rows, unsigned seed);

}  // namespace skymount::test
