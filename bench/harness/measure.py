# SPDX-License-Identifier: MIT
#
# How things are measured: alternating runs, medians, dropped page caches, resident memory of a process and its children.
import json
import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
LONGEST_RUN = 900  # seconds; whatever takes longer is broken


# In front of a server or a mount: it ends with the bench, however that ends.
ENDS_WITH_US = ["setpriv", "--pdeathsig", "TERM"]


class Failed(Exception):
    """A command of a bench failed; its row says so instead of a figure."""


def run(*words, env=None, timeout=LONGEST_RUN, **options) -> str:
    """Runs a command, returns what it printed."""
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=timeout, env=env, **options)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["(no message)"])[-1]
        raise Failed(f"{Path(str(words[0])).name} {' '.join(str(w) for w in words[1:3])}: {last}")
    return done.stdout


def seconds_of(*words, env=None, timeout=LONGEST_RUN) -> float:
    """Wall time of a command whose output goes nowhere."""
    start = time.perf_counter()
    done = subprocess.run([str(w) for w in words], env=env, timeout=timeout, **QUIET)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["(no message)"])[-1]
        raise Failed(f"{Path(str(words[0])).name}: {last}")
    return seconds


def json_of(*words, **options) -> dict:
    """The last line that a command prints, as JSON."""
    return json.loads(run(*words, **options).strip().splitlines()[-1])


def alternate(runs: int, contenders: dict) -> dict:
    """Calls each contender in turn, `runs` times, so that a slow spell of the machine meets all of them. Values: lists of
    what they returned."""
    results = {name: [] for name in contenders}
    for _ in range(runs):
        for name, contender in contenders.items():
            results[name].append(contender())
    return results


def medians(results: dict) -> dict:
    return {name: statistics.median(values) for name, values in results.items()}


def can_drop_caches() -> bool:
    return os.access("/proc/sys/vm/drop_caches", os.W_OK)


def drop_caches(*files) -> None:
    """Empties the page cache: all of it as root, else of `files` (folders: all below them)."""
    os.sync()
    if can_drop_caches():
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
        return
    for top in map(Path, files):
        for path in [top] if top.is_file() else [p for p in top.rglob("*") if p.is_file()]:
            fd = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(fd)


def family_of(pid: int) -> list[int]:
    """The process and all its descendants."""
    out, todo = [], [pid]
    while todo:
        one = todo.pop()
        out.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue  # it has just ended
    return out


def resident_bytes(pid: int) -> int:
    """RssAnon + RssShmem of a process and its descendants: what the machine cannot take back."""
    total = 0
    for one in family_of(pid):
        try:
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


class MemoryWatch:
    """Samples resident_bytes ten times a second while it is entered; `peak` afterwards."""

    def __init__(self, pid: int):
        self.pid, self.peak, self._stop = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while True:
            self.peak = max(self.peak, resident_bytes(self.pid))
            if self._stop.wait(0.1):
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.peak = max(self.peak, resident_bytes(self.pid))


def ratio_text(name_a: str, a: float, name_b: str, b: float) -> str:
    return f" ({name_a} {a:.3f} s, {name_b} {b:.3f} s)"


def mib(count: float) -> float:
    return count / 2**20
