# SPDX-License-Identifier: MIT
#
# What the tests of the commands share: the demo archive, a mountpoint, and the program called as a user calls it.
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SKIPPED = 77  # what ctest takes for "skipped"
SKYMOUNT = DEMO = ""
MORE = []  # further words of the command line, before unittest's


def mount_line(mountpoint):
    """(flags, type, source) of the uppermost mount at mountpoint, None without one."""
    found = None
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ")
        if before.split()[4] == str(mountpoint):
            found = (before.split()[5].split(","), *after.split()[:2])
    return found


def eventually(what, seconds=10):
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


class DemoCase(unittest.TestCase):
    """The demo archive serves; nothing is mounted yet."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.work = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="skymount-commands-")))
        self.sky = self.work / "sky"
        self.sky.mkdir()
        self.config = self.work / "demo.toml"
        self.start_origin()
        self.stack.callback(self.take_everything_away)

    def start_origin(self):
        self.origin = subprocess.Popen([DEMO, "--config-out", str(self.config), "--parent-death"],
                                       stdout=subprocess.PIPE, text=True)
        self.stack.callback(self.end_origin)
        self.assertIn("http://", self.origin.stdout.readline())

    def end_origin(self):
        self.origin.terminate()
        self.origin.wait(10)
        self.origin.stdout.close()

    def take_everything_away(self):
        while mount_line(self.sky):
            subprocess.run(["fusermount3", "-u", "-z", str(self.sky)], check=True)

    def skymount(self, *words, program=None, **environment):
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.work), **environment}
        return subprocess.run([program or SKYMOUNT, *map(str, words)], env=clean, capture_output=True, text=True,
                              timeout=60, check=False)

    def mount(self, *more):
        done = self.skymount("mount", "--config", self.config, "--cache", self.work / "cache", *more, self.sky)
        self.assertEqual(done.returncode, 0, done.stderr)

    def unmount(self):
        done = self.skymount("unmount", self.sky)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIsNone(mount_line(self.sky))
        return done


def main(usage, more=0):
    """Runs the tests of __main__. `more`: so many words follow the two programs."""
    global SKYMOUNT, DEMO, MORE
    if len(sys.argv) < 3 + more:
        sys.exit(usage)
    if not os.path.exists("/dev/fuse"):
        print("skipped: /dev/fuse is missing")
        sys.exit(SKIPPED)
    SKYMOUNT, DEMO = (os.path.abspath(word) for word in sys.argv[1:3])
    MORE = sys.argv[3:3 + more]
    unittest.main(argv=[sys.argv[0], *sys.argv[3 + more:]], verbosity=2)
