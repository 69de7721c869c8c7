// SPDX-License-Identifier: MIT
//
// What cfitsio itself makes of a part of an image: its extended file name has the section, FILE[HDU][x0:x1,y0:y1].
// Compressed tiles are unpacked. Not skymount's code, so that both can be compared.
#include <fitsio.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: image_section 'FILE[HDU][SECTION]' OUT.fits\n");
    return 2;
  }
  fitsfile *from = nullptr, *to = nullptr;
  int status = 0;
  fits_open_file(&from, argv[1], READONLY, &status);
  fits_create_file(&to, argv[2], &status);
  fits_copy_hdu(from, to, 0, &status);
  fits_close_file(to, &status);
  int closed = 0;
  if (from != nullptr) fits_close_file(from, &closed);
  if (status != 0) fits_report_error(stderr, status);
  return status == 0 ? 0 : 1;
}
