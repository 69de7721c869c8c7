// SPDX-License-Identifier: MIT
//
// From a file's headers and what somebody wants of it to the cutout: its header, its exact size, and which pixels it
// takes. No pixel is read for that. Sky positions are computed behind the wall (vo/fits/wall/workers); everything that
// comes from there, and everything that a header says, is checked against the file's size.
#pragma once

#include "vo/fits/header_walk.h"
#include "vo/fits/wall/workers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skymount::vo {

/// First and last, 1-based and inclusive.
using PixelSpan = std::pair<std::int64_t, std::int64_t>;

/// What is wanted. Without sky, pixels, planes and band: a whole HDU.
struct CutSpec {
  std::string canonical;          ///< equal texts are equal cutouts: "circle=156.01,48.14,0.5"
  std::vector<SkyPoint> outline;  ///< as RegionJob; empty: no part of the sky
  SkyPoint centre;
  double reach_deg = 0;
  std::optional<PixelSpan> x, y, planes;  ///< along axis 1, 2 and 3
  std::optional<std::pair<double, double>> band_m;
  std::optional<int> hdu;  ///< 0: primary; nothing: the first image with coordinates of the sky, else the first
};

/// For the HISTORY of the cutout.
struct CutProvenance {
  std::string source;  ///< DID or address of the original
  std::string date;    ///< ISO, UTC
};

/// The image of which a cutout is made: how its samples lie in the file, or that they are compressed in tiles.
struct CutImage {
  std::uint64_t unit_offset = 0;  ///< of its HDU
  std::uint64_t unit_bytes = 0;
  std::uint64_t data_offset = 0;  ///< of its first sample; of no use when tiled
  std::int32_t bitpix = 0;
  std::vector<std::int64_t> axes;
  bool tiled = false;
  std::uint64_t tile_memory = 0;  ///< what a worker needs to unpack the box
  bool alone = false;             ///< as much as only one may have at a time
};

struct CutPlan {
  Bytes header;  ///< of the cutout, whole blocks
  CutImage image;
  std::vector<PixelSpan> box;  ///< one span an axis of the image

  std::uint64_t sample_bytes() const {
    return static_cast<std::uint64_t>(image.bitpix < 0 ? -image.bitpix : image.bitpix) / 8;
  }
  std::uint64_t data_bytes() const;  ///< without padding
  std::uint64_t size() const;        ///< of the cutout's file
};

/// `size` is the exact size of the file that `read` reads.
/// Errors  no_data: the region lies outside of the image; unsupported: no image, no coordinates, a frame or a
/// projection that is not known; invalid: no such HDU or axis; too_large: over `max_bytes`; corrupt: a header that
/// lies; as `read` and Workers::run().
Result<CutPlan> plan_cutout(std::uint64_t size, const ReadRange& read, const CutSpec& spec,
                            const CutProvenance& provenance, std::uint64_t max_bytes, Workers& workers,
                            const FetchContext& ctx);

}  // namespace skymount::vo
