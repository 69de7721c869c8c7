# SPDX-License-Identifier: MIT
#
# Mounts that are compared: skymount, rclone, and the bare libfuse filesystem. Each is a context manager that mounts in
# the foreground, waits until the mount answers, and leaves nothing behind.
import os
import subprocess
import time
from pathlib import Path

from harness.measure import ENDS_WITH_US, Failed

TOML = """name = "{name}"
title = "Bench"
[tap]
url = "{url}/{name}/tap"
maxrec = 100000
[obscore]
table = "ivoa.obscore"
[limits]
connections = {connections}
[network]
allow_private = true
"""


class Mounted:
    """A foreground process with a mount; `path` and `pid` while it is entered."""

    def __init__(self, words, path: Path, log: Path, env=None):
        self.words, self.path, self.log, self.env = [str(w) for w in words], path, log, env
        self.pid = 0

    def __enter__(self):
        self.path.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            ENDS_WITH_US + self.words, env=self.env, stdout=self.log.open("a"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        self.pid = self._process.pid
        for _ in range(600):  # at most half a minute
            if os.path.ismount(self.path):
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        self._end()
        raise Failed(f"{Path(self.words[0]).name} did not mount: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "(no message)"

    def _end(self):
        subprocess.run(["fusermount3", "-u", str(self.path)], capture_output=True, check=False)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if os.path.ismount(self.path):
            subprocess.run(["fusermount3", "-uz", str(self.path)], capture_output=True, check=False)

    def __exit__(self, *_):
        self._end()


def skymount(bench, cache: Path, archives=("files",), connections: int = 9) -> Mounted:
    """skymount with these archives of the origin. Of `connections` one is kept for metadata, so 9 leave 8 for data."""
    words = [bench.skymount, "mount", "--foreground", "--cache", cache]
    for name in archives:
        toml = bench.work / f"{name}.toml"
        toml.write_text(TOML.format(name=name, url=bench.origin.url, connections=connections))
        words += ["--config", toml]
    path = bench.work / "sky"
    env = {**os.environ, "HOME": str(bench.work), "XDG_RUNTIME_DIR": str(bench.work / "run")}
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "SKYMOUNT_CACHE", "SKYMOUNT_CONFIG"):
        env.pop(name, None)
    (bench.work / "run").mkdir(mode=0o700, exist_ok=True)
    return Mounted([*words, path], path, bench.work / "skymount.log", env)


def rclone(bench, mode: str, cache: Path) -> Mounted:
    """rclone mount of the origin's files, all else default."""
    words = ["rclone", "mount", ":http:", bench.work / "rclone", "--http-url", bench.origin.url + "/data/"]
    words += ["--vfs-cache-mode", mode, "--cache-dir", cache, "--config", os.devnull]
    return Mounted(words, bench.work / "rclone", bench.work / "rclone.log")


def bare(bench, entries: int, file_mib: int = 0) -> Mounted:
    return Mounted([bench.tools / "bare_fs", entries, file_mib, bench.work / "bare"], bench.work / "bare", bench.work / "bare.log")
