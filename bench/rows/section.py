# SPDX-License-Identifier: MIT
#
# Reads a square of pixels with astropy and says how long it took, the import of astropy left out. Or makes the plate.
#   section.py make FILE SIDE
#   section.py memmap|section FILE X Y SIDE
#   section.py fsspec URL X Y SIDE
import json
import sys
import time

import numpy as np
from astropy.io import fits


def make(path: str, side: int) -> None:
    """A plate of side x side pixels of 16 bits, written strip by strip; the same each time."""
    header = fits.Header()
    header["SIMPLE"], header["BITPIX"], header["NAXIS"] = True, 16, 2
    header["NAXIS1"], header["NAXIS2"] = side, side
    random = np.random.default_rng(5)
    with open(path, "wb") as out:
        out.write(header.tostring().encode("ascii"))
        for _ in range(side // 256):
            out.write(random.integers(0, 4096, (256, side)).astype(">i2").tobytes())
        out.write(bytes(-out.tell() % 2880))


def square(how: str, where: str, x: int, y: int, side: int) -> np.ndarray:
    options = {"memmap": {"memmap": True}, "section": {"memmap": False}, "fsspec": {"use_fsspec": True}}[how]
    with fits.open(where, **options) as plate:
        pixels = plate[0].data if how == "memmap" else plate[0].section
        return np.array(pixels[y : y + side, x : x + side])


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]))
else:
    if sys.argv[1] == "fsspec":
        import aiohttp  # noqa: F401  imported before the clock runs, as astropy is
        import fsspec.implementations.http  # noqa: F401
    start = time.perf_counter()
    pixels = square(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "sum": int(pixels.astype(np.int64).sum()), "pixels": pixels.size}))
