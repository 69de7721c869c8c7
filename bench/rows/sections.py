# SPDX-License-Identifier: MIT
#
# A few pixels of a large plate, as astronomers read them: astropy on the mounted file, beside astropy with fsspec over
# HTTP.
from pathlib import Path

from harness.measure import Failed, alternate, json_of, medians, run
from harness.registry import at_least, information, row
from rows.votables import PYTHON

HERE = Path(__file__).parent
SIDE = 333  # 10' at 1.8" a pixel


@row("section", "10' (333x333 pixels) of a plate of 512 MiB, astropy, 50 ms RTT, 20 MB/s")
def section(bench):
    side = bench.size(16384, 8192)
    plate = bench.own_file(f"plate{side}", lambda path: run(PYTHON, HERE / "section.py", "make", path, side))
    corner = side // 3
    words = (corner, corner, SIDE)

    def pixels(how, where):
        return json_of(PYTHON, HERE / "section.py", how, where, *words)

    local = pixels("memmap", plate.path)
    bench.origin.conditions(50, 20)

    def mounted(how):
        def once():
            cache = bench.scratch("cache")
            try:
                with bench.sky(cache) as sky:
                    path = bench.path_in(sky, plate)
                    bench.origin.settled_counts()
                    bench.origin.reset()
                    told = pixels(how, path)
                    told["bytes"] = bench.origin.settled_counts()["bytes"]
                    return told
            finally:
                bench.discard(cache)

        return once

    def fsspec():
        bench.origin.reset()
        told = pixels("fsspec", plate.url)
        told["bytes"] = bench.origin.settled_counts()["bytes"]
        return told

    told = alternate(bench.runs, {"memmap": mounted("memmap"), "section": mounted("section"), "fsspec": fsspec})
    if any(one["sum"] != local["sum"] for runs in told.values() for one in runs):
        raise Failed("the pixels differ from those on disk")
    t = medians({who: [one["seconds"] for one in runs] for who, runs in told.items()})
    moved = medians({who: [one["bytes"] / 2**20 for one in runs] for who, runs in told.items()})
    return [
        at_least("a map of the mounted file, against fsspec", t["fsspec"] / t["memmap"], 1, "x",
                 f" ({t['memmap']:.2f} s, fsspec {t['fsspec']:.2f} s)", runs=told),
        at_least(".section of the mounted file, against fsspec", t["fsspec"] / t["section"], 1, "x",
                 f" ({t['section']:.2f} s)"),
        information("moved", f"{moved['memmap']:.1f} MiB by the map, {moved['section']:.1f} by .section, "
                    f"{moved['fsspec']:.1f} by fsspec", **moved),
    ]  # fmt: skip
