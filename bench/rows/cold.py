# SPDX-License-Identifier: MIT
#
# Files that are read for the first time: a whole file, as ds9 does, in random places, only its first bytes.
import statistics

from harness.measure import Failed, alternate, json_of, medians, mib, ratio_text, seconds_of
from harness.registry import at_least, at_most, information, row


def skymount_copy(bench, file, connections=9):
    """A contender: dd of the file through a fresh skymount with an empty cache."""

    def once() -> float:
        cache = bench.scratch("cache")
        try:
            with bench.sky(cache, connections=connections) as sky:
                path = bench.path_in(sky, file)
                return seconds_of("dd", f"if={path}", "of=/dev/null", "bs=1M")
        finally:
            bench.discard(cache)

    return once


def rclone_copy(bench, file, mode):
    from harness.mounts import rclone

    def once() -> float:
        cache = bench.scratch("rclone-cache")
        try:
            with rclone(bench, mode, cache) as mounted:
                path = mounted.path / file.path.name
                path.stat()  # its folder is listed, as with skymount
                return seconds_of("dd", f"if={path}", "of=/dev/null", "bs=1M")
        finally:
            bench.discard(cache)

    return once


def curl_copy(file):
    return lambda: seconds_of("curl", "-sf", "-o", "/dev/null", file.url)


def aria2_copy(bench, file, connections):
    def once() -> float:
        folder = bench.scratch("aria2")
        words = ["aria2c", "-q", "--no-conf", f"-x{connections}", f"-s{connections}", "-k1M", "--file-allocation=none"]
        try:
            return seconds_of(*words, "-d", folder, "-o", "copy", file.url)
        finally:
            bench.discard(folder)

    return once


@row("cold-slow", "cold sequential dd, 50 ms RTT, 20 MB/s a connection, 8 connections allowed")
def cold_slow(bench):
    file = bench.file("sequential", bench.size(256, 64), 1)
    bench.origin.conditions(50, 20)
    times = alternate(
        bench.runs,
        {
            "skymount": skymount_copy(bench, file),
            "aria2c": aria2_copy(bench, file, 8),
            "rclone-off": rclone_copy(bench, file, "off"),
            "rclone-full": rclone_copy(bench, file, "full"),
            "curl": curl_copy(file),
        },
    )
    t = medians(times)
    ours = t["skymount"]
    return [
        at_least("against rclone mount, cache off", t["rclone-off"] / ours, 6, "x",
                 ratio_text("skymount", ours, "rclone", t["rclone-off"]), runs=times),
        at_least("against rclone mount, cache full", t["rclone-full"] / ours, 6, "x",
                 ratio_text("skymount", ours, "rclone", t["rclone-full"])),
        at_least("against aria2c -x8", t["aria2c"] / ours, 0.9, "x",
                 ratio_text("skymount", ours, "aria2c", t["aria2c"])),
        information("against curl, one stream", f"{t['curl'] / ours:.2f}x"),
    ]  # fmt: skip


@row("cold-fast", "cold sequential dd, 1 ms RTT, no bandwidth cap")
def cold_fast(bench):
    file = bench.file("sequential", bench.size(256, 64), 1)
    bench.origin.conditions(1)
    times = alternate(
        max(3, bench.runs),
        {
            "skymount": skymount_copy(bench, file),
            "curl": curl_copy(file),
            "rclone-off": rclone_copy(bench, file, "off"),
            "rclone-full": rclone_copy(bench, file, "full"),
            "aria2c": aria2_copy(bench, file, 8),
        },
    )
    t = medians(times)
    ours = t["skymount"]
    return [
        at_least("against rclone mount, cache off", t["rclone-off"] / ours, 1, "x",
                 ratio_text("skymount", ours, "rclone", t["rclone-off"]), runs=times),
        at_least("against rclone mount, cache full", t["rclone-full"] / ours, 1, "x",
                 ratio_text("skymount", ours, "rclone", t["rclone-full"])),
        at_least("against curl, one stream", t["curl"] / ours, 0.7, "x",
                 ratio_text("skymount", ours, "curl", t["curl"])),
        information("against aria2c -x8", f"{t['aria2c'] / ours:.2f}x"),
    ]  # fmt: skip


def fresh(bench, file, *how):
    """tools/reader on the file through a fresh skymount: its answer, the counts when it ended, and when all was quiet."""
    cache = bench.scratch("cache")
    try:
        with bench.sky(cache) as sky:
            path = bench.path_in(sky, file)
            bench.origin.settled_counts()
            bench.origin.reset()
            told = json_of(bench.tools / "reader", how[0], path, *how[1:])
            told["at_end"] = bench.origin.counts()
            told["settled"] = bench.origin.settled_counts()
            told["requests"] = bench.origin.requests()
            return told
    finally:
        bench.discard(cache)


def median_of(told, *keys) -> float:
    def value(one):
        for key in keys:
            one = one[key]
        return one

    return statistics.median(value(one) for one in told)


@row("mmap-scan", "ds9-pattern mmap scan of 64 MiB, 100 ms RTT, ample bandwidth")
def mmap_scan(bench):
    file = bench.file("scan", 64, 2)
    local = json_of(bench.tools / "reader", "scan", file.path)
    bench.origin.conditions(100)
    told = [fresh(bench, file, "scan") for _ in range(bench.runs)]
    if any(one["sum"] != local["sum"] for one in told):
        raise Failed("the pixels differ from those on disk")
    return [
        at_most("cold, with its header", median_of(told, "seconds"), 1.5, " s",
                f" ({median_of(told, 'settled', 'requests'):.0f} requests)", runs=told),
    ]  # fmt: skip


@row("header", "300-block header, ds9's way, 20 ms a request")
def header(bench):
    file = bench.file("header", 32, 3, 300)
    bench.origin.conditions(20)
    told = [fresh(bench, file, "header") for _ in range(bench.runs)]
    return [
        at_most("requests, also later ones", median_of(told, "settled", "requests"), 2, "", runs=told),
        at_most("moved, also later", mib(median_of(told, "settled", "bytes")), 1.5, " MiB"),
        at_most("time", median_of(told, "seconds"), 0.1, " s"),
    ]


@row("random-cold", "64 random reads of 64 KiB in 1 GiB, 50 ms RTT, 20 MB/s")
def random_cold(bench):
    from harness.mounts import rclone

    count, length = 64, 65536
    file = bench.file("random", bench.size(1024, 256), 4)
    local = json_of(bench.tools / "reader", "random", file.path, count, length, 7)
    bench.origin.conditions(50, 20)

    def ours():
        return fresh(bench, file, "random", count, length, 7)

    def theirs():
        cache = bench.scratch("rclone-cache")
        try:
            with rclone(bench, "off", cache) as mounted:
                path = mounted.path / file.path.name
                path.stat()
                return json_of(bench.tools / "reader", "random", path, count, length, 7)
        finally:
            bench.discard(cache)

    told = alternate(bench.runs, {"skymount": ours, "rclone": theirs})
    if any(one["xxh3"] != local["xxh3"] for one in told["skymount"]):
        raise Failed("the bytes differ from those on disk")
    mine, rclones = median_of(told["skymount"], "seconds"), median_of(told["rclone"], "seconds")
    reads = mine - median_of(told["skymount"], "open_seconds")
    settled = median_of(told["skymount"], "settled", "bytes")
    return [
        at_most("round trips each, by time", reads / count / 0.050, 1.25, "", runs=told),
        at_most("requests each", median_of(told["skymount"], "settled", "requests") / count, 1.25, ""),
        at_least("against rclone mount, cache off", rclones / mine, 3.5, "x",
                 ratio_text("skymount", mine, "rclone", rclones)),
        at_most("moved, of the bytes asked for", settled / (count * length), 1.5, "x"),
    ]  # fmt: skip


@row("first-byte", "open to first header byte, cold, 50 ms RTT")
def first_byte(bench):
    file = bench.file("sequential", bench.size(256, 64), 1)
    bench.origin.conditions(50)
    told = [fresh(bench, file, "first") for _ in range(bench.runs)]
    return [
        at_most("requests, also later ones", median_of(told, "settled", "requests"), 1, "", runs=told),
        at_most("moved, also later", median_of(told, "settled", "bytes") / 1024, 256, " KiB"),
        information("time", f"{median_of(told, 'seconds'):.3f} s"),
    ]
