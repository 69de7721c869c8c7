#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Draws the sky that the test archive holds: plates and spectra, the same bytes on every machine.

Usage: make_data.py INPUTS_DIR.  One sub-folder a resource descriptor (rd/<schema>.rd): what is imported lies in data/, what
is only linked in static/.  The card SKYCASE names the oddity a file stands for; the descriptors look at it.
"""

import gzip
import io
import pathlib
import sys

import numpy as np
from astropy.io import fits

FIELD = (156.01, 48.14)  # where most plates overlap; compare.py asks for this position
SEED = 20240131
SCALE = 0.003  # degrees a pixel


def sky(shape, seed):
    """Noise with some stars: enough structure that a shifted or transposed cutout differs in nearly every pixel."""
    rng = np.random.default_rng(seed)
    image = rng.normal(1000.0, 30.0, shape)
    height, width = shape
    for _ in range(40):
        x, y, peak = rng.uniform(4, width - 5), rng.uniform(4, height - 5), rng.uniform(500, 20000)
        x0, y0 = int(x) - 4, int(y) - 4
        ys, xs = np.mgrid[y0:y0 + 9, x0:x0 + 9]
        inside = (ys >= 0) & (ys < height) & (xs >= 0) & (xs < width)
        stamp = peak * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 4.0)
        image[ys[inside], xs[inside]] += stamp[inside]
    return image


def header(centre, shape, scale, date, case="", rotation=0.0, instrument="ASTROGRAPH", name=""):
    """A TAN projection around `centre` (ra, dec in degrees); rotation in degrees."""
    angle = np.radians(rotation)
    result = fits.Header()
    result["CTYPE1"], result["CTYPE2"] = "RA---TAN", "DEC--TAN"
    result["CRVAL1"], result["CRVAL2"] = centre[0] % 360.0, centre[1]
    result["CRPIX1"], result["CRPIX2"] = shape[1] / 2 + 0.5, shape[0] / 2 + 0.5
    result["CUNIT1"], result["CUNIT2"] = "deg", "deg"
    result["CD1_1"], result["CD1_2"] = -scale * np.cos(angle), scale * np.sin(angle)
    result["CD2_1"], result["CD2_2"] = scale * np.sin(angle), scale * np.cos(angle)
    result["RADESYS"], result["EQUINOX"] = "ICRS", 2000.0
    result["DATE-OBS"] = date
    result["TELESCOP"], result["INSTRUME"] = "Test Observatory", instrument
    result["OBJECT"], result["EXPTIME"] = name, 600.0
    result["SKYCASE"] = case
    return result


def plate(path, number, centre, date, shape=(300, 400), scale=SCALE, dtype="int16", extensions=0, **words):
    data = sky(shape, SEED + number)
    cards = header(centre, shape, scale, date, name=path.name.split(".")[0], **words)
    primary = fits.PrimaryHDU(data.astype(dtype), cards)
    if dtype == "uint16":  # written as int16 with BZERO 32768
        primary = fits.PrimaryHDU(data.astype(np.uint16), cards)
    hdus = fits.HDUList([primary])
    for i in range(extensions):
        hdus.append(fits.ImageHDU(sky((50, 60), SEED + 1000 + number + i).astype(np.float32), name=f"EXTRA{i + 1}"))
    return write(hdus, path)


def write(hdus, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    hdus.writeto(buffer, checksum=False)
    content = buffer.getvalue()
    if path.suffix == ".gz":
        content = gzip.compress(content, 6, mtime=0)  # mtime 0: the same bytes each time
    path.write_bytes(content)
    return path


def packed(path, number, centre, date, compression, dtype, **words):
    shape = (300, 400)
    image = fits.CompImageHDU(sky(shape, SEED + number).astype(dtype), header(centre, shape, SCALE, date, **words),
                              compression_type=compression, quantize_level=0.0)
    return write(fits.HDUList([fits.PrimaryHDU(), image]), path)


def spectrum(path, number, position, date, points=400, case=""):
    rng = np.random.default_rng(SEED + 5000 + number)
    wavelength = np.linspace(6400.0, 6700.0, points)
    flux = 1.0 + 0.02 * rng.standard_normal(points) + 0.8 * np.exp(-((wavelength - 6562.8) / 3.0) ** 2)
    table = fits.BinTableHDU.from_columns([
        fits.Column("spectral", "D", unit="Angstrom", array=wavelength),
        fits.Column("flux", "D", array=flux),
    ], name="SPECTRUM")
    primary = fits.PrimaryHDU()
    for key, value in {"OBJECT": f"STAR {number}", "RA": position[0], "DEC": position[1], "DATE-OBS": date,
                       "EXPTIME": 900.0, "NPOINTS": points, "SPECSTA": 6400.0e-10, "SPECEND": 6700.0e-10,
                       "SKYCASE": case}.items():
        primary.header[key] = value
    return write(fits.HDUList([primary, table]), path)


def near(dra, ddec):
    return FIELD[0] + dra, FIELD[1] + ddec


def plates(folder):
    plate(folder / "a001.fits", 1, near(0.00, 0.00), "1890-05-03T02:14:00")
    plate(folder / "a002.fits", 2, near(0.15, -0.10), "1899-12-31T22:00:00", rotation=30)
    plate(folder / "a003.fits", 3, near(-0.12, 0.08), "1921-02-11T01:30:00", dtype="float32", instrument="SCHMIDT")
    plate(folder / "a004.fits", 4, near(0.30, 0.20), "1953-04-18T23:59:59", rotation=-95, instrument="SCHMIDT")
    plate(folder / "a005.fits", 5, near(0.05, 0.25), "1971-09-01T03:00:00", dtype="uint16")
    plate(folder / "a006.fits", 6, near(-0.05, -0.05), "1988-01-20T04:00:00", dtype="float32", extensions=2)
    # One that is larger than any buffer on the way: 48 MB.
    plate(folder / "big.fits", 7, near(0.02, 0.03), "2001-03-21T00:00:00", shape=(3000, 4000), scale=0.0004,
          dtype="float32", instrument="SCHMIDT")
    plate(folder / "zero_east.fits", 8, (0.10, 10.0), "1932-10-10T20:00:00")
    plate(folder / "zero_west.fits", 9, (359.95, 10.05), "1932-10-11T20:00:00", rotation=15)
    plate(folder / "pole_near.fits", 10, (37.5, 89.6), "1946-06-06T21:00:00", shape=(400, 400), scale=0.004)
    plate(folder / "pole_exact.fits", 11, (0.0, 90.0), "1947-06-06T21:00:00", shape=(400, 400), scale=0.004)


def packed_plates(folder):
    plate(folder / "gz001.fits.gz", 21, near(0.03, 0.01), "1908-03-03T02:00:00", case="gz")
    plate(folder / "gz002.fits.gz", 22, near(-0.20, 0.10), "1909-03-03T02:00:00", dtype="float32", case="gz")
    packed(folder / "fz001.fits.fz", 23, near(0.06, -0.04), "1910-03-03T02:00:00", "RICE_1", "int16", case="fz")
    packed(folder / "fz002.fits.fz", 24, near(0.10, 0.10), "1911-03-03T02:00:00", "GZIP_1", "float32", case="fz")


def links(folder):
    for i, case in enumerate(["plain", "faults", "embargo", "moved", "attached", "onthefly"]):
        plate(folder / "data" / f"{case}.fits", 31 + i, near(0.01 * i, -0.01 * i), f"198{i}-07-01T00:00:00", case=case)
    static = folder / "static"
    # Where the product "moved" went: the same bytes under another URL.
    static.mkdir(parents=True, exist_ok=True)
    (static / "moved_here.fits").write_bytes((folder / "data" / "moved.fits").read_bytes())
    plate(static / "weight.fits", 41, FIELD, "1985-07-01T00:00:00")
    plate(static / "flat.fits.gz", 42, FIELD, "1985-07-01T00:00:00")
    packed(static / "dark.fits.fz", 43, FIELD, "1985-07-01T00:00:00", "RICE_1", "int16")
    (static / "observers notes.txt").write_text("Clouds after midnight.\nPlate 3 fell.\n", encoding="utf-8")


def moved(folder):
    for i in range(3):
        plate(folder / f"m00{i + 1}.fits", 51 + i, near(0.02 * i, 0.04), f"200{i}-02-02T05:00:00",
              dtype="float32" if i == 1 else "int16")


def files(folder):
    plate(folder / "direct001.fits", 61, near(0.0, 0.05), "2010-01-01T00:00:00")
    plate(folder / "direct002.fits.gz", 62, near(0.0, 0.10), "2011-01-01T00:00:00")
    plate(folder / "vanished.fits", 63, near(0.0, 0.15), "2012-01-01T00:00:00")


def spectra(folder):
    for i in range(5):
        spectrum(folder / f"star_{i + 1}.fits", i + 1, near(0.002 * i, -0.001 * i), f"2015-0{i + 1}-10T01:00:00")
    spectrum(folder / "star_6.fits", 6, (210.0, -12.0), "2016-06-10T01:00:00", points=777)


def main():
    root = pathlib.Path(sys.argv[1])
    plates(root / "skyplates" / "data")
    packed_plates(root / "skypacked" / "data")
    links(root / "skylinks")
    moved(root / "skymoved" / "data")
    files(root / "skyfiles" / "data")
    spectra(root / "skyspec" / "data")
    print(sum(1 for path in root.glob("sky*/**/*") if path.is_file()), "files under", root)


if __name__ == "__main__":
    main()
