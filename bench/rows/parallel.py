# SPDX-License-Identifier: MIT
#
# Many files at once: memory, and that nothing is fetched twice.
import contextlib
import json
import os
import resource
import subprocess
from concurrent.futures import ThreadPoolExecutor

from harness.measure import Failed, MemoryWatch, mib
from harness.registry import Figure, at_most, information, row


@row("parallel", "8 parallel copies of 1 GiB, 20 ms RTT")
def parallel(bench):
    copies = 8
    files = [bench.file(f"copy{i}x", bench.size(1024, 128), 100 + i) for i in range(copies)]
    bench.origin.conditions(20)
    cache = bench.scratch("cache")
    try:
        with bench.sky(cache) as sky:
            paths = [bench.path_in(sky, file) for file in files]
            bench.origin.reset()
            with MemoryWatch(sky.pid) as memory:
                readers = [
                    subprocess.Popen([str(bench.tools / "reader"), "hash", str(path)], stdout=subprocess.PIPE, text=True)
                    for path in paths
                ]
                told = [json.loads(reader.communicate(timeout=1800)[0] or "{}") for reader in readers]
            counts = bench.origin.settled_counts()
    finally:
        bench.discard(cache)
    if any(reader.returncode for reader in readers):
        raise Failed("a copy failed")
    right = sum(one["xxh3"] == file.xxh3 for one, file in zip(told, files))
    total = sum(file.bytes for file in files)
    slowest = max(one["seconds"] for one in told)
    return [
        at_most("resident memory at its peak (RssAnon + RssShmem, 10 Hz)", mib(memory.peak), 256, " MiB"),
        Figure("copies whose bytes are right", f"{right} of {copies}", "all", right == copies),
        at_most("served by the origin, of the files' bytes", counts["bytes"] / total, 1.02, "x",
                f" ({counts['requests']} requests)", **counts),
        information("all copies", f"{slowest:.1f} s, {mib(total) / slowest:.0f} MiB/s together"),
    ]  # fmt: skip


def read_from(fd: int, start: int, length: int) -> None:
    """As cp reads; whatever is short is wrong."""
    for at in range(start, start + length, 128 * 1024):
        piece = min(128 * 1024, start + length - at)
        if len(os.pread(fd, piece, at)) != piece:
            raise Failed(f"a short read at byte {at}")


@row("open-files", "1,000 files of 16 MiB open at once, each partly read, 200 of them as scans, 20 ms RTT")
def open_files(bench):
    count, scans = bench.size(1000, 250), bench.size(200, 50)
    files = bench.copies_of(bench.file("open", 16, 6), count)
    bench.origin.conditions(20)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    cache = bench.scratch("cache")
    try:
        with bench.sky(cache) as sky, contextlib.ExitStack() as opened:
            paths = [bench.path_in(sky, file) for file in files]
            with MemoryWatch(sky.pid) as memory, ThreadPoolExecutor(32) as pool:

                def look(path):
                    fd = os.open(path, os.O_RDONLY)
                    read_from(fd, 0, 64 * 1024)
                    return fd

                fds = list(pool.map(look, paths))
                for fd in fds:
                    opened.callback(os.close, fd)
                looked = memory.peak
                list(pool.map(lambda fd: read_from(fd, 0, 2 * 2**20), fds[:scans]))
                list(pool.map(lambda fd: read_from(fd, 4 * 2**20, 2**20), fds[scans : 2 * scans]))
            told = json.loads((sky.path / ".skymount" / "status.json").read_text())
    finally:
        bench.discard(cache)
    return [
        at_most("resident memory at its peak (RssAnon + RssShmem, 10 Hz)", mib(memory.peak), 256, " MiB",
                f" ({mib(looked):.0f} with all open)"),
        Figure("files open at once", str(told["open_files"]), str(count), told["open_files"] == count),
    ]  # fmt: skip
