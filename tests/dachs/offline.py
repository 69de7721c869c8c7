#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""With the archive gone, what was read stays readable, and nothing hangs. Runs after compare.py, once the server is stopped;
the reference is the files on the archive's own disk.

Usage: offline.py MOUNTPOINT/ARCHIVE INPUTS_DIR
"""

import os
import pathlib
import sys
import time

import cutouts
from report import Report
from tree import Listing, errno_of_read, read

INSTANT = 1.0  # seconds; a call that asks the network first takes the connection's budget
BUDGET = 90.0  # what one file of a dead archive may take: [limits] connect and its tries


def check_known(report, mount, inputs):
    with report.section("what was read"):
        for name, folder in sorted(cutouts.folders_by_file(mount, [cutouts.FIELD]).items()):
            original = inputs / name
            if not original.exists() or "embargo" in name:
                continue
            wanted = original.read_bytes()
            files = [path for (semantics, _), path in folder.files().items() if semantics == "this"]
            started = time.monotonic()
            same = len(files) == 1 and read(files[0]) == wanted
            report.check(f"{name}: same bytes from the cache", same, kind="files")
            report.check(f"{name}: in no time", time.monotonic() - started < 10 * INSTANT)


def check_cutouts(report, mount):
    with report.section("cutouts that were made"):
        folder = cutouts.folders_by_file(mount, ["pos=156.01,48.14,0.02"])["skyplates/data/a001.fits"]
        for name, _ in cutouts.ON_THE_SKY["skyplates/data/a001.fits"]:
            code = errno_of_read(folder.path / "cutout" / name)
            report.check(f"{name}: readable", code == 0, os.strerror(code), "cutouts")


def check_nothing_hangs(report, mount):
    with report.section("what was never asked"):
        started = time.monotonic()
        names = os.listdir(mount.parent)
        report.check("ls of the mount's root: in no time", mount.name in names and time.monotonic() - started < INSTANT)
        started = time.monotonic()
        os.statvfs(mount)
        report.check("df: in no time", time.monotonic() - started < INSTANT)
        started = time.monotonic()
        try:
            Listing(mount / "pos=1.5,2.5").datasets()
            report.check("a new query: refused", False, "an empty folder was shown instead")
        except OSError as error:
            report.check("a new query: refused", error.errno not in (0, 2), str(error))
        report.check("a new query: within its budget", time.monotonic() - started < BUDGET)


def main():
    mount, inputs, report = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), Report()
    check_known(report, mount, inputs)
    check_cutouts(report, mount)
    check_nothing_hangs(report, mount)
    report.at_least("files", 20)
    report.at_least("cutouts", 4)
    return report.finish()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main())
