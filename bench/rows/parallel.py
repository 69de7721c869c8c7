# SPDX-License-Identifier: MIT
#
# Many files at once: memory, and that nothing is fetched twice.
import json
import subprocess

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
