# SPDX-License-Identifier: MIT
"""Cutouts through the mount against the archive's own SODA answer, pixel by pixel; and where the archive offers none, against
the plate itself."""

import errno

import numpy as np
from astropy.wcs import WCS

import oracle
from tree import Listing, attribute, errno_of_read, read

FIELD = "pos=156.01,48.14"
LEAST = {"SODA cutouts": 25, "spectra cut": 4, "refused cutouts": 3}

# Dataset (its obs_id or file name) -> the name below cutout/ and the SODA parameters that mean the same.
CIRCLE = ("circle=156.01,48.14,0.1.fits", {"CIRCLE": "156.01 48.14 0.1"})
PIXELS = ("pixels=11..110,21..80.fits", {"PIXEL_1": "11 110", "PIXEL_2": "21 80"})
EDGE = ("circle=156.2,48.3,0.3.fits", {"CIRCLE": "156.2 48.3 0.3"})
POLYGON = ("polygon=155.9,48.0,156.1,48.0,156.0,48.2.fits", {"POLYGON": "155.9 48.0 156.1 48.0 156.0 48.2"})
ON_THE_SKY = {
    "skyplates/data/a001.fits": [CIRCLE, PIXELS, EDGE, POLYGON],
    "skyplates/data/a002.fits": [CIRCLE, EDGE, POLYGON],
    "skyplates/data/a003.fits": [CIRCLE, PIXELS],
    "skyplates/data/a004.fits": [CIRCLE],
    "skyplates/data/a005.fits": [CIRCLE, PIXELS],
    "skyplates/data/a006.fits": [CIRCLE],
    "skyplates/data/big.fits": [CIRCLE, PIXELS, EDGE],
    "skypacked/data/gz001.fits.gz": [CIRCLE],
    "skypacked/data/gz002.fits.gz": [CIRCLE],
    "skypacked/data/fz001.fits.fz": [CIRCLE],
    "skypacked/data/fz002.fits.fz": [CIRCLE],
    "skymoved/data/m001.fits": [CIRCLE, PIXELS],
    "skymoved/data/m002.fits": [CIRCLE],
    "skyplates/data/zero_east.fits": [("circle=0.02,10.0,0.2.fits", {"CIRCLE": "0.02 10.0 0.2"})],
    "skyplates/data/zero_west.fits": [("circle=359.98,10.0,0.2.fits", {"CIRCLE": "359.98 10.0 0.2"})],
    "skyplates/data/pole_near.fits": [("circle=37.5,89.7,0.2.fits", {"CIRCLE": "37.5 89.7 0.2"})],
    "skyplates/data/pole_exact.fits": [PIXELS],
}
WITHOUT_SODA = ["skylinks/data/plain.fits", "skylinks/data/attached.fits", "skyfiles/data/direct001.fits"]
# What a cutout must say about where it is.
WCS_CARDS = ["CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CD1_1", "CD1_2", "CD2_1", "CD2_2", "CTYPE1", "CTYPE2"]


def same_pixels(a, b):
    return a.shape == b.shape and a.dtype.kind == b.dtype.kind and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def same_value(a, b):
    """A cell of a table here and there; null, masked and NaN are one, and a 32-bit number may be written in decimal."""
    a, b = (None if _empty(value) else value for value in (a, b))
    if a is None or b is None:
        return a is b
    if isinstance(a, (int, float, np.number)) and isinstance(b, (int, float, np.number)):
        return bool(np.isclose(float(a), float(b), rtol=1e-6 if np.float32 in (type(a), type(b)) else 1e-12, atol=0))
    return oracle.text(a) == oracle.text(b)


def _empty(value):
    if value is None or np.ma.is_masked(value) or (isinstance(value, str) and value == ""):
        return True
    return isinstance(value, (float, np.floating)) and np.isnan(value)


def folders_by_file(mount, queries):
    """{path in the archive: (Folder, where it was listed)}: the last words of an identifier name the file."""
    found = {}
    for query in queries:
        for folder in Listing(mount / query).datasets().values():
            found[folder.did().split("?", 1)[-1]] = folder
    return found


def check_all(report, mount, archive):
    folders = folders_by_file(mount, ["pos=156.01,48.14,0.02", "pos=0.02,10.0", "pos=37.5,89.7"])
    records = {did: dataset for (did, _), dataset in archive.datasets("obs_collection IS NOT NULL").items()}
    for name, wanted in ON_THE_SKY.items():
        with report.section("cutouts of " + name):
            folder = folders[name]
            soda = archive.soda_url(records[folder.did()])
            report.check(f"{name}: the archive cuts out", soda is not None)
            for cut, parameters in wanted:
                against_soda(report, f"{name}: {cut}", folder.path / "cutout" / cut, soda, folder.did(), parameters)
            listed = {path.name for path in (folder.path / "cutout").iterdir()}
            report.check(f"{name}: used cutouts and a README are listed", {cut for cut, _ in wanted} | {"README.txt"} <= listed,
                         str(listed))
    check_field(report, mount, archive, records)
    check_local(report, folders)
    check_spectra(report, folders, archive, records)
    check_refusals(report, folders)


def against_soda(report, label, path, soda, did, parameters):
    answer = oracle.get(soda, ID=did, **parameters)
    if answer.status != 200:
        report.check(f"{label}: the archive's own cutout", False, f"HTTP {answer.status} {answer.body[:100]}")
        return
    pixels, header = oracle.image_of(answer.body)
    mounted, mounted_header = oracle.image_of(read(path))
    report.check(f"{label}: {pixels.shape[1]} x {pixels.shape[0]} pixels as from SODA", same_pixels(mounted, pixels),
                 f"shape {mounted.shape} {mounted.dtype}, wanted {pixels.shape} {pixels.dtype}", "SODA cutouts")
    different = [card for card in WCS_CARDS if mounted_header.get(card) != header.get(card)]
    report.check(f"{label}: same WCS", not different, str(different))
    report.same(f"{label}: made by the archive", attribute(path, "made_by"), "archive")


def check_field(report, mount, archive, records):
    """cutout.fits and the flat folder cutouts/ take position and radius from the path."""
    with report.section("cutout.fits of the field"):
        folders = folders_by_file(mount, [FIELD + ",0.05"])
        folder = folders["skyplates/data/a001.fits"]
        soda = archive.soda_url(records[folder.did()])
        against_soda(report, "cutout.fits, radius of the path", folder.path / "cutout.fits", soda, folder.did(),
                     {"CIRCLE": "156.01 48.14 0.05"})
        folder = folders_by_file(mount, [FIELD])["skyplates/data/big.fits"]
        against_soda(report, "cutout.fits, default radius", folder.path / "cutout.fits", soda, folder.did(),
                     {"CIRCLE": "156.01 48.14 0.25"})
        flat = sorted((mount / FIELD / "cutouts").iterdir())
        report.check("cutouts/: a file a plate", len(flat) >= 14, f"{len(flat)} files")
        own = read(folder.path / "cutout.fits")
        report.check("cutouts/: the same bytes as cutout.fits", any(
            path.name.startswith(folder.path.name) and read(path) == own for path in flat))
        best = folder.path / "best.fits"
        if not report.later("best.fits", best.is_symlink()):
            report.check("best.fits: a link to something that opens", len(read(best)) > 0)


def check_local(report, folders):
    """Without SODA the mount cuts out by itself: a rectangle of the plate, in its place, around the circle."""
    for name in WITHOUT_SODA:
        with report.section("local cutout of " + name):
            folder = folders[name]
            path = folder.path / "cutout" / "circle=156.01,48.14,0.1.fits"
            if report.later("local cutouts", path.parent.is_dir()):
                continue
            cut, header = oracle.image_of(read(path))
            whole, whole_header = oracle.image_of(oracle.get(folder.rows[0]["access_url"]).body)
            x, y = (int(round(whole_header[card] - header[card])) for card in ("CRPIX1", "CRPIX2"))
            part = whole[y:y + cut.shape[0], x:x + cut.shape[1]]
            report.check(f"{name}: pixels of the plate", same_pixels(cut, part), f"at {x},{y}: {cut.shape}", "local cutouts")
            angles = np.radians(np.arange(0, 360, 10))
            ra = 156.01 + 0.1 * np.cos(angles) / np.cos(np.radians(48.14))
            px, py = WCS(header).wcs_world2pix(ra, 48.14 + 0.1 * np.sin(angles), 0)
            inside = (px > -1.5).all() and (px < cut.shape[1] + 0.5).all() and (py > -1.5).all() and \
                (py < cut.shape[0] + 0.5).all()
            report.check(f"{name}: the circle is inside", inside)
            report.check(f"{name}: not much more than the circle", cut.size <= 4.6 * (0.1 / 0.003) ** 2, str(cut.shape))
            report.check(f"{name}: says that it was not the archive", attribute(path, "made_by") not in ("", "archive"),
                         attribute(path, "made_by"))


def check_spectra(report, folders, archive, records):
    name = "skyspec/data/star_1.fits"
    with report.section("spectra"):
        folder = folders[name]
        soda = archive.soda_url(records[folder.did()])
        for cut, parameters in [
                ("FLUXCALIB=RELATIVE,BAND=6.5e-7..6.6e-7", {"FLUXCALIB": "RELATIVE", "BAND": "6.5e-7 6.6e-7"}),
                ("band=6.55e-7..6.57e-7", {"BAND": "6.55e-7 6.57e-7"})]:
            answer = oracle.get(soda, ID=folder.did(), FORMAT="application/fits", **parameters)
            wanted = oracle.table_of(answer.body)
            found = oracle.table_of(read(folder.path / "cutout" / (cut + ".fits")))
            report.check(f"{cut}.fits: same columns", set(found) == set(wanted) and len(wanted["flux"]) > 5 and all(
                np.array_equal(found[column], wanted[column]) for column in wanted), kind="spectra cut")
            answer = oracle.get(soda, ID=folder.did(), FORMAT="text/csv", **parameters)
            report.check(f"{cut}.csv: same bytes", read(folder.path / "cutout" / (cut + ".csv")) == answer.body,
                         kind="spectra cut")


def check_refusals(report, folders):
    with report.section("refused cutouts"):
        folder = folders["skyplates/data/a001.fits"].path / "cutout"
        for name, wanted in [("circle=10,10,0.1.fits", {errno.ENODATA}), ("circle=banana.fits", {errno.ENOENT, errno.EINVAL}),
                             ("wavelet=3.fits", {errno.ENOENT, errno.EINVAL}),
                             ("circle=156.01,48.14,0.1.exe", {errno.ENOENT, errno.EINVAL})]:
            code = errno_of_read(folder / name)
            report.check(f"cutout/{name}: refused", code in wanted, f"errno {errno.errorcode.get(code, code)}", "refused cutouts")
