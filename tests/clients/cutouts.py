#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Cutouts made by skymount against astropy's Cutout2D(mode='trim'): equal pixels, and the same place on the sky for each
corner within 1e-9 degrees, for a matrix of projections, ways to write a coordinate system, sample types, compressions
and positions.

Usage: cutouts.py SKYMOUNT [NAME-PART]
"""
import io
import itertools
import pathlib
import re
import sys
import tempfile
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from demo_mount import SKIPPED
from file_archive import FileArchive, Mounted

NX, NY = 240, 200
SCALE = 0.002  # degrees a pixel
CORNERS_DEG = 1e-9


def pixels(dtype, shape=(NY, NX), seed=1):
    import numpy
    random = numpy.random.default_rng(seed)
    if dtype.startswith("f"):
        return random.normal(1000, 30, shape).astype(dtype)
    top = {"u1": 250, "i2": 30000, "i4": 10**9, "i8": 10**15}[dtype]
    return random.integers(0, top, shape).astype(dtype)


def celestial(header, projection="TAN", at=(10.0, 10.0), way="CD", rotate=20.0):
    """A coordinate system in the middle of the image."""
    import numpy
    turn = numpy.deg2rad(rotate)
    matrix = numpy.array([[-numpy.cos(turn), numpy.sin(turn)], [numpy.sin(turn), numpy.cos(turn)]]) * SCALE
    header["CTYPE1"], header["CTYPE2"] = f"RA---{projection}", f"DEC--{projection}"
    if projection.startswith("G:"):
        header["CTYPE1"], header["CTYPE2"] = f"GLON-{projection[2:]}", f"GLAT-{projection[2:]}"
    header["CRVAL1"], header["CRVAL2"] = at
    header["CRPIX1"], header["CRPIX2"] = NX / 2 + 0.3, NY / 2 - 0.7
    header["CUNIT1"] = header["CUNIT2"] = "deg"
    for i, j in itertools.product((1, 2), (1, 2)):
        if way == "CD":
            header[f"CD{i}_{j}"] = matrix[i - 1, j - 1]
        elif way == "PC":
            header[f"PC{i}_{j}"] = matrix[i - 1, j - 1] / SCALE
            header[f"CDELT{i}"] = SCALE
    if way == "CROTA":
        header["CDELT1"], header["CDELT2"], header["CROTA2"] = -SCALE, SCALE, rotate
    return header


def image(dtype="i2", **how):
    from astropy.io import fits
    hdu = fits.PrimaryHDU(pixels(dtype))
    celestial(hdu.header, **how)
    return hdu


def file_of(*hdus):
    from astropy.io import fits
    out = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(out, checksum=True)
    return out.getvalue()


def packed(dtype, kind, data=None, **how):
    from astropy.io import fits
    hdu = fits.CompImageHDU(pixels(dtype) if data is None else data, compression_type=kind, **how)
    celestial(hdu.header)
    return file_of(fits.PrimaryHDU(), hdu)


def distorted(kind):
    hdu = image()
    header = hdu.header
    if kind == "SIP":
        header["CTYPE1"], header["CTYPE2"] = "RA---TAN-SIP", "DEC--TAN-SIP"
        header["A_ORDER"] = header["B_ORDER"] = header["AP_ORDER"] = header["BP_ORDER"] = 2
        header["A_2_0"], header["A_1_1"], header["B_0_2"], header["B_1_1"] = 2e-5, 1e-5, -2e-5, 1e-5
        header["AP_2_0"], header["AP_1_1"], header["BP_0_2"], header["BP_1_1"] = -2e-5, -1e-5, 2e-5, -1e-5
    else:
        suffix = "TPV" if kind == "TPV" else "TAN"  # SCAMP writes TPV's terms under TAN
        header["CTYPE1"], header["CTYPE2"] = f"RA---{suffix}", f"DEC--{suffix}"
        for axis in (1, 2):
            header[f"PV{axis}_0"], header[f"PV{axis}_1"], header[f"PV{axis}_2"] = 1e-6, 1.0001, 2e-5
            header[f"PV{axis}_4"], header[f"PV{axis}_5"], header[f"PV{axis}_6"] = 1e-4, 2e-4, -1e-4
    return file_of(hdu)


def matrix():
    """name -> (bytes of the file, position at which it is centred)."""
    import numpy
    from astropy.io import fits
    out = {}
    for projection in ("TAN", "SIN", "ZEA", "STG", "ARC", "CAR"):
        out[f"p{projection}"] = (file_of(image(projection=projection, at=(10.0, 0.0 if projection == "CAR" else 10.0))),
                                 (10.0, 0.0 if projection == "CAR" else 10.0))
    for way in ("CD", "PC", "CROTA"):
        out[f"w{way}"] = (file_of(image(way=way)), (10.0, 10.0))
    for kind in ("SIP", "TPV", "SCAMP"):
        out[f"d{kind}"] = (distorted(kind), (10.0, 10.0))
    out["zeroRA"] = (file_of(image(at=(0.0, 5.0))), (0.0, 5.0))
    out["pole"] = (file_of(image(at=(30.0, 89.99))), (30.0, 89.99))
    out["south"] = (file_of(image(at=(30.0, -89.99), projection="ZEA")), (30.0, -89.99))
    galactic = image(projection="G:TAN", at=(120.0, -30.0))
    from astropy.coordinates import SkyCoord
    there = SkyCoord(120.0, -30.0, unit="deg", frame="galactic").icrs
    out["galactic"] = (file_of(galactic), (there.ra.deg, there.dec.deg))
    east = image(projection="G:CAR", at=(120.0, 0.0))
    there = SkyCoord(120.0, 0.0, unit="deg", frame="galactic").icrs
    out["galacticCAR"] = (file_of(east), (there.ra.deg, there.dec.deg))
    old = image(at=(10.0, 10.0))  # coordinates of 1950 in the header
    old.header["RADESYS"], old.header["EQUINOX"] = "FK4", 1950.0
    there = SkyCoord(10.0, 10.0, unit="deg", frame="fk4", equinox="B1950").icrs
    out["fk4"] = (file_of(old), (there.ra.deg, there.dec.deg))
    for dtype in ("u1", "i2", "i4", "i8", "f4", "f8"):
        out[f"b{dtype}"] = (file_of(image(dtype)), (10.0, 10.0))
    unsigned = fits.PrimaryHDU(pixels("i2").astype("u2") + 20000)
    celestial(unsigned.header)
    out["bu2"] = (file_of(unsigned), (10.0, 10.0))
    extension = fits.ImageHDU(pixels("i4"), name="SCI")
    celestial(extension.header)
    out["mef"] = (file_of(fits.PrimaryHDU(), fits.ImageHDU(pixels("i2", (20, 30))), extension), (10.0, 10.0))
    cube = fits.PrimaryHDU(pixels("f4", (5, NY, NX)))
    celestial(cube.header, way="PC")
    cube.header["CTYPE3"], cube.header["CRVAL3"], cube.header["CRPIX3"] = "WAVE", 5e-7, 1.0
    cube.header["CDELT3"], cube.header["CUNIT3"] = 1e-8, "m"
    out["cube"] = (file_of(cube), (10.0, 10.0))
    for kind in ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"):
        out[f"z{kind}i2"] = (packed("i2", kind), (10.0, 10.0))
        out[f"z{kind}f4"] = (packed("f4", kind, quantize_method=1, dither_seed=7), (10.0, 10.0))
    out["zRICEi4"] = (packed("i4", "RICE_1"), (10.0, 10.0))
    out["zRICEu1"] = (packed("u1", "RICE_1"), (10.0, 10.0))
    out["zPLIO"] = (packed("i2", "PLIO_1", numpy.abs(pixels("i2")) % 4000), (10.0, 10.0))
    out["zRICEtiles"] = (packed("i2", "RICE_1", tile_size=(64, 48)), (10.0, 10.0))
    out["zRICEdither2"] = (packed("f4", "RICE_1", quantize_method=2, dither_seed=3), (10.0, 10.0))
    holes = pixels("f4")
    holes[40:60, 50:70] = numpy.nan
    out["zRICEnan"] = (packed("f4", "RICE_1", holes, quantize_method=1, dither_seed=5), (10.0, 10.0))
    out["zGZIPexact"] = (packed("f4", "GZIP_2", quantize_level=0), (10.0, 10.0))
    out["zu2"] = (packed("u2", "RICE_1", pixels("i2").astype("u2") + 20000), (10.0, 10.0))
    import gzip
    out["gzip"] = (gzip.compress(file_of(image())), (10.0, 10.0))
    extensions = {"gzip": ".fits.gz"}
    return {name + (extensions.get(name) or (".fits.fz" if name.startswith("z") and name != "zeroRA" else ".fits")): made
            for name, made in out.items()}


def orders(at, name):
    """Cutouts of one image: inside, at its edges, the whole of it; by the sky and by pixels."""
    ra, dec = at
    yield f"circle={ra},{dec},0.04"
    if name.startswith(("pole", "south")):
        yield f"circle={ra + 180},{abs(dec) - 0.01 if dec > 0 else dec + 0.01},0.03"
    else:
        yield f"circle={ra + 0.19},{dec + 0.05},0.05"
        yield f"box={ra - 0.15},{dec - 0.1},0.1,0.3"
    yield f"circle={ra},{dec},2"
    yield "pixels=1..17,190..200"
    yield "pixels=100..100,3..120"


def source_hdu(data, name):
    import gzip
    from astropy.io import fits
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    hdus = fits.open(io.BytesIO(data), do_not_scale_image_data=not name.endswith(".fz"))
    for hdu in hdus:
        if hdu.is_image and hdu.header.get("NAXIS", 0) >= 2 and "CTYPE1" in hdu.header:
            return hdu
    raise AssertionError("no image in " + name)


def as_wcslib_reads_it(header):
    """SCAMP writes TPV's terms under TAN, which astropy's WCS refuses."""
    header = header.copy()
    if header["CTYPE1"] == "RA---TAN" and "PV1_5" in header:
        header["CTYPE1"], header["CTYPE2"] = "RA---TPV", "DEC--TPV"
    return header


def check(folder, order, data, name):
    import numpy
    from astropy.io import fits
    from astropy.nddata import Cutout2D
    from astropy.wcs import WCS
    with fits.open(f"{folder}/cutout/{order}.fits", do_not_scale_image_data=not name.endswith(".fz"), memmap=False) as made:
        made.verify("exception")
        header, ours = made[0].header, made[0].data
    section = re.search(r"skymount pixels: \[([^]]*)\]", "\n".join(header["HISTORY"]))[1]
    (x0, x1), (y0, y1) = [tuple(map(int, span.split(":"))) for span in section.split(",")[:2]]
    original = source_hdu(data, name)
    theirs = original.data[..., y0 - 1:y1, x0 - 1:x1]
    planes = original.data if original.data.ndim == 2 else original.data[0]
    wcs = WCS(as_wcslib_reads_it(original.header)).celestial
    cut = Cutout2D(planes, ((x0 + x1) / 2 - 1, (y0 + y1) / 2 - 1), (y1 - y0 + 1, x1 - x0 + 1), wcs=wcs, mode="trim")
    if cut.data.shape != ours.shape[-2:]:
        raise AssertionError(f"{ours.shape} instead of {cut.data.shape}")
    same = numpy.array_equal(theirs, ours, equal_nan=ours.dtype.kind == "f")
    if not same or ours.dtype.newbyteorder("=") != theirs.dtype.newbyteorder("="):
        raise AssertionError(f"other pixels: {numpy.sum(theirs != ours)} of {ours.size}, {ours.dtype} for {theirs.dtype}")
    mine = WCS(as_wcslib_reads_it(header)).celestial
    ny, nx = cut.data.shape
    for corner in ((0, 0), (nx - 1, 0), (0, ny - 1), (nx - 1, ny - 1)):
        a, b = mine.pixel_to_world(*corner), cut.wcs.pixel_to_world(*corner)
        if a.separation(b).deg > CORNERS_DEG:
            raise AssertionError(f"corner {corner} is {a.separation(b).deg} degrees off")
    if order.startswith("circle=") and not name.startswith(("d", "pole", "south")):
        expect_circle(order, planes, wcs, (x0, x1, y0, y1))


def expect_circle(order, planes, wcs, ours):
    """As Cutout2D would cut it from position and size, up to a pixel at each side: its size is rounded, ours covers."""
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from astropy.nddata import Cutout2D
    ra, dec, radius = map(float, order.removeprefix("circle=").split(","))
    if radius > 1:
        return  # far outside of the image, where a projection's scale is another one
    cut = Cutout2D(planes, SkyCoord(ra, dec, unit="deg"), 2 * radius * u.deg, wcs=wcs, mode="trim")
    (ymin, ymax), (xmin, xmax) = cut.bbox_original
    for mine, other in zip(ours, (xmin + 1, xmax + 1, ymin + 1, ymax + 1)):
        if abs(mine - other) > 1:
            raise AssertionError(f"{ours} is not Cutout2D's {(xmin + 1, xmax + 1, ymin + 1, ymax + 1)}")


def main():
    try:
        import astropy.nddata  # noqa: F401
    except ImportError:
        sys.exit(SKIPPED)
    warnings.simplefilter("ignore")
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    made = {name: file for name, file in matrix().items() if part in name}
    archive = FileArchive({name: (data, "image") for name, (data, _) in made.items()})
    failures = count = 0
    with tempfile.TemporaryDirectory(prefix="skymount-cutouts-") as folder, Mounted(sys.argv[1], archive, folder) as mounted:
        log = pathlib.Path(mounted.mountpoint, ".skymount", "errors.log")
        for name, (data, at) in sorted(made.items()):
            dataset = mounted.dataset("collection=FILES", name)
            for order in orders(at, name):
                count += 1
                try:
                    check(dataset, order, data, name)
                except Exception as error:  # every case is worth knowing
                    failures += 1
                    print(f"{name} {order}: {type(error).__name__}: {error}")
        if failures:
            print(log.read_text(encoding="utf-8"))
    print(f"{count - failures} of {count} cutouts are astropy's")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
