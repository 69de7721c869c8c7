#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Cutouts by pixels against cfitsio's own image sections: every sample type plain and with every way to compress it that
takes it, as planes and as cubes. Samples must be the same to the bit, and so must what they are scaled by. Pictures of one image are
the same however it is packed.

Usage: sections.py SKYMOUNT IMAGE_SECTION [NAME-PART]
"""
import pathlib
import subprocess
import sys
import tempfile
import warnings

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parents[0] / "support")]
from cutouts import celestial, file_of, pixels
from demo_mount import SKIPPED
from file_archive import FileArchive, Mounted

NX, NY, NZ = 240, 200, 5
INTEGERS = ("u1", "i2", "i4")
# What each method takes, as FITS 4.0 section 10.4 has it.
METHODS = {"RICE_1": INTEGERS + ("f4", "f8"), "GZIP_1": INTEGERS + ("f4", "f8"), "GZIP_2": INTEGERS + ("f4", "f8"),
           "HCOMPRESS_1": INTEGERS + ("f4",), "PLIO_1": ("u1", "i2")}
SECTIONS = ("1..17,190..200", "100..100,3..120", "1..240,1..200", "33..97,49..151", "240..240,200..200")
PLANES = ("2..3", "1..5", "5..5")


def matrix():
    """name -> bytes of a file whose image is HDU 0, or 1 when it is compressed."""
    from astropy.io import fits
    out = {}
    for dtype in ("u1", "i2", "i4", "i8", "f4", "f8"):
        for cube in (False, True):
            shape = (NZ, NY, NX) if cube else (NY, NX)
            data = pixels(dtype, shape)
            name = dtype + ("cube" if cube else "")
            plain = fits.PrimaryHDU(data)
            celestial(plain.header)
            out[f"{name}.fits"] = file_of(plain)
            for method, takes in METHODS.items():
                if dtype not in takes or (cube and method == "HCOMPRESS_1"):
                    continue
                told = {} if dtype[0] != "f" else {"quantize_method": 1, "dither_seed": 11}
                if method == "PLIO_1":
                    data = data % 250
                hdu = fits.CompImageHDU(data, compression_type=method, **told)
                celestial(hdu.header)
                out[f"{name}{method}.fits.fz"] = file_of(fits.PrimaryHDU(), hdu)
    return out


def raw(path):
    """Samples as they are in the file, and how they are scaled."""
    from astropy.io import fits
    with fits.open(path, do_not_scale_image_data=True, memmap=False) as hdus:
        hdu = next(hdu for hdu in hdus if hdu.header["NAXIS"] >= 2)
        return hdu.data, [hdu.header.get(key) for key in ("BITPIX", "BZERO", "BSCALE", "BLANK")]


def check(folder, name, section, planes, tool, work):
    order = f"pixels={section}" + (f",planes={planes}" if planes else "")
    ours, our_scale = raw(f"{folder}/cutout/{order}.fits")
    out = work / "section.fits"
    out.unlink(missing_ok=True)
    spans = section.split(",") + ([planes] if planes else [])
    box = ",".join(span.replace("..", ":") for span in spans)
    hdu = 1 if name.endswith(".fz") else 0
    subprocess.run([tool, f"{work / name}[{hdu}][{box}]", str(out)], check=True, capture_output=True, timeout=60)
    theirs, their_scale = raw(out)
    if ours.shape != theirs.shape:
        raise AssertionError(f"{ours.shape} instead of {theirs.shape}")
    if ours.dtype != theirs.dtype or ours.tobytes() != theirs.tobytes():
        raise AssertionError(f"other samples: {(ours != theirs).sum()} of {ours.size}, {ours.dtype} for {theirs.dtype}")
    if our_scale != their_scale:
        raise AssertionError(f"scaled by {our_scale} instead of {their_scale}")


def pictures():
    """One image of 18 MB, plain and in tiles: of so many bytes a picture takes only some of the rows."""
    from astropy.io import fits
    data = pixels("i2", (3000, 3000))
    data[1000:1500, 200:2800] //= 7
    out = {"look.fits": file_of(fits.PrimaryHDU(data))}
    for number, how in enumerate(({}, {"tile_size": (256, 100)})):
        hdu = fits.CompImageHDU(data, compression_type="RICE_1", **how)
        out[f"look{number}.fits.fz"] = file_of(fits.PrimaryHDU(), hdu)
    return out


def compare_pictures(mounted, made):
    shown = {name: pathlib.Path(mounted.dataset("collection=FILES", name), name + ".png").read_bytes() for name in made}
    if any(png != shown["look.fits"] or not png.startswith(b"\x89PNG") for png in shown.values()):
        raise AssertionError(f"pictures of the same pixels differ: {[(name, len(png)) for name, png in shown.items()]}")


def main():
    try:
        import astropy.io.fits  # noqa: F401
    except ImportError:
        sys.exit(SKIPPED)
    warnings.simplefilter("ignore")
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    made = {name: data for name, data in matrix().items() if part in name}
    looks = pictures()
    archive = FileArchive({name: (data, "cube" if "cube" in name else "image") for name, data in {**made, **looks}.items()})
    failures = count = 0
    with tempfile.TemporaryDirectory(prefix="skymount-sections-") as folder, Mounted(sys.argv[1], archive, folder) as mounted:
        work = pathlib.Path(folder, "cfitsio")
        work.mkdir()
        for name, data in sorted(made.items()):
            (work / name).write_bytes(data)
            dataset = mounted.dataset("collection=FILES", name)
            for number, section in enumerate(SECTIONS):
                count += 1
                planes = PLANES[number % len(PLANES)] if "cube" in name else ""
                try:
                    check(dataset, name, section, planes, sys.argv[2], work)
                except Exception as error:  # every case is worth knowing
                    failures += 1
                    print(f"{name} {section} {planes}: {type(error).__name__}: {error}")
        compare_pictures(mounted, looks)
        if failures:
            print(pathlib.Path(mounted.mountpoint, ".skymount", "errors.log").read_text(encoding="utf-8")[-3000:])
    print(f"{count - failures} of {count} cutouts are cfitsio's sections")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
