// SPDX-License-Identifier: MIT
//
// What the demo archive holds: some fifty datasets, the same at every start. Plates of 1888 to 1963 around 156.01
// +48.14, a few at RA 0 and at the pole, one of 200 MB, a cube, spectra, and DEMO_ODD: everything that real archives
// get wrong.
#pragma once

#include "vo/demo/fits_file.h"
#include "vo/demo/fits_maker.h"
#include "vo/demo/plate_image.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymount::demo {

/// A file that the archive serves.
struct DataFile {
  std::string path;  ///< "/files/DEMO_PLATES/i00811.fits", decoded
  std::string content_type = "image/fits";
  std::string disposition;  ///< a Content-Disposition, "" none
  LayoutPtr layout;
  std::shared_ptr<const PlateImage> image;  ///< when it is a plain image: the pixels' truth
};

/// What the links service says about the length of #this.
enum class LengthClaim { exact, too_small, too_large, placeholder, minus_one, zero, absent };

/// What the service descriptor declares, and therefore what the service accepts.
enum class Cutouts { none, all, circle_only, pos_only };

/// How the links answer of a dataset looks.
struct LinkTraits {
  LengthClaim length = LengthClaim::exact;
  Cutouts cutouts = Cutouts::all;
  bool calibration = false;  ///< a nested links document with flat and dark
  bool loops = false;        ///< whose own links lead back to it
  bool documentation = false;
  bool full_uri_terms = false;      ///< semantics as whole URIs
  std::vector<std::string> errors;  ///< "semantics|message" rows
  bool only_error = false;          ///< nothing but a FatalFault
  bool empty = false;               ///< no rows at all, HTTP 200
  std::string extra_this;           ///< a second #this: path of a file
};

struct Dataset {
  enum class Access { links, file, none };

  std::string did;  ///< obs_publisher_did
  std::string obs_id, collection, title, target, facility, instrument;
  std::string type = "image";
  int calib_level = 2;
  std::optional<double> t_min, t_max;  ///< MJD
  double exposure_s = 0;
  std::optional<Sky> centre;
  double fov = 0;  ///< degrees
  std::optional<std::string> s_region;
  double em_min = 3.9e-7, em_max = 5.0e-7;  ///< metres
  Access access = Access::links;
  std::optional<std::string> access_format;  ///< as written into ObsCore
  std::string this_path, full_path;          ///< files; "" none
  LinkTraits links;
};

class SkyModel {
 public:
  /// `generation` changes pixels and validators: the archive has reprocessed everything.
  explicit SkyModel(unsigned generation = 1);

  const std::vector<Dataset>& datasets() const { return datasets_; }
  const std::map<std::string, DataFile>& files() const { return files_; }
  const DataFile* file(const std::string& path) const;
  /// Also made on the fly for DEMO_BULK.
  std::optional<Dataset> dataset(const std::string& did) const;
  std::optional<Dataset> by_obs_id(const std::string& obs_id) const;
  /// The image that a cutout of the dataset is taken from: the full resolution, else #this; null when it is no image.
  std::shared_ptr<const PlateImage> image_of(const Dataset& dataset) const;
  unsigned generation() const { return generation_; }

 private:
  friend class SkyBuilder;
  unsigned generation_;
  std::vector<Dataset> datasets_;
  std::map<std::string, DataFile> files_;
};

/// Synthetic dataset n of DEMO_BULK at 200 -30, and its file.
Dataset bulk_dataset(unsigned n);
DataFile bulk_file(unsigned n);
/// The n of "ivo://.../~?DEMO_BULK/b000012" or of "/files/DEMO_BULK/b000012.fits".
std::optional<unsigned> bulk_number(std::string_view did_or_path);

std::string did_of(std::string_view collection, std::string_view name);
/// Modified Julian Date of 0h.
double mjd_of(int year, int month, int day);
std::string iso_date(double mjd);
/// "Polygon ICRS ..." around the image.
std::string region_of(const ImageSpec& spec);

}  // namespace skymount::demo
