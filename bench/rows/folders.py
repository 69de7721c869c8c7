# SPDX-License-Identifier: MIT
#
# Folders: the first listing of an answer, and large ones after a remount beside the local disk and a bare FUSE
# filesystem.
import os
import time

from harness import answers, mounts
from harness.measure import Failed, MemoryWatch, alternate, medians, mib, run, seconds_of
from harness.registry import Figure, at_most, information, row

PLAIN = {**os.environ, "LC_ALL": "C"}  # names sorted as bytes, on all sides


def ls(folder) -> float:
    return seconds_of("ls", folder, env=PLAIN)


def ls_long(folder) -> float:
    return seconds_of("ls", "-l", folder, env=PLAIN)


def find(folder) -> float:
    return seconds_of("find", folder, "-maxdepth", "1", env=PLAIN)


@row("cold-listing", "cold listing with results of 1,000 datasets, 50 ms RTT")
def cold_listing(bench):
    name = bench.listing(1000)
    times, servers, requests = [], [], 0
    for _ in range(bench.runs):
        bench.origin.conditions(0)
        url = f"{bench.origin.direct_url}/{name}/tap/sync"
        servers.append(float(run("curl", "-sf", "-o", "/dev/null", "-w", "%{time_total}", "-d", "QUERY=x", url)))
        bench.origin.conditions(50)
        cache = bench.scratch("cache")
        with bench.sky(cache, (name,)) as sky:
            folder = bench.folder_in(sky, name)
            bench.origin.reset()
            start = time.perf_counter()
            names = os.listdir(folder)
            times.append(time.perf_counter() - start)
            (folder / "results.vot").read_bytes()
            (folder / "results.csv").read_bytes()
            requests = max(requests, bench.origin.settled_counts()["requests"])
            assert sum(entry.endswith(answers.entry_id(999)) for entry in names) == 1
        bench.discard(cache)
    t = medians({"sky": times, "server": servers})
    budget = 2 * 0.050 + t["server"] + 0.050
    return [
        at_most("requests, with results.vot and results.csv", requests, 1, ""),
        at_most("time", t["sky"], round(budget, 4), " s", f" (2 RTT + {t['server'] * 1000:.1f} ms server + 50 ms)"),
    ]


def local_folder(bench, count: int):
    folder = bench.scratch("local")
    for i in range(count):
        (folder / answers.folder_name(answers.entry_id(i))).mkdir()
    return folder


def after_remount(bench, cache, name, measure):
    """A contender: measure(folder) on a new mount of a cache that knows the answer; fails when anybody was asked."""

    def once():
        with bench.sky(cache, (name,)) as sky:
            bench.origin.reset()
            value = measure(bench.folder_in(sky, name))
            once.requests += bench.origin.counts()["requests"]
            return value

    once.requests = 0
    return once


def on_bare(bench, count, measure):
    def once():
        with mounts.bare(bench, count) as bare:
            return measure(bare.path / "list")

    return once


def compared(bench, count: int):
    """All figures for folders of `count` datasets."""
    name = bench.listing(count)
    bench.origin.conditions(0)
    cache, local = bench.scratch("cache"), local_folder(bench, count)
    figures = []
    try:
        with bench.sky(cache, (name,)) as sky, MemoryWatch(sky.pid) as memory:
            folder = bench.folder_in(sky, name)
            cold = ls(folder)
            ls_long(folder)
        # Each remount yields: the first command, then the same again, then the other one.
        def ls_then_find(folder):
            return ls(folder), ls(folder), find(folder)

        def find_first(folder):
            return (find(folder),)

        def long_after_ls(folder):
            ls(folder)
            return (ls_long(folder),)

        def long_first(folder):
            return (ls_long(folder),)

        contenders, sums = {}, {}
        for measure in (ls_then_find, find_first, long_after_ls, long_first):
            contenders["sky", measure.__name__] = after_remount(bench, cache, name, measure)
            contenders["local", measure.__name__] = lambda measure=measure: measure(local)
            if measure in (long_after_ls, long_first):
                contenders["bare", measure.__name__] = on_bare(bench, count, measure)
        results = alternate(bench.runs, contenders)
        for (who, what), values in results.items():
            for i, column in enumerate(zip(*values)):
                sums[who, what, i] = medians({"x": column})["x"]
        asked = sum(once.requests for once in contenders.values() if hasattr(once, "requests"))

        def against(what, key, who, need):
            mine, other = sums["sky", *key], sums[who, *key]
            figures.append(
                Figure(
                    f"{count:,}: {what}",
                    f"{mine / other:.2f}x ({mine * 1000:.0f} ms, {who} {other * 1000:.0f} ms)",
                    f"<= {need:g}x" if need else "",
                    mine / other <= need if need else None,
                    {"seconds": mine, who: other},
                )
            )

        against("ls, first after remount, against local", ("ls_then_find", 0), "local", 3)
        against("ls again", ("ls_then_find", 1), "local", 3)
        against("find, first after remount, against local", ("find_first", 0), "local", 3)
        against("find again", ("ls_then_find", 2), "local", 3)
        against("ls -l after ls, against bare libfuse", ("long_after_ls", 0), "bare", 1.3)
        against("ls -l, first after remount, against bare libfuse", ("long_first", 0), "bare", None)
        figures.append(Figure(f"{count:,}: requests in all of these", str(asked), "0", asked == 0))
        figures.append(at_most(f"{count:,}: resident memory, cold ls and ls -l", mib(memory.peak), 256, " MiB"))
        figures.append(information(f"{count:,}: cold ls", f"{cold:.2f} s"))
    finally:
        bench.discard(cache)
        bench.discard(local)
    return figures


@row("folders", "ls, find and ls -l of 10,000 and 65,000 entries, warm after remount")
def folders(bench):
    return [figure for count in (10_000, 65_000) for figure in compared(bench, count)]


def total_of(dump) -> int:
    """Instructions in a dump of callgrind, which is written some time after it was asked for."""
    for _ in range(200):
        lines = dump.read_text().splitlines() if dump.exists() else []
        if lines and lines[-1].startswith("totals:"):
            return int(lines[-1].split()[1])
        time.sleep(0.1)
    raise Failed("callgrind wrote no dump")


@row("callgrind-folders", "instructions of the daemon for listing 5,000 entries (callgrind, repeatable)")
def callgrind_folders(bench):
    count = 5000
    name = bench.listing(count)
    bench.origin.conditions(0)
    cache, out = bench.scratch("cache"), bench.scratch("callgrind")
    figures = []
    try:
        with bench.sky(cache, (name,)) as sky:
            ls(bench.folder_in(sky, name))
        sky = bench.sky(cache, (name,))
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}/out", "--instr-atstart=no"]
        sky.words = valgrind + sky.words
        with sky:
            folder = bench.folder_in(sky, name)
            os.listdir(folder.parent)
            commands = (("ls, first after remount", ls), ("ls again", ls), ("find", find), ("ls -l", ls_long))
            for i, (what, command) in enumerate(commands, 1):
                run("callgrind_control", "-z", sky.pid)
                run("callgrind_control", "-i", "on", sky.pid)
                command(folder)
                run("callgrind_control", "-i", "off", sky.pid)
                run("callgrind_control", "-d", sky.pid)
                each = total_of(out / f"out.{i}") / count
                figures.append(information(what, f"{each:,.0f} instructions an entry", instructions=each))
    finally:
        bench.discard(cache)
        bench.discard(out)
    return figures
