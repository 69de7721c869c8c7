// SPDX-License-Identifier: MIT
//
// APPLAUSE: TAP by Daiquiri, which speaks PostgreSQL, answers directly for five seconds only and knows its users by
// "Authorization: Token"; scans of plates as files of 1 GB that a static server hands out in ranges.
#include "vo/demo/archives/site.h"
#include "vo/demo/stars.h"

namespace skymount::demo {
namespace {

const std::string kHost = "www.plate-archive.org";
constexpr int kPlates[] = {9537, 9538, 9540};
constexpr int kSources = 1200;  // of plate 9537
constexpr int kSide = 22'361;   // 16 bits a pixel: 1,000,028,642 bytes of them

std::string scan_name(int plate) {
  return "SON_" + std::to_string(plate) + "_A.fits";
}

/// A scan: a real header, and pixels that are a function of their place.
OriginFile scan(int plate) {
  ImageSpec spec;
  spec.nx = spec.ny = kSide;
  spec.wcs = Tan::centred({83.8, -5.4}, kSide, kSide, 3e-4);
  spec.cards = {{"TELESCOP", quoted("GC 400mm astrograph"), ""}, {"PLATENUM", quoted(std::to_string(plate)), ""}};
  Layout layout;
  layout.add(header_block(image_cards(spec)));
  const std::uint64_t pixels = std::uint64_t{kSide} * kSide * 2;
  layout.add(pixels, [plate](std::uint64_t at, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>((at + i) * 31 + plate);
  });
  layout.add(std::string((2880 - pixels % 2880) % 2880, '\0'));
  const auto whole = std::make_shared<const Layout>(std::move(layout));
  OriginFile out;
  out.content_type = "application/fits";
  out.etag = "\"5f5e-" + std::to_string(plate) + "\"";
  out.last_modified = 1'580'000'000;
  out.size = whole->size();
  out.read = [whole](std::uint64_t at, std::span<std::byte> into) { whole->read(at, into); };
  return out;
}

std::vector<Row> source_rows(bool calibrated) {
  std::vector<Row> rows;
  for (int n = 0; n < kSources; ++n) {
    const auto hash = mixed(static_cast<std::uint64_t>(n));
    const double ra = 83.0 + static_cast<double>(hash % 160'000) / 1e5;
    const double dec = -6.0 + static_cast<double>(hash / 160'000 % 120'000) / 1e5;
    Row row = {std::int64_t{953'700'000'000} + n, 9537, 12'345, 1, ra, dec, 11.0 + n % 500 / 100.0, n % 7};
    if (calibrated) {
      row.resize(row.size() + 2);
      if (n % 3 != 0) row[row.size() - 2] = 12.5 + n % 400 / 100.0;  // a third has no magnitude
      if (n % 5 != 0) row.back() = std::int64_t{n % 900};
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Table sources(const char* name, bool calibrated) {
  if (!calibrated) {
    return table("applause_dr4", name,
                 {"source_id long - meta.id;meta.main", "plate_id int", "scan_id int", "process_id int",
                  "ra_icrs double deg pos.eq.ra;meta.main", "dec_icrs double deg pos.eq.dec;meta.main",
                  "mag_auto double mag phot.mag", "sextractor_flags int"},
                 source_rows(false));
  }
  return table("applause_dr4", name,
               {"source_id long - meta.id;meta.main", "plate_id int", "scan_id int", "process_id int",
                "ra_icrs double deg pos.eq.ra;meta.main", "dec_icrs double deg pos.eq.dec;meta.main",
                "mag_auto double mag phot.mag", "sextractor_flags int", "phot_mag double mag phot.mag;em.opt.B",
                "gaiaedr3_neighbors int"},
               source_rows(true));
}

}  // namespace

void make_applause(Site& site) {
  Tap tap{.path = "/tap"};
  tap.options.serialization = "BINARY2";
  tap.options.language = "PostgreSQL";
  tap.options.job_duration = std::chrono::milliseconds(100);
  tap.options.default_maxrec = 100'000;
  std::vector<Row> scans;
  for (const int plate : kPlates) {
    scans.push_back({12'345 + plate - 9537, plate, 101, "https://" + kHost + "/files/DR4/scans/SON/" + scan_name(plate),
                     kSide, kSide});
    site.file(kHost, "/files/DR4/scans/SON/" + scan_name(plate), scan(plate));
  }
  const ServicesPtr services = site.tap(
      "https://" + kHost, tap,
      {table("applause_dr4", "scan",
             {"scan_id int", "plate_id int", "archive_id int", "filename_scan char", "naxis1 int", "naxis2 int"},
             scans),
       sources("source", false), sources("source_calib", true)});
  // A token that it does not know is refused; without any, public tables are answered.
  site.answer(kHost, "/tap/", [services](const Request& request) {
    const std::string shown = request.header("Authorization");
    if (!shown.empty() && shown != "Token abc123")
      return Reply::text(401, R"({"detail":"Invalid token."})", "application/json");
    return tap_answer(services, request);
  });
}

}  // namespace skymount::demo
