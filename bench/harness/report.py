# SPDX-License-Identifier: MIT
#
# The table that people read, and the same as JSON; both with the machine, the versions and the conditions.
import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path

from harness.measure import can_drop_caches


def first_line(*words) -> str:
    """The first line that a program prints about itself."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return "absent"
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[0].strip() if lines else "?"


def number_in(text: str) -> str:
    found = re.search(r"\d+(\.\d+)+\S*", text)
    return found.group(0).strip("(),") if found else text


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib() -> float:
    return int(Path("/proc/meminfo").read_text().split()[1]) / 2**20


def filesystem_of(path: Path) -> str:
    return first_line("stat", "-f", "-c", "%T", str(path))


def versions(bench) -> dict:
    root = Path(__file__).resolve().parents[2]
    astropy = first_line("/usr/bin/python3", "-c", "import astropy; print(astropy.__version__)")
    return {
        "skymount": f"{number_in(first_line(str(bench.skymount), '--version'))} "
        f"({first_line('git', '-C', str(root), 'describe', '--always', '--dirty', '--abbrev=10')})",
        "rclone": number_in(first_line("rclone", "version")),
        "aria2c": number_in(first_line("aria2c", "--version")),
        "curl": number_in(first_line("curl", "--version")),
        "nginx": number_in(first_line("/usr/sbin/nginx", "-v")),
        "astropy": astropy,
        "stilts": first_line("dpkg-query", "-W", "-f", "${Version}", "stilts"),
        "libfuse": first_line("dpkg-query", "-W", "-f", "${Version}", "libfuse3-3"),
        "valgrind": number_in(first_line("valgrind", "--version")),
    }


def machine(bench) -> dict:
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": f"{os.cpu_count()} x {processor()}",
        "memory": f"{memory_gib():.1f} GiB",
        "filesystem of caches and copies": filesystem_of(bench.work),
        "load average at the start": " ".join(f"{x:.2f}" for x in os.getloadavg()),
        "page cache dropped by": "drop_caches" if can_drop_caches() else "posix_fadvise DONTNEED on the files read",
        "runs": f"medians of {bench.runs} alternating runs or more" + (", reduced sizes (--quick)" if bench.quick else ""),
        "versions": ", ".join(f"{name} {version}" for name, version in versions(bench).items()),
    }


def verdict(figure) -> str:
    return {True: "reached", False: "NOT reached", None: ""}[figure.reached]


def lines_of(row, figures, failure) -> list[str]:
    out = ["", f"{row.name}: {row.title}"]
    if failure:
        return out + [f"  FAILED: {failure}"]
    for figure in figures:
        out.append(f"  {figure.what:<62} {figure.must:<26} {verdict(figure):<12} {figure.measured}".rstrip())
    return out


def heading(about: dict) -> list[str]:
    return ["skymount: benchmarks", ""] + [f"{name}: {value}" for name, value in about.items()]


def closing(results) -> list[str]:
    verdicts = [figure.reached for _, figures, _ in results for figure in figures if figure.reached is not None]
    failed = sum(failure is not None for _, _, failure in results)
    load = " ".join(f"{x:.2f}" for x in os.getloadavg())
    words = f"{sum(verdicts)} of {len(verdicts)} figures reached" + (f", {failed} rows failed" if failed else "")
    return ["", words, f"load average at the end: {load}"]


def as_json(about: dict, results) -> str:
    rows = [
        {
            "row": row.name,
            "title": row.title,
            "failure": failure,
            "figures": [
                {"what": f.what, "measured": f.measured, "must": f.must, "reached": f.reached, "values": f.values}
                for f in figures
            ],
        }
        for row, figures, failure in results
    ]
    return json.dumps({"machine": about, "rows": rows}, indent=1)
