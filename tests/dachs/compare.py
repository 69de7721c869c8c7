#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the mounted archive with what pyvo and urllib get from the same service: the same datasets, the same links, the same
bytes, the same pixels, the same refusals.

Usage: compare.py MOUNTPOINT/ARCHIVE TAP_URL.  Exit code 0 only if all promises held and all of them were looked at.
"""

import errno
import os
import sys

import cutouts
import oracle
from report import Report
from tree import Listing, attribute, errno_of_read, read

FIELD = "pos=156.01,48.14"  # where most of the invented plates overlap
FIELD_ADQL = "1=CONTAINS(POINT('ICRS', 156.01, 48.14), s_region)"

# Folder -> the ADQL whose rows it must show, and how many datasets that is (make_data.py).
QUERIES = [
    (FIELD, FIELD_ADQL, 26),
    ("pos=10:24:02.4,+48:08:24", FIELD_ADQL, 26),
    ("pos=0.02,10.0", "1=CONTAINS(POINT('ICRS', 0.02, 10.0), s_region)", 2),
    ("pos=359.97,10.0", "1=CONTAINS(POINT('ICRS', 359.97, 10.0), s_region)", 2),
    ("pos=37.5,89.7", "1=CONTAINS(POINT('ICRS', 37.5, 89.7), s_region)", 2),
    ("pos=200,89.95", "1=CONTAINS(POINT('ICRS', 200, 89.95), s_region)", 2),
    ("pos=156.01,48.14,0.02", "1=INTERSECTS(CIRCLE('ICRS', 156.01, 48.14, 0.02), s_region)", 28),
    ("pos=210.0,-12.0,30arcmin", "1=INTERSECTS(CIRCLE('ICRS', 210.0, -12.0, 0.5), s_region)", 1),
    ("pos=270,-60", "1=CONTAINS(POINT('ICRS', 270, -60), s_region)", 0),
    ("collection=SKYFILES", "obs_collection = 'SKYFILES'", 3),
    ("collection=SKY PLATES", "obs_collection = 'SKY PLATES'", 11),
    ("collection=SKY*,type=image", "obs_collection LIKE 'SKY%' AND dataproduct_type = 'image'", 27),
    (FIELD + "/collection=~SKYP*/type=image", FIELD_ADQL + " AND NOT obs_collection LIKE 'SKYP%'"
     " AND dataproduct_type = 'image'", 19),
    ("type=spectrum", "dataproduct_type = 'spectrum'", 6),
    ("instrument=SCHMIDT", "instrument_name = 'SCHMIDT'", 3),
    (FIELD + "/time=1888..1900", FIELD_ADQL + " AND t_max >= {:.6f} AND t_min < {:.6f}".format(
        oracle.mjd("1888-01-01"), oracle.mjd("1901-01-01")), 2),
    ("time=..1900", "t_min < {:.6f}".format(oracle.mjd("1901-01-01")), None),
    ("time=1950..", "t_max >= {:.6f}".format(oracle.mjd("1950-01-01")), None),
    ("time=1890..1960,type=image", "t_max >= {:.6f} AND t_min < {:.6f} AND dataproduct_type = 'image'".format(
        oracle.mjd("1890-01-01"), oracle.mjd("1961-01-01")), None),
    ("time=1953-04-18", "t_max >= {:.6f} AND t_min < {:.6f}".format(
        oracle.mjd("1953-04-18"), oracle.mjd("1953-04-19")), 1),
    ("band=500nm..550nm", "em_min <= 5.5e-7 AND em_max >= 5e-7", 11),
    ("band=640nm..700nm", "em_min <= 7e-7 AND em_max >= 6.4e-7", 6),
    ("id=ivo:%2F%2Fskymount.test%2F~?skyplates%2Fdata%2Fa001.fits",
     "obs_publisher_did = 'ivo://skymount.test/~?skyplates/data/a001.fits'", 1),
    ("id=ivo:%2F%2Fskymount.test%2F~?skyplates%2Fdata%2F*", "obs_publisher_did LIKE 'ivo://skymount.test/~?skyplates/data/%'", None),
    ("id=~ivo:*skyplates*", "NOT obs_publisher_did LIKE 'ivo:%skyplates%'", None),
]

# What docs/SEMANTICS.md, "Limits", announces for later versions.
PLANNED = []

REFUSED = {401: {errno.EACCES}, 403: {errno.EACCES}, 404: {errno.ENOENT}, 410: {errno.ENOENT}}


def check_queries(report, mount, archive):
    total = len(archive.datasets("obs_collection IS NOT NULL"))
    for folder, adql, number in QUERIES:
        with report.section("query " + folder):
            wanted = set(archive.datasets(adql))
            if number is None:  # whatever the data are: at least one, and not all
                number = len(wanted)
                report.check(f"{folder}: a question that tells datasets apart", 0 < number < total, str(number))
            report.same(f"{folder}: pyvo sees the datasets of make_data.py", len(wanted), number)
            found = Listing(mount / folder).datasets()
            report.same(f"{folder}: same {number} datasets", set(found), wanted, "queries")


def check_table(report, mount, archive):
    """results.vot, results.csv and dataset.json hold the rows of the archive, value by value."""
    from astropy.io.votable import parse_single_table
    with report.section("the table behind the folder"):
        records = archive.datasets(FIELD_ADQL)
        table = parse_single_table(str(mount / FIELD / "results.vot")).to_table()
        report.same("results.vot: as many rows as the archive", len(table), len(records))
        columns = [name for name in table.colnames if name in next(iter(records.values())).columns()]
        report.check("results.vot: the columns of ObsCore", len(columns) >= 29, str(columns))
        for row in table:
            key = oracle.text(row["obs_publisher_did"]), oracle.text(row["access_url"])
            different = [name for name in columns if not cutouts.same_value(row[name], records[key][name])]
            report.check(f"results.vot: values of {key[0]}", not different, str(different), "rows")
        for key, folder in Listing(mount / FIELD).datasets().items():
            taken = oracle.mjd_of_unix(os.stat(folder.path).st_mtime)
            report.check(f"{folder.path.name}: mtime is when it was taken", abs(taken - records[key]["t_min"]) < 1.5 / 86400,
                         f"MJD {taken}, wanted {records[key]['t_min']}")
            different = [name for name in columns if name != "s_region"
                         and not cutouts.same_value(folder.rows[0].get(name), records[key][name])]
            report.check(f"dataset.json: values of {key[0]}", not different, str(different), "rows")
        csv = read(mount / FIELD / "results.csv").decode()
        report.check("results.csv: names every dataset", all(did in csv for did, _ in records))
        report.check("results.csv: ISO dates", "t_min_iso" in csv.splitlines()[0])
        report.check("COUNT.txt: the number of rows", str(len(records)) in read(mount / FIELD / "COUNT.txt").decode())
        report.check("query.adql: the query and the service", "obscore" in
                     read(mount / FIELD / "query.adql").decode().lower())
    with report.section("limit"):
        report.same("limit=3: three datasets", len(Listing(mount / FIELD / "limit=3").datasets()), 3)
        report.check("limit=3: said in INCOMPLETE.txt", "3" in read(mount / FIELD / "limit=3" / "INCOMPLETE.txt").decode())
        report.check("complete listing: no INCOMPLETE.txt", not (mount / FIELD / "INCOMPLETE.txt").exists())


def check_links(report, mount, archive):
    """For each dataset: the same links as pyvo's, both ways; faults told, and only where there are any."""
    records = archive.datasets("obs_collection IS NOT NULL")
    found = {}
    for collection in ["SKY PLATES", "SKYPACKED", "SKYLINKS", "SKYMOVED", "SKYFILES", "SKYSPEC"]:
        with report.section("links of " + collection):
            found.update(Listing(mount / f"collection={collection}").datasets())
    report.same("all collections: all datasets", set(found), set(records))
    for key, folder in sorted(found.items(), key=lambda item: item[0]):
        name = folder.path.name
        with report.section(name):
            links, faults, _ = archive.links(records[key])
            files = folder.files()
            report.same(f"{name}: same links", set(files), {link.key() for link in links}, "links")
            check_links_document(report, folder, links, faults)
            errors = folder.errors()
            if faults:
                missing = [fault.fault for fault in faults if fault.fault not in (errors or "")]
                report.check(f"{name}: faults in ERRORS.txt", not missing, f"missing {missing}", "faults")
            else:
                report.check(f"{name}: no faults, no ERRORS.txt", errors is None, str(errors))
            check_files(report, name, files, links)


def check_links_document(report, folder, links, faults):
    """links.vot is the archive's answer: a VOTable with the same rows for this dataset."""
    from astropy.io.votable import parse
    table = parse(str(folder.path / "links.vot")).get_first_table().to_table()
    rows = [oracle.Link(row) for row in table if oracle.text(row["ID"]) == folder.did()]
    report.same(f"{folder.path.name}: links.vot", {row.key() for row in rows if row.url}, {link.key() for link in links})
    report.same(f"{folder.path.name}: faults in links.vot", {row.fault for row in rows if row.fault},
                {fault.fault for fault in faults})


def check_files(report, name, files, links):
    for link in links:
        path = files.get(link.key())
        if path is None:
            continue  # already a failure of "same links"
        label = f"{name}/{path.name} ({link.semantics})"
        answer = oracle.get(link.url)
        if answer.status >= 400:
            code = errno_of_read(path)
            wanted = REFUSED.get(answer.status)
            good = code in wanted if wanted else code not in (0, errno.ENOENT, errno.EACCES)
            report.check(f"{label}: refused as by the archive (HTTP {answer.status})", good,
                         f"errno {errno.errorcode.get(code, code)}", "refusals")
            words = attribute(path, "error")
            report.check(f"{label}: the attribute `error` says why, in text", words.isprintable() and words != "", ascii(words))
        elif link.local == "scaled":  # computed anew each time, with the time in its header
            pixels, _ = oracle.image_of(answer.body)
            mounted, _ = oracle.image_of(read(path))
            report.check(f"{label}: same pixels", cutouts.same_pixels(mounted, pixels), kind="computed files")
        else:
            content = read(path)
            report.check(f"{label}: same bytes", content == answer.body,
                         f"{len(content)} bytes instead of {len(answer.body)}", "files")
            report.same(f"{label}: size after reading", os.stat(path).st_size, len(answer.body))


def check_views(report, mount, archive):
    """The flat folders and the by-… folders show the same datasets under other names."""
    with report.section("flat folders and by-…"):
        listing = Listing(mount / FIELD)
        records = archive.datasets(FIELD_ADQL)
        images = {key for key, record in records.items() if oracle.text(record["dataproduct_type"]) == "image"}
        names = sorted(os.listdir(mount / FIELD / "images"))
        report.check("images/: a file a dataset with an image", len(names) >= len(images) - 1, f"{len(names)} of {len(images)}")
        names = sorted(os.listdir(mount / FIELD / "previews"))
        report.check("previews/: not empty", len(names) >= 10, str(names))
        for view, column in [("by-collection", "obs_collection"), ("by-type", "dataproduct_type"),
                             ("by-instrument", "instrument_name")]:
            reached = {}
            for folder, folders, files in os.walk(mount / FIELD / view):
                for name in folders + files:
                    path = os.path.join(folder, name)
                    if os.path.islink(path):
                        target = os.path.realpath(path)
                        reached.setdefault(os.path.basename(folder), set()).add(os.path.basename(target))
            datasets = listing.datasets()
            groups = {}
            for key, folder in datasets.items():
                groups.setdefault(oracle.text(records[key][column]), set()).add(folder.path.name)
            report.same(f"{view}: the groups of the archive", sorted(map(sorted, reached.values())),
                        sorted(map(sorted, groups.values())), "views")


def main():
    import pathlib
    mount, archive, report = pathlib.Path(sys.argv[1]), oracle.Archive(sys.argv[2]), Report(PLANNED)
    check_queries(report, mount, archive)
    check_table(report, mount, archive)
    check_links(report, mount, archive)
    cutouts.check_all(report, mount, archive)
    check_views(report, mount, archive)
    for kind, number in {"queries": len(QUERIES), "rows": 50, "links": 33, "files": 80, "computed files": 11, "faults": 2,
                         "refusals": 4, **cutouts.LEAST}.items():
        report.at_least(kind, number)
    return report.finish()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main())
