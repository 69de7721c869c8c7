# SPDX-License-Identifier: MIT
"""The demo archive, mounted by `skymount demo` as a user would, for the scripts that test what other programs see in it."""
import os
import signal
import subprocess
import sys
import time

SKIPPED = 77       # what ctest takes for "skipped"
START_BUDGET = 60  # seconds for the demo archive to be mounted


class Demo:
    """`skymount demo` as a child; the mount is gone when this is."""

    def __init__(self, skymount, mountpoint):
        self.mountpoint = mountpoint
        self.child = subprocess.Popen([skymount, "demo", mountpoint], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)

    def __enter__(self):
        until = time.monotonic() + START_BUDGET
        while time.monotonic() < until and self.child.poll() is None:
            if os.path.ismount(self.mountpoint):
                return self
            time.sleep(0.05)
        self.child.kill()
        sys.exit("the demo archive could not be mounted:\n" + self.child.communicate()[0])

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.words = self.child.communicate(timeout=30)[0]
        except subprocess.TimeoutExpired:
            self.child.kill()
            sys.exit("skymount demo did not end within 30 s")
        if self.child.returncode != 0 or os.path.ismount(self.mountpoint):
            sys.exit(f"skymount demo ended badly (exit code {self.child.returncode}):\n{self.words}")
