# SPDX-License-Identifier: MIT
#
# Reads a square of pixels with astropy and says how long it took, the import of astropy left out. Or makes the plate.
#   section.py make FILE WIDTH HEIGHT HEADER_BLOCKS
#   section.py pack FILE OUT SIDE             its corner, compressed in tiles
#   section.py memmap|section FILE X Y SIDE [HEIGHT]
#   section.py fsspec URL X Y SIDE
#   section.py cutout2d FILE RA DEC SIZE      Cutout2D of a file on disk; SIZE in degrees
#   section.py whole FILE                     all pixels of a small file, and where they are in the plate: x, y, nx, ny
import json
import re
import sys
import time

import numpy as np
from astropy.io import fits


CENTRE = (156.01, 48.14)  # of the plate
SCALE = 1.8 / 3600  # degrees a pixel


def make(path: str, width: int, height: int, blocks: int) -> None:
    """A plate of 16-bit pixels under a header of so many blocks, written strip by strip; the same each time. Like some
    archives' files it ends with its last pixel."""
    header = fits.Header()
    header["SIMPLE"], header["BITPIX"], header["NAXIS"] = True, 16, 2
    header["NAXIS1"], header["NAXIS2"] = width, height
    for axis, kind, middle, step in ((1, "RA---TAN", width / 2, -SCALE), (2, "DEC--TAN", height / 2, SCALE)):
        header[f"CTYPE{axis}"], header[f"CRVAL{axis}"] = kind, CENTRE[axis - 1]
        header[f"CRPIX{axis}"], header[f"CDELT{axis}"] = middle, step
    while len(header) < blocks * 36 - 1:
        header.add_comment("a card of a long header, as scanners write them")
    random = np.random.default_rng(5)
    with open(path, "wb") as out:
        out.write(header.tostring().encode("ascii"))
        for row in range(0, height, 256):
            out.write(random.integers(0, 4096, (min(256, height - row), width)).astype(">i2").tobytes())


def square(how: str, where: str, x: int, y: int, side: int, height: int = 0) -> np.ndarray:
    """side x height pixels; a square without a height."""
    options = {"memmap": {"memmap": True}, "section": {"memmap": False}, "fsspec": {"use_fsspec": True}}[how]
    with fits.open(where, **options) as plate:
        pixels = plate[0].data if how == "memmap" else plate[0].section
        return np.array(pixels[y : y + (height or side), x : x + side])


def cutout2d(path: str, ra: float, dec: float, size: float) -> np.ndarray:
    with fits.open(path, memmap=True) as plate:
        centre = SkyCoord(ra, dec, unit="deg")
        cut = Cutout2D(plate[0].data, centre, size * units.deg, wcs=WCS(plate[0].header), mode="trim", copy=True)
        return cut.data


if sys.argv[1] == "make":
    make(sys.argv[2], *map(int, sys.argv[3:6]))
elif sys.argv[1] == "pack":
    with fits.open(sys.argv[2], memmap=True) as plate:
        part = plate[0].data[: int(sys.argv[4]), : int(sys.argv[4])]
        fits.CompImageHDU(part, compression_type="RICE_1").writeto(sys.argv[3])
elif sys.argv[1] == "whole":
    start = time.perf_counter()
    with fits.open(sys.argv[2], memmap=False) as file:
        pixels, header = file[0].data, file[0].header
        total = int(pixels.astype(np.int64).sum())
    seconds = time.perf_counter() - start
    history = "".join(header["HISTORY"])
    box = [int(number) for number in re.search(r"\[(\d+):(\d+),(\d+):(\d+)\]", history).groups()]
    place = {"x": box[0] - 1, "y": box[2] - 1, "nx": pixels.shape[1], "ny": pixels.shape[0]}
    print(json.dumps({"seconds": seconds, "sum": total, **place}))
elif sys.argv[1] == "cutout2d":
    from astropy import units
    from astropy.coordinates import SkyCoord
    from astropy.nddata import Cutout2D
    from astropy.wcs import WCS

    start = time.perf_counter()
    pixels = cutout2d(sys.argv[2], *map(float, sys.argv[3:6]))
    total = int(pixels.astype(np.int64).sum())
    print(json.dumps({"seconds": time.perf_counter() - start, "sum": total, "pixels": pixels.size}))
else:
    if sys.argv[1] == "fsspec":
        import aiohttp  # noqa: F401  imported before the clock runs, as astropy is
        import fsspec.implementations.http  # noqa: F401
    start = time.perf_counter()
    pixels = square(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "sum": int(pixels.astype(np.int64).sum()), "pixels": pixels.size}))
