# SPDX-License-Identifier: MIT
#
# Reading tables: 200,000 rows of 12 columns, every cell decoded, beside astropy and STILTS.
import math
import sys
from pathlib import Path

from harness.measure import Failed, alternate, medians, run, seconds_of
from harness.registry import at_least, at_most, row

HERE = Path(__file__).parent
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable  # the one with Debian's astropy


def sums_of(text: str) -> tuple[dict, dict]:
    """What both programs print: (column -> (cells, sum), other words -> number)."""
    columns, others = {}, {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3:
            columns[words[0]] = (int(words[1]), float(words[2]))
        elif len(words) == 2:
            others[words[0]] = float(words[1])
    return columns, others


def check_same(ours: dict, theirs: dict) -> None:
    if list(ours) != list(theirs):
        raise Failed(f"other columns than astropy: {list(ours)} and {list(theirs)}")
    for name, (cells, total) in ours.items():
        if cells != theirs[name][0] or not math.isclose(total, theirs[name][1], rel_tol=1e-9):
            raise Failed(f"column {name}: {cells} cells, sum {total}; astropy {theirs[name]}")


@row("votable", "VOTable reading, 200,000 rows x 12 columns, sums of every column compared")
def votable(bench):
    rows = bench.size(200_000, 50_000)
    figures = []
    for encoding in ("tabledata", "binary2"):
        table = bench.store / f"table-{encoding}-{rows}.vot"
        if not table.exists():
            run(PYTHON, HERE / "make_votable.py", rows, encoding, table)

        def ours(table=table):
            return run(bench.tools / "votable_sums", table)

        def astropys(table=table):
            return run(PYTHON, HERE / "votable_sums.py", table)

        def stilts(table=table):
            return seconds_of("stilts", "tpipe", f"in={table}", "ifmt=votable", "omode=count")

        told = alternate(bench.runs, {"ours": ours, "astropy": astropys, "stilts": stilts})
        mine = [sums_of(text) for text in told["ours"]]
        astropy = [sums_of(text) for text in told["astropy"]]
        check_same(mine[0][0], astropy[0][0])
        t = medians(
            {
                "ours": [others["seconds"] for _, others in mine],
                "astropy": [others["seconds"] for _, others in astropy],
                "stilts": told["stilts"],
            }
        )
        size = f"{encoding}, {table.stat().st_size / 1e6:.0f} MB"
        detail = f" (skymount {t['ours']:.3f} s, {{}} {{:.2f}} s)"
        figures += [
            at_least(f"{size}: against astropy votable.parse", t["astropy"] / t["ours"], 20, "x",
                     detail.format("astropy", t["astropy"]), seconds=t),
            at_least(f"{size}: against stilts tpipe omode=count", t["stilts"] / t["ours"], 3, "x",
                     detail.format("stilts", t["stilts"])),
            at_most(f"{size}: growth of resident memory", max(o["grown_kib"] for _, o in mine) / 1024, 32, " MiB"),
        ]  # fmt: skip
    return figures
