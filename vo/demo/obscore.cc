// SPDX-License-Identifier: MIT
//
// ObsCore 1.1 (IVOA, tables 1 and 5): the mandatory columns, two optional ones, and a dataset as a row of them.
#include "vo/demo/tap_store.h"

#include <cctype>

namespace skymount::demo {

std::string encoded_path(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    out += url_encode(segment);
    path.remove_prefix(segment.size());
    if (!path.empty()) {
      out += '/';
      path.remove_prefix(1);
    }
  }
  return out;
}

std::string access_url_of(const Dataset& dataset, const std::string& base_url) {
  switch (dataset.access) {
    case Dataset::Access::links: return base_url + "/links?ID=" + url_encode(dataset.did);
    case Dataset::Access::file: return base_url + encoded_path(dataset.this_path);
    case Dataset::Access::none: break;
  }
  return {};
}

const std::vector<ColumnInfo>& obscore_columns() {
  const auto column = [](const char* name, const char* type, const char* unit, const char* ucd, const char* utype,
                         const char* description, const char* xtype = "") {
    return ColumnInfo{{name, type, unit, ucd, std::string("obscore:") + utype, xtype, "", description}, true, false};
  };
  static const std::vector<ColumnInfo> columns = {
      column("dataproduct_type", "char", "", "meta.code.class", "ObsDataset.dataProductType", "Image, cube, spectrum"),
      column("calib_level", "int", "", "meta.code;obs.calib", "ObsDataset.calibLevel", "0 raw to 4 derived"),
      column("obs_collection", "char", "", "meta.id", "DataID.collection", "Name of the collection"),
      column("obs_id", "char", "", "meta.id", "DataID.observationID", "Identifier of the observation"),
      column("obs_publisher_did", "char", "", "meta.ref.ivoid", "Curation.publisherDID", "Identifier of the dataset"),
      column("obs_title", "unicodeChar", "", "meta.title;obs", "DataID.title", "A line about it"),
      column("access_url", "char", "", "meta.ref.url", "Access.reference", "Where it is", "clob"),
      column("access_format", "char", "", "meta.code.mime", "Access.format", "Media type of what is there"),
      column("access_estsize", "long", "kbyte", "phys.size;meta.file", "Access.size", "Estimate"),
      column("target_name", "unicodeChar", "", "meta.id;src", "Target.name", "What was meant to be seen"),
      column("s_ra", "double", "deg", "pos.eq.ra", "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C1",
             "ICRS"),
      column("s_dec", "double", "deg", "pos.eq.dec", "Char.SpatialAxis.Coverage.Location.Coord.Position2D.Value2.C2",
             "ICRS"),
      column("s_fov", "double", "deg", "phys.angSize;instr.fov", "Char.SpatialAxis.Coverage.Bounds.Extent.diameter",
             "Diameter"),
      column("s_region", "char", "", "pos.outline;obs.field", "Char.SpatialAxis.Coverage.Support.Area", "Footprint",
             "adql:REGION"),
      column("s_resolution", "double", "arcsec", "pos.angResolution", "Char.SpatialAxis.Resolution.Refval.value",
             "Blur"),
      column("s_xel1", "long", "", "meta.number", "Char.SpatialAxis.numBins1", "Pixels, first axis"),
      column("s_xel2", "long", "", "meta.number", "Char.SpatialAxis.numBins2", "Pixels, second axis"),
      column("t_min", "double", "d", "time.start;obs.exposure", "Char.TimeAxis.Coverage.Bounds.Limits.StartTime", "MJD",
             "mjd"),
      column("t_max", "double", "d", "time.end;obs.exposure", "Char.TimeAxis.Coverage.Bounds.Limits.StopTime", "MJD",
             "mjd"),
      column("t_exptime", "double", "s", "time.duration;obs.exposure", "Char.TimeAxis.Coverage.Support.Extent",
             "Exposure"),
      column("t_resolution", "double", "s", "time.resolution", "Char.TimeAxis.Resolution.Refval.value", ""),
      column("t_xel", "long", "", "meta.number", "Char.TimeAxis.numBins", ""),
      column("em_min", "double", "m", "em.wl;stat.min", "Char.SpectralAxis.Coverage.Bounds.Limits.LoLimit", "Vacuum"),
      column("em_max", "double", "m", "em.wl;stat.max", "Char.SpectralAxis.Coverage.Bounds.Limits.HiLimit", "Vacuum"),
      column("em_res_power", "double", "", "spect.resolution", "Char.SpectralAxis.Resolution.ResolPower.refVal", ""),
      column("em_xel", "long", "", "meta.number", "Char.SpectralAxis.numBins", ""),
      column("o_ucd", "char", "", "meta.ucd", "Char.ObservableAxis.ucd", "What is measured"),
      column("pol_states", "char", "", "meta.code;phys.polarization", "Char.PolarizationAxis.stateList", ""),
      column("pol_xel", "long", "", "meta.number", "Char.PolarizationAxis.numBins", ""),
      column("facility_name", "unicodeChar", "", "meta.id;instr.tel", "Provenance.ObsConfig.Facility.name",
             "Telescope"),
      column("instrument_name", "unicodeChar", "", "meta.id;instr", "Provenance.ObsConfig.Instrument.name",
             "Instrument"),
      column("data_rights", "char", "", "meta.code", "Curation.rights", "public"),
  };
  return columns;
}

Row obscore_row(const SkyModel& sky, const Dataset& d, const std::string& base_url) {
  const auto real = [](const std::optional<double>& value) { return value ? Cell(*value) : Cell(); };
  const auto text = [](const std::optional<std::string>& value) { return value ? Cell(*value) : Cell(); };
  const std::string url = access_url_of(d, base_url);
  const DataFile* file = sky.file(d.this_path);
  const PlateImage* image = file == nullptr ? nullptr : file->image.get();
  const auto pixels = [&](int ImageSpec::*axis) {
    return image == nullptr ? Cell() : Cell(static_cast<std::int64_t>(image->spec().*axis));
  };
  // Of a file in DEMO_BULK: one block of header, one of pixels.
  const std::uint64_t bytes = file == nullptr ? 5760 : file->layout->size();
  return {
      d.type,
      std::int64_t{d.calib_level},
      d.collection,
      d.obs_id,
      d.did,
      d.title,
      url.empty() ? Cell() : Cell(url),
      text(d.access_format),
      static_cast<std::int64_t>((bytes + 999) / 1000),
      d.target,
      d.centre ? Cell(d.centre->ra) : Cell(),
      d.centre ? Cell(d.centre->dec) : Cell(),
      d.fov > 0 ? Cell(d.fov) : Cell(),
      text(d.s_region),
      Cell(3.0),
      pixels(&ImageSpec::nx),
      pixels(&ImageSpec::ny),
      real(d.t_min),
      real(d.t_max),
      Cell(d.exposure_s),
      Cell(),
      std::int64_t{1},
      Cell(d.em_min),
      Cell(d.em_max),
      Cell(),
      image != nullptr && image->spec().nz > 1 ? Cell(std::int64_t{image->spec().nz}) : Cell(),
      std::string("phot.count"),
      Cell(),
      Cell(),
      d.facility,
      d.instrument,
      std::string("public"),
  };
}

}  // namespace skymount::demo
