// SPDX-License-Identifier: MIT
#include "vo/fits/worker/region.h"

#include "vo/fits/worker/frames_of_sky.h"
#include "vo/fits/worker/visible.h"

#include <wcslib/wcs.h>
#include <wcslib/wcsfix.h>
#include <wcslib/wcshdr.h>
#include <wcslib/wcsmath.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace skymount::vo {
namespace {

std::string trimmed(const char* text, std::size_t most = 71) {
  std::string out(text, strnlen(text, most));
  const std::size_t first = out.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

/// SCAMP writes the distortion terms of TPV under TAN, which has none: PVi_4 and beyond tell.
void mend_scamp(std::string& cards) {
  const auto find = [&](std::string_view start) {
    for (std::size_t at = 0; at + 80 <= cards.size(); at += 80) {
      if (cards.compare(at, start.size(), start) == 0) return at;
    }
    return std::string::npos;
  };
  if (find("PV1_4   =") == std::string::npos && find("PV1_5   =") == std::string::npos) return;
  for (const char* type : {"CTYPE1  =", "CTYPE2  ="}) {
    const std::size_t card = find(type);
    const std::size_t name = card == std::string::npos ? card : cards.find("-TAN'", card);
    const std::size_t padded = card == std::string::npos ? card : cards.find("-TAN ", card);
    const std::size_t at = std::min(name, padded);
    if (at != std::string::npos && at < card + 40) cards.replace(at, 4, "-TPV");
  }
}

/// All coordinate systems of a header; the first of them is the primary one.
class Systems {
 public:
  explicit Systems(std::string cards) : cards_(std::move(cards)) {
    mend_scamp(cards_);
    int rejected = 0;
    const int status =
        wcspih(cards_.data(), static_cast<int>(cards_.size() / 80), WCSHDR_all, 0, &rejected, &count_, &all_);
    if (status != 0) count_ = 0;
  }
  ~Systems() { wcsvfree(&count_, &all_); }
  Systems(const Systems&) = delete;
  Systems& operator=(const Systems&) = delete;

  wcsprm* primary() const { return count_ > 0 ? all_ : nullptr; }

 private:
  std::string cards_;
  int count_ = 0;
  wcsprm* all_ = nullptr;
};

/// The axes of one kind, as a coordinate system of their own.
class Part {
 public:
  Part(const wcsprm& whole, int kind) : axes_(static_cast<std::size_t>(std::max(whole.naxis, 1))) {
    std::fill(axes_.begin(), axes_.end(), 0);
    axes_[0] = kind;
    count_ = 1;
    part_.flag = -1;
    status_ = wcssub(1, &whole, &count_, axes_.data(), &part_);
    if (status_ == 0 && count_ > 0) status_ = wcsset(&part_);
  }
  ~Part() { wcsfree(&part_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  bool ok() const { return status_ == 0; }
  int count() const { return count_; }
  wcsprm& system() { return part_; }
  /// Of the image, 1-based, for the part's pixel axis `i`.
  std::uint32_t axis(int i) const { return static_cast<std::uint32_t>(axes_[static_cast<std::size_t>(i)]); }
  std::string why() const { return status_ == 0 ? "" : wcs_errmsg[std::clamp(status_, 0, 14)]; }

 private:
  std::vector<int> axes_;
  int count_ = 0, status_ = 0;
  wcsprm part_{};
};

HeaderFrame frame_of(const wcsprm& sky) {
  HeaderFrame frame;
  frame.longitude = trimmed(sky.lngtyp);
  frame.system = trimmed(sky.radesys);
  if (!undefined(sky.equinox) && std::isfinite(sky.equinox)) frame.equinox = sky.equinox;
  return frame;
}

/// NAXISn of the header: wcslib does not keep it.
double axis_length(const std::string& cards, std::uint32_t axis) {
  std::string key = "NAXIS" + std::to_string(axis);
  key.resize(8, ' ');
  for (std::size_t at = 0; at + 80 <= cards.size(); at += 80) {
    if (cards.compare(at, 8, key) == 0) return std::strtod(cards.substr(at + 10, 70).c_str(), nullptr);
  }
  return 0;
}

/// wcslib inverts what is singular up to rounding, and what overflows.
bool has_inverse(const wcsprm& sky) {
  const double* m = sky.pc;
  const double rows = std::hypot(m[0], m[1]) * std::hypot(m[2], m[3]);
  const double determinant = (m[0] / std::hypot(m[0], m[1])) * (m[3] / std::hypot(m[2], m[3])) -
                             (m[1] / std::hypot(m[0], m[1])) * (m[2] / std::hypot(m[2], m[3]));
  constexpr double kSmallest = 1e-12;  // of parallel axes
  return std::isfinite(rows) && rows > 0 && std::abs(determinant) > kSmallest;
}

Result<void> add_sky(const RegionJob& job, const wcsprm& whole, RegionAnswer& answer) {
  Part part(whole, WCSSUB_CELESTIAL);
  if (!part.ok()) return fail(Code::unsupported, "the header's sky coordinates cannot be used: " + part.why());
  if (part.count() != 2 || part.system().lng < 0 || part.system().lat < 0)
    return fail(Code::unsupported, "the image has no sky coordinates in its header; pixels=X0..X1,Y0..Y1 works");
  wcsprm& sky = part.system();
  if (!has_inverse(sky)) {
    return fail(Code::unsupported,
                "the header's coordinates cannot be used: their matrix has no inverse; pixels=X0..X1,Y0..Y1 works");
  }
  const HeaderFrame frame = frame_of(sky);
  const Result<SkyPoint> centre = from_icrs(job.centre, frame);
  if (!centre) return fail(centre.error());
  const Sight sight{
      &sky, {axis_length(job.cards, part.axis(0)), axis_length(job.cards, part.axis(1))}, *centre, job.reach_deg};
  std::array<Extent, 2> extents;
  Tears tears(sight);
  for (const SkyPoint& point : job.outline) {
    const Result<SkyPoint> there = from_icrs(point, frame);
    Projected seen;
    if (!there || !project(sky, *there, seen)) {
      tears.add_unseen();
      continue;
    }
    tears.add(seen);
    extents[0].add(seen.pixel[0]);
    extents[1].add(seen.pixel[1]);
  }
  if (tears.found()) add_all_inside(sight, extents);
  if (extents[0].empty()) return fail(Code::no_data, "the region is on the other side of the sky");
  for (int i = 0; i < 2; ++i)
    answer.push_back(
        {part.axis(i), extents[static_cast<std::size_t>(i)].low, extents[static_cast<std::size_t>(i)].high});
  return {};
}

/// Whatever the axis is in (frequency, velocity, air wavelength): its wavelength in vacuum is looked for.
Result<void> add_band(const RegionJob& job, const wcsprm& whole, RegionAnswer& answer) {
  Part part(whole, WCSSUB_SPECTRAL);
  if (!part.ok() || part.count() != 1)
    return fail(Code::unsupported, "the image has no spectral axis in its header; planes=A..B works");
  wcsprm& spectral = part.system();
  int axis = 0;
  char type[] = "WAVE-???";
  if (wcssptr(&spectral, &axis, type) != 0 || wcsset(&spectral) != 0)
    return fail(Code::unsupported, "the image's spectral axis cannot be read as wavelengths; planes=A..B works");
  Extent extent;
  for (const double wavelength : {job.band_m->first, job.band_m->second}) {
    if (!std::isfinite(wavelength) || wavelength <= 0) continue;
    double world = wavelength, image = 0, pixel = 0, phi = 0, theta = 0;
    int bad = 0;
    if (wcss2p(&spectral, 1, 1, &world, &phi, &theta, &image, &pixel, &bad) != 0 || !std::isfinite(pixel))
      return fail(Code::no_data, "the band is not on the image's spectral axis");
    extent.add(pixel);
  }
  // An open end goes to the side on which longer, or shorter, wavelengths are.
  const bool rises = spectral.cdelt[0] * spectral.pc[0] > 0;
  if (!std::isfinite(job.band_m->second)) extent.add(rises ? HUGE_VAL : -HUGE_VAL);
  if (!(job.band_m->first > 0)) extent.add(rises ? -HUGE_VAL : HUGE_VAL);
  answer.push_back({part.axis(0), extent.low, extent.high});
  return {};
}

}  // namespace

Result<RegionAnswer> find_region(const RegionJob& job) {
  const Systems systems(job.cards);
  wcsprm* whole = systems.primary();
  if (whole == nullptr) return fail(Code::unsupported, "the header's coordinates cannot be read");
  std::array<int, NWCSFIX> fixed{};
  std::vector<int> lengths;  // of a map that lies more than half a turn from its reference: it is given another
  for (int axis = 1; axis <= whole->naxis; ++axis)
    lengths.push_back(static_cast<int>(std::clamp(axis_length(job.cards, static_cast<std::uint32_t>(axis)), 1.0, 1e9)));
  wcsfix(7, lengths.data(), whole, fixed.data());  // what cannot be mended shows in the next step
  if (const int status = wcsset(whole); status != 0) {
    return fail(Code::unsupported, std::string("the header's coordinates cannot be used: ") +
                                       wcs_errmsg[std::clamp(status, 0, 14)] + "; pixels=X0..X1,Y0..Y1 works");
  }
  RegionAnswer answer;
  if (!job.outline.empty()) {
    if (Result<void> added = add_sky(job, *whole, answer); !added) return fail(added.error());
  }
  if (job.band_m) {
    if (Result<void> added = add_band(job, *whole, answer); !added) return fail(added.error());
  }
  return answer;
}

}  // namespace skymount::vo
