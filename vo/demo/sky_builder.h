// SPDX-License-Identifier: MIT
//
// Puts the sky model together. The parts are in sky_plates.cc (what is well) and sky_odd.cc (what is not).
#pragma once

#include "vo/demo/sky_model.h"

#include <functional>

namespace skymount::demo {

inline constexpr const char* kDatalinkType = "application/x-votable+xml;content=datalink";

class SkyBuilder {
 public:
  explicit SkyBuilder(SkyModel& model) : model_(model) {}

  void plates();
  void zero_and_pole();
  void big();
  void survey();
  void cube();
  void spectra();
  void odd();

 private:
  std::shared_ptr<const PlateImage> image(ImageSpec spec, const std::string& name);
  /// Bytes that take time to make: made once in a process, however many archives it starts.
  LayoutPtr remembered(const std::string& path, const std::function<std::string()>& make) const;
  DataFile& add_file(DataFile file);
  Dataset& add(Dataset dataset);
  Dataset image_dataset(const std::string& collection, const std::string& name, const ImageSpec& spec);
  void plate(const std::string& collection, const std::string& name, double mjd, Sky centre, double rotation);
  void odd_access();
  void odd_names();
  void odd_regions();
  void odd_links();
  Dataset odd_dataset(const std::string& name, int number);

  SkyModel& model_;
};

}  // namespace skymount::demo
