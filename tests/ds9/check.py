#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Drives ds9 over XPA: opens each file, reads pixels back as ds9 sees them and compares them with the file.

Usage: check.py RESULTS_DIR FILE...   (DISPLAY, XPA_METHOD and XPA_TMPDIR are set by `run`.)
ds9 maps a file into memory block by block: of all clients it is the one that notices a wrong size or a short read first. Where
a file has an http URL (user.skymount.url) it is fetched a second time past the mount, and that copy is the reference; what is
computed (user.skymount.made_by) is read with astropy. Leaves a screenshot a file in RESULTS_DIR.
"""

import io
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import numpy as np
from astropy.io import fits
from PIL import Image

NAME = f"skymount_{os.getpid()}"
START_SECONDS = 60
LOAD_SECONDS = 240  # 200 MB through a mount on a busy machine
BOX = (48, 32)      # pixels of one look: width, height

failures = []


def check(name, good, detail=""):
    print(f"ok    {name}" if good else f"FAIL  {name}" + (f": {detail}" if detail else ""), flush=True)
    if not good:
        failures.append(name)
    return good


def xpa(*words, timeout=LOAD_SECONDS):
    """One question or order to ds9; its words on failure become the exception's."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
    answer = done.stdout.decode(errors="replace")
    if done.returncode != 0 or answer.startswith("XPA$ERROR"):
        raise RuntimeError(f"{' '.join(words)}: {answer.strip()}")
    return answer


def ask(*words):
    return xpa("xpaget", NAME, *words)


def order(*words):
    return xpa("xpaset", "-p", NAME, *words)


def wait_for(process, what, seconds, question):
    """Asks until the answer is true. A ds9 that died (SIGBUS is the classic) ends the wait at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"ds9 ended with {process.returncode} while {what}")
        try:
            if question():
                return
        except (RuntimeError, subprocess.TimeoutExpired):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"ds9: {what} took more than {seconds} s")


def attribute(path, name):
    try:
        return os.getxattr(path, "user.skymount." + name).decode()
    except OSError:
        return ""


def label_of(path):
    """A name that tells best.fits of one dataset from that of another."""
    name = os.path.basename(path)
    return os.path.basename(os.path.dirname(path)) + "_" + name if name.startswith("best.") else name


def reference(path):
    """The pixels to expect. Past the mount where that is possible."""
    url = attribute(path, "url")
    if url.startswith("http") and not attribute(path, "made_by"):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=120) as reply:
            content, origin = reply.read(), "fetched past the mount"
    else:
        content, origin = pathlib.Path(path).read_bytes(), "read with astropy"
    with fits.open(io.BytesIO(content)) as hdus:
        image = next(hdu for hdu in hdus if hdu.is_image and hdu.data is not None)
        pixels = np.array(image.data)
    while pixels.ndim > 2:  # of a cube ds9 shows the first plane
        pixels = pixels[0]
    return pixels, origin


def boxes(width, height):
    """Where to look, 1-based lower left corners: the corners, the middle, and places between."""
    w, h = min(BOX[0], width), min(BOX[1], height)
    rng = np.random.default_rng(7)
    places = [(1, 1), (width - w + 1, height - h + 1), (1, height - h + 1), (width - w + 1, 1),
              ((width - w) // 2 + 1, (height - h) // 2 + 1)]
    places += [(int(rng.integers(1, width - w + 2)), int(rng.integers(1, height - h + 2))) for _ in range(11)]
    return [(x, y, w, h) for x, y in places]


def compare_pixels(path, pixels):
    height, width = pixels.shape
    label = label_of(path)
    check(f"{label}: ds9 says {width} x {height}", ask("fits", "size").split() == [str(width), str(height)])
    for x, y, w, h in boxes(width, height):
        seen = box_in_ds9(x, y, w, h)
        wanted = pixels[y - 1:y - 1 + h, x - 1:x - 1 + w].astype(float)
        # Six digits: exact for 16-bit pixels.
        near = np.array_equal(seen, wanted) if pixels.dtype.itemsize <= 2 else \
            np.allclose(seen, wanted, rtol=1e-5, atol=0, equal_nan=True)
        if not check(f"{label}: {w} x {h} pixels at {x},{y}", near, f"ds9 {seen[0, :4]}, file {wanted[0, :4]}"):
            break


def box_in_ds9(x, y, w, h):
    """Pixels as ds9 holds them. It answers "x,y = value" in no order at all."""
    box = np.full((h, w), np.inf)
    for line in ask("data", "image", str(x), str(y), str(w), str(h), "no").splitlines():
        place, value = line.split("=")
        column, row = (int(part) for part in place.split(","))
        box[row - y, column - x] = float(value)
    return box


def screenshot(path, results):
    """The whole X screen as PNG. The image must really be on it: a frame of one colour is a failure."""
    target = pathlib.Path(results) / (label_of(path) + ".png")
    dump = subprocess.run(["xwd", "-root", "-silent"], stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["convert", "xwd:-", str(target)], input=dump, check=True)
    with Image.open(target) as image:
        picture = np.asarray(image.convert("L"))
    # Below ds9's panel and buttons, within its window (see `run` for its size).
    frame = picture[300:680, 40:720]
    check(f"{target.name}: shows the image", len(np.unique(frame)) > 20, f"{len(np.unique(frame))} grey levels")


def show(process, path, started, results):
    """Waits until ds9 shows the file, then looks at it. `started`: when ds9 was told to open it."""
    wait_for(process, f"opening {path}", LOAD_SECONDS,
             lambda: ask("file").strip() == path and len(ask("fits", "size").split()) == 2)
    seconds = time.monotonic() - started
    pixels, origin = reference(path)
    print(f"      {path}: {pixels.nbytes / 1e6:.0f} MB, open after {seconds:.1f} s; reference {origin}", flush=True)
    compare_pixels(path, pixels)
    order("scale", "mode", "zscale")
    order("zoom", "to", "fit")
    order("update", "now")
    time.sleep(1.0)  # the X server draws after ds9 has answered
    screenshot(path, results)


def open_next(path):
    order("frame", "delete", "all")
    order("frame", "new")
    order("file", path)


def main(results, paths):
    with open(os.path.join(results, "ds9.log"), "wb") as log:
        started = time.monotonic()
        process = subprocess.Popen(["ds9", "-title", NAME, "-geometry", "760x780+0+0", paths[0]], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
        try:
            wait_for(process, "starting", START_SECONDS + LOAD_SECONDS, lambda: ask("version"))
            show(process, paths[0], started, results)
            for path in paths[1:]:
                started = time.monotonic()
                open_next(path)
                show(process, path, started, results)
            order("quit")
            process.wait(20)
        except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            check("ds9", False, str(error))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    print(f"FAILED: {', '.join(failures)}" if failures else "all pixels as in the files")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
