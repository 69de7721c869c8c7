#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The table behind a folder, read by the programs that astronomers use: STILTS and astropy read results.vot, astropy reads
results.csv, and the two are equal cell by cell (the added _iso columns aside).

Usage: tables.py SKYMOUNT
"""
import csv
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from demo_mount import SKIPPED, Demo

STILTS_BUDGET = 120  # seconds; a Java program starts slowly on a busy machine
# Folder -> at least so many rows: all kinds of columns, nulls among them, and an answer without any row.
FOLDERS = {"pos=156.01,48.14": 10, "type=spectrum": 1, "collection=DEMO_BIG": 1, "pos=10,-85": 0}


def stilts(*words):
    done = subprocess.run(["stilts", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=STILTS_BUDGET,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"stilts {' '.join(words)}: {done.stderr}")
    return done.stdout


def text_cell(value):
    """A cell of astropy's table as the CSV should have it; None for null."""
    import numpy
    if value is None or numpy.ma.is_masked(value):
        return None
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, (numpy.ndarray, list, tuple)):
        return " ".join(str(text_cell(part)) for part in value)
    if isinstance(value, numpy.generic):
        value = value.item()
    return value


def same(written, cell):
    if cell is None or cell == "":
        return written == ""
    if isinstance(cell, bool):
        return written.lower() in (("true", "t", "1") if cell else ("false", "f", "0"))
    if isinstance(cell, float):
        return (written == "" and math.isnan(cell)) or float(written) == cell
    if isinstance(cell, int):
        return written != "" and int(written) == cell
    return written == cell


def check(folder, least, work):
    from astropy.io import ascii as text_tables
    from astropy.io.votable import parse_single_table
    vot, table_csv = folder / "results.vot", folder / "results.csv"
    table = parse_single_table(str(vot)).to_table(use_names_over_ids=True)
    if len(table) < least:
        raise AssertionError(f"{vot}: {len(table)} rows, wanted at least {least}")

    counted = stilts("tpipe", f"in={vot}", "ifmt=votable", "omode=count")
    wanted = f"columns: {len(table.colnames)}   rows: {len(table)}"
    if counted.split() != wanted.split():
        raise AssertionError(f"stilts counts {counted.strip()!r} in {vot}, astropy {wanted!r}")
    written = os.path.join(work, "stilts.csv")
    stilts("tpipe", f"in={vot}", "ifmt=votable", f"out={written}", "ofmt=csv")

    with open(table_csv, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(written, newline="", encoding="utf-8") as file:
        theirs = list(csv.DictReader(file))
    names = list(rows[0]) if rows else table_csv.read_text(encoding="utf-8").splitlines()[0].split(",")
    added = [name for name in names if name.endswith("_iso")]
    if [name for name in names if name not in added] != table.colnames or names[len(names) - len(added):] != added:
        raise AssertionError(f"{table_csv}: columns {names}")
    if not len(rows) == len(theirs) == len(table):
        raise AssertionError(f"{table_csv}: {len(rows)} rows, stilts {len(theirs)}, results.vot {len(table)}")
    cells = 0
    for number, (row, other, record) in enumerate(zip(rows, theirs, table), 1):
        for name in table.colnames:
            value = text_cell(record[name])
            if not same(row[name], value) or not same(other[name], value):
                raise AssertionError(f"{folder} row {number}, {name}: results.csv has {row[name]!r}, stilts {other[name]!r}, "
                                     f"results.vot {value!r}")
            cells += 1
    if rows:
        read = text_tables.read(str(table_csv), format="csv")
        if len(read) != len(table) or read.colnames != names:
            raise AssertionError(f"astropy reads {len(read)} rows of {read.colnames} from {table_csv}")
    return cells


def main():
    if not os.path.exists("/dev/fuse"):
        print("skipped: /dev/fuse is missing")
        return SKIPPED
    warnings.simplefilter("ignore")  # astropy's opinions on units
    cells = 0
    with tempfile.TemporaryDirectory(prefix="skymount-clients-") as work:
        mountpoint = os.path.join(work, "sky")
        os.mkdir(mountpoint)
        with Demo(sys.argv[1], mountpoint):
            for name, least in FOLDERS.items():
                cells += check(pathlib.Path(mountpoint) / "demo" / name, least, work)
                print(f"{name}: the same in results.vot, results.csv, astropy and STILTS")
    if cells < 500:
        sys.exit(f"only {cells} cells were compared")
    print(f"{cells} cells compared")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main())
