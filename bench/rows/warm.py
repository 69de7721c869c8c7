# SPDX-License-Identifier: MIT
#
# Files that were read before: from skymount's disk cache, from the kernel's page cache, and what that costs in
# instructions.
import contextlib
import json
import re
import subprocess

from harness import mounts
from harness.measure import Failed, alternate, can_drop_caches, drop_caches, json_of, medians, mib, run, seconds_of
from harness.registry import Figure, at_least, information, row


@contextlib.contextmanager
def filled_cache(bench, file):
    """A cache folder that holds all of the file, nothing mounted, and a copy of the file outside of the origin."""
    bench.origin.conditions(0)
    cache, local = bench.scratch("cache"), bench.scratch("local") / "copy.fits"
    try:
        with bench.sky(cache) as sky:
            told = json_of(bench.tools / "reader", "hash", bench.path_in(sky, file))
            if told["xxh3"] != file.xxh3:
                raise Failed("the bytes differ from those on disk")
        run("cp", "--sparse=never", file.path, local)
        yield cache, local
    finally:
        bench.discard(cache)
        bench.discard(local.parent)


def rate(size: int, seconds: float) -> str:
    return f"{mib(size) / seconds:.0f} MiB/s"


def or_figure(what, ours, theirs, size, share, need_mib) -> Figure:
    """Reached when ours is >= share of theirs or >= need_mib MiB/s."""
    speed, part = mib(size) / ours, theirs / ours
    return Figure(
        what,
        f"{part:.2f}x ({speed:.0f} MiB/s, local {rate(size, theirs)})",
        f">= {share:g}x or >= {need_mib:g} MiB/s",
        part >= share or speed >= need_mib,
        {"seconds": ours, "local_seconds": theirs},
    )


def remounted(bench, cache, file, measure):
    """A contender: `measure(path)` after a remount, all requests to the origin counted."""

    def once():
        with bench.sky(cache) as sky:
            path = bench.path_in(sky, file)
            bench.origin.reset()
            value = measure(path)
            if bench.origin.counts()["requests"] != 0:
                raise Failed(f"a warm read asked the origin: {bench.origin.requests()[:3]}")
            return value

    return once


def reads_asked(sky) -> int:
    """How many READs of data the kernel has sent to this mount; asking costs a read, too."""
    return json.loads((sky.path / ".skymount" / "status.json").read_text())["kernel_asked"]["read"]


def dd(path) -> float:
    return seconds_of("dd", f"if={path}", "of=/dev/null", "bs=1M")


@row("disk-cache", "re-read from the disk cache, page cache dropped for both, runs alternated")
def disk_cache(bench):
    file = bench.file("sequential", bench.size(256, 64), 1)
    with filled_cache(bench, file) as (cache, local):

        def ours(path):
            drop_caches(cache)
            return dd(path)

        def theirs():
            drop_caches(local)
            return dd(local)

        t = medians(alternate(max(5, bench.runs), {"skymount": remounted(bench, cache, file, ours), "local": theirs}))
    how = "drop_caches" if can_drop_caches() else "posix_fadvise DONTNEED"
    return [
        or_figure(f"against local dd ({how})", t["skymount"], t["local"], file.bytes, 0.8, 800),
    ]


@row("page-cache", "re-read, page cache warm")
def page_cache(bench):
    file = bench.file("sequential", bench.size(256, 64), 1)
    bare_mount = mounts.bare(bench, 0, -(-file.bytes // 2**20))
    with filled_cache(bench, file) as (cache, local), bench.sky(cache) as sky, bare_mount as bare:
        paths = {"skymount": bench.path_in(sky, file), "local": local, "bare": bare.path / "file"}
        for path in paths.values():
            dd(path)
        asked = reads_asked(sky)
        t = medians(alternate(max(9, bench.runs), {who: lambda path=path: dd(path) for who, path in paths.items()}))
        asked = reads_asked(sky) - asked
    return [
        at_least("against local dd", t["local"] / t["skymount"], 0.95, "x",
                 f" ({rate(file.bytes, t['skymount'])}, local {rate(file.bytes, t['local'])})"),
        # Both are the kernel alone: what a FUSE filesystem can reach here.
        information("against a bare libfuse filesystem",
                    f"{t['bare'] / t['skymount']:.2f}x (bare {rate(file.bytes, t['bare'])})", bare_seconds=t["bare"]),
        information("reads that reached the daemon meanwhile", str(asked), asked=asked),
    ]  # fmt: skip


@row("random-warm", "random 256 KiB reads, warm disk cache")
def random_warm(bench):
    file = bench.file("random", bench.size(1024, 256), 4)
    count, length = bench.size(1000, 250), 256 * 1024

    def reads(path) -> float:
        return json_of(bench.tools / "reader", "random", path, count, length, 11)["seconds"]

    figures = []
    with filled_cache(bench, file) as (cache, local):
        for dropped in (False, True):

            def prepare(*paths, dropped=dropped):
                # Never the kernel's pages of the mount: those are another row.
                if dropped:
                    drop_caches(*paths)

            def ours(path, prepare=prepare):
                prepare(cache)
                return reads(path)

            def theirs(prepare=prepare):
                prepare(local)
                return reads(local)

            contenders = {"skymount": remounted(bench, cache, file, ours), "local": theirs}
            t = medians(alternate(bench.runs, contenders))
            what = "pages of the disk dropped" if dropped else "pages of the disk warm"
            figures.append(or_figure(what, t["skymount"], t["local"], count * length, 0.8, 500))
    return figures


@row("callgrind", "instructions of the warm read path (callgrind, repeatable)")
def callgrind(bench):
    figures = []
    size_mib = bench.size(64, 16)
    for how, block_kib in (("scan", 128), ("random", 128), ("random", 256)):
        cache = bench.scratch("cache")
        words = ["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=warm_loop"]
        words += [f"--callgrind-out-file={cache}/callgrind.out", bench.tools / "warm_reads", cache / "blocks"]
        words += [size_mib, block_kib, how]
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=600, check=False)
        bench.discard(cache)
        collected = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or not collected:
            raise Failed("callgrind: " + (done.stderr.strip().splitlines() or ["no answer"])[-1])
        each = int(collected.group(1)) / (size_mib * 1024 / block_kib)
        figures.append(
            information(f"{how}, blocks of {block_kib} KiB", f"{each:,.0f} instructions a block, "
                        f"{each / block_kib / 1024:.3f} a byte", instructions=each)
        )  # fmt: skip
    return figures
