# SPDX-License-Identifier: MIT
#
# A few pixels of a large plate, as astronomers read them: astropy on the mounted file, or a cutout that skymount makes of
# it, beside astropy with fsspec over HTTP, and beside what most do: download, then cut out.
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.measure import Failed, MemoryWatch, alternate, json_of, medians, mib, run, seconds_of
from harness.registry import at_least, at_most, information, row
from rows.votables import PYTHON

HERE = Path(__file__).parent
SIDE = 333  # 10' at 1.8" a pixel


@row("section", "10' (333x333 pixels) of a plate of 512 MiB, astropy, 50 ms RTT, 20 MB/s")
def section(bench):
    side = bench.size(16384, 8192)
    plate = bench.own_file(f"plate{side}", lambda path: run(PYTHON, HERE / "section.py", "make", path, side, side, 1))
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


# 14 blocks of header and 22,496 x 23,062 pixels of 16 bits are 1,037,645,824 bytes.
PLATE, QUICK_PLATE = (22496, 23062, 14), (22496, 4096, 14)
CENTRE, RADIUS = (156.01, 48.14), 5 / 60


@row("cutout-local", "10' of a plate of 1,037,645,824 bytes, cut out here; 50 ms RTT, 20 MB/s a connection")
def cutout_local(bench):
    width, height, blocks = bench.size(PLATE, QUICK_PLATE)
    plate = bench.own_file(f"scan{width}x{height}", lambda path: run(PYTHON, HERE / "section.py", "make", path, width, height, blocks))
    corner = (width // 2 - SIDE // 2, height // 2 - SIDE // 2, SIDE)
    order = f"circle={CENTRE[0]},{CENTRE[1]},{RADIUS:.6f}.fits"
    bench.origin.conditions(50, 20)

    def counted(what):
        bench.origin.reset()
        told = what()
        counts = bench.origin.settled_counts()
        return {**told, "bytes": counts["bytes"], "requests": counts["requests"]}

    def ours():
        cache = bench.scratch("cache")
        try:
            with bench.sky(cache) as sky:
                folder = bench.path_in(sky, plate).parent
                bench.origin.settled_counts()
                return counted(lambda: json_of(PYTHON, HERE / "section.py", "whole", folder / "cutout" / order))
        finally:
            bench.discard(cache)

    def download(*words):
        def once():
            folder = bench.scratch("download")
            file = folder / "plate.fits"
            try:
                seconds = seconds_of(*(str(word).format(folder=folder, file=file) for word in words))
                told = json_of(PYTHON, HERE / "section.py", "cutout2d", file, *CENTRE, 2 * RADIUS)
                return {**told, "seconds": seconds + told["seconds"]}
            finally:
                bench.discard(folder)

        return once

    def fsspec():
        return counted(lambda: json_of(PYTHON, HERE / "section.py", "fsspec", plate.url, *corner))

    aria = ("aria2c", "-q", "-x", "8", "-s", "8", "-k", "1M", "--file-allocation=none", "-d", "{folder}", "-o", "plate.fits", plate.url)
    few = alternate(bench.runs, {"skymount": ours, "fsspec": fsspec})
    # A download takes most of a minute, and always the same: once is enough.
    whole = alternate(1, {"curl": download("curl", "-s", "-o", "{file}", plate.url), "aria2c": download(*aria)})
    mine = few["skymount"]
    box = mine[0]
    local = section_on_disk(plate.path, box)
    if any(one["sum"] != local for one in mine):
        raise Failed("the cutout's pixels are not those of the plate on disk")
    t = medians({who: [one["seconds"] for one in runs] for who, runs in {**few, **whole}.items()})
    moved = medians({who: [one["bytes"] for one in runs] for who, runs in few.items()})
    requests = medians({who: [one["requests"] for one in runs] for who, runs in few.items()})
    rows = box["ny"] * width * 2
    return [
        at_least("against curl and Cutout2D", t["curl"] / t["skymount"], 20, "x",
                 f" ({t['skymount']:.2f} s, curl {t['curl']:.1f} s)", runs={**few, **whole}),
        at_least("against fsspec and .section", t["fsspec"] / t["skymount"], 3, "x", f" (fsspec {t['fsspec']:.2f} s)"),
        at_most("bytes moved to the bytes of its rows", moved["skymount"] / rows, 1.5, "x",
                f" ({moved['skymount'] / 1e6:.1f} MB of {rows / 1e6:.1f} MB for {box['nx']}x{box['ny']} pixels)"),
        information("aria2c, 8 connections, and Cutout2D", f"{t['aria2c'] / t['skymount']:.2f}x ({t['aria2c']:.1f} s)"),
        information("requests", f"{requests['skymount']:.0f}; fsspec {requests['fsspec']:.0f} "
                    f"and {moved['fsspec'] / 1e6:.1f} MB"),
    ]  # fmt: skip


def section_on_disk(path, box) -> int:
    """The sum of the pixels that a cutout says it has, from the plate itself."""
    told = json_of(PYTHON, HERE / "section.py", "memmap", path, box["x"], box["y"], box["nx"], box["ny"])
    return told["sum"]


# Cutouts of 1,200 x 1,200 pixels, side by side.
MEMORY_CUT, CUTS = 1200, 8


@row("cutout-memory", "8 cutouts of 1200x1200 pixels at once, of the plate and of a tile-compressed one, 50 ms RTT")
def cutout_memory(bench):
    width, height, blocks = bench.size(PLATE, QUICK_PLATE)
    plate = bench.own_file(f"scan{width}x{height}", lambda path: run(PYTHON, HERE / "section.py", "make", path, width, height, blocks))
    side = bench.size(8192, 4096)
    packed = bench.own_file(f"packed{side}", lambda path: run(PYTHON, HERE / "section.py", "pack", plate.path, path, side))
    bench.origin.conditions(50, 20)

    def cut(path):
        length = path.stat().st_size
        with path.open("rb") as file:
            return len(file.read()) == os.fstat(file.fileno()).st_size and length > 0

    def peak(file, cube):
        cache = bench.scratch("cache")
        try:
            with bench.sky(cache) as sky:
                folder = bench.path_in(sky, file).parent / "cutout"
                starts = [1 + i * (cube - MEMORY_CUT) // CUTS for i in range(CUTS)]
                names = [f"pixels={at}..{at + MEMORY_CUT - 1},{at}..{at + MEMORY_CUT - 1}.fits" for at in starts]
                with MemoryWatch(sky.pid) as memory, ThreadPoolExecutor(CUTS) as pool:
                    good = list(pool.map(lambda name: cut(folder / name), names))
                if not all(good):
                    raise Failed("a cutout is not as long as its size says")
                return mib(memory.peak)
        finally:
            bench.discard(cache)

    return [
        at_most("daemon and workers, of the plate (RssAnon + RssShmem, 10 Hz)", peak(plate, min(width, height)), 256, " MiB"),
        at_most("daemon and workers, of tiles (RICE_1)", peak(packed, side), 256, " MiB"),
    ]
