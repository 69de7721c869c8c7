# SPDX-License-Identifier: MIT
"""Prints a line a check and keeps the score. A run that checked less than it meant to is a failure, too."""

import collections
import contextlib
import time
import traceback


class Report:
    def __init__(self, planned=()):
        self.planned = set(planned)
        self.passed = 0
        self.failed = []
        self.counts = collections.Counter()
        self.started = time.monotonic()

    def check(self, name, good, detail="", kind=""):
        """One promise. `kind` names what is counted for at_least()."""
        if good:
            self.passed += 1
            self.counts[kind] += 1
            print(f"ok    {name}", flush=True)
        else:
            self.failed.append(name)
            print(f"FAIL  {name}" + (f": {detail}" if detail else ""), flush=True)
        return bool(good)

    def same(self, name, found, wanted, kind=""):
        """Equality of sets or values; says what is missing and what is too much."""
        if isinstance(found, (set, frozenset)) and isinstance(wanted, (set, frozenset)):
            detail = f"missing {short(wanted - found)}, unexpected {short(found - wanted)}"
        else:
            detail = f"found {short(found)}, wanted {short(wanted)}"
        return self.check(name, found == wanted, detail, kind)

    def later(self, feature, present):
        """True if `feature` is planned and not there yet: then it is not asked for. Once it is there, it must be right."""
        if present or feature not in self.planned:
            return False
        print(f"later {feature}", flush=True)
        return True

    def at_least(self, kind, number):
        """So many checks of a kind have passed: nothing above was true for want of anything to look at."""
        self.check(f"at least {number} checks of: {kind}", self.counts[kind] >= number, f"only {self.counts[kind]}")

    @contextlib.contextmanager
    def section(self, name):
        """An exception is a failed check, not the end of the run."""
        print(f"--- {name}", flush=True)
        try:
            yield
        except Exception as error:  # pylint: disable=broad-except
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.check(name, False, f"{type(error).__name__}: {error} ({where.name}:{where.lineno})")

    def finish(self):
        for name in self.failed:
            print("failed:", name)
        print(f"{self.passed} passed, {len(self.failed)} failed in {time.monotonic() - self.started:.1f} s")
        return 1 if self.failed or not self.passed else 0


def short(value, limit=400):
    words = str(sorted(value)) if isinstance(value, (set, frozenset)) else repr(value)
    return words if len(words) <= limit else words[:limit] + "…"
