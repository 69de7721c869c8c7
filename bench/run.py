#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# Runs the rows of the benchmark table one after the other and writes what was measured; scripts/bench builds what it
# needs and calls it. docs/BENCHMARKS.md tells how to read the result.
import argparse
import datetime
import os
import signal
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from harness import report  # noqa: E402
from harness.bench import Bench  # noqa: E402
from harness.measure import Failed  # noqa: E402
from harness.registry import ROWS  # noqa: E402
from rows import cold, folders, parallel, sections, votables, warm  # noqa: E402,F401  (each registers its rows)


def options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("row", nargs="*", help="only these rows (--list names them)")
    parser.add_argument("--list", action="store_true", help="the rows, one a line")
    parser.add_argument("--quick", action="store_true", help="smaller files, fewer runs: some minutes, other ratios")
    parser.add_argument("--runs", type=int, help="runs of each contender (5; with --quick 3)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--out", type=Path, help="write the table there (a run of all rows: bench/results/DATE.txt)")
    parser.add_argument("--build", type=Path, default=HERE.parent / "build" / "release", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help="folder for generated files and scratch (25 GB; default ~/.cache)")
    return parser.parse_args()


def chosen(names) -> list:
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        sys.exit(f"scripts/bench: there is no row {unknown[0]!r}; there are: {', '.join(ROWS)}")
    return [ROWS[name] for name in names] if names else list(ROWS.values())


def measure(bench, rows, say) -> list:
    results = []
    for row in rows:
        figures, failure = [], None
        try:
            figures = row.run(bench)
        except (Failed, OSError, AssertionError, ValueError, subprocess.TimeoutExpired) as error:
            failure = f"{type(error).__name__}: {error}" if not isinstance(error, Failed) else str(error)
        results.append((row, figures, failure))
        for line in report.lines_of(row, figures, failure):
            say(line)
    return results


def main() -> int:
    wanted = options()
    rows = chosen(wanted.row)
    if wanted.list:
        for row in rows:
            print(f"{row.name:<14} {row.title}")
        return 0
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    store = wanted.store or cache_home / "skymount-bench"
    store.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="run-", dir=store))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(wanted.build, store, work, wanted.quick, wanted.runs or (3 if wanted.quick else 5))
    lines = []

    def say(line):
        lines.append(line)
        if not wanted.json:
            print(line, flush=True)

    try:
        about = report.machine(bench)
        for line in report.heading(about):
            say(line)
        results = measure(bench, rows, say)
        for line in report.closing(results):
            say(line)
    finally:
        bench.close()
        shutil.rmtree(work, ignore_errors=True)
    if wanted.json:
        print(report.as_json(about, results))
    out = wanted.out
    if out is None and not wanted.row and not wanted.quick:
        out = HERE / "results" / (datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d-%H%M") + ".txt")
    if out is not None:
        out.write_text("\n".join(lines) + "\n")
    return 1 if any(failure for _, _, failure in results) else 0


sys.exit(main())
