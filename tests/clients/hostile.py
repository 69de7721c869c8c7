#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""FITS files that lie, are cut short or are damaged where they are compressed: whatever is asked of them ends with an answer
or with an error that has a reason, within seconds, and the mount goes on as if nothing had been.

Usage: hostile.py SKYMOUNT [ROUNDS] [SEED]
"""
import errno
import pathlib
import random
import sys
import tempfile
import time
import warnings

sys.dont_write_bytecode = True
here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parents[0] / "support")]
from cutouts import file_of, image, packed, pixels
from demo_mount import SKIPPED
from file_archive import FileArchive, Mounted

HONEST = {errno.EIO, errno.EFBIG, errno.EOPNOTSUPP, errno.ENODATA, errno.EINVAL}
BUDGET = 20  # seconds for one question


def card(text):
    return text.ljust(80).encode()


def with_card(data, key, text, start=2880):
    """The first card of that key behind `start`, replaced."""
    at = data.index(key.ljust(8).encode() + b"=", start)
    return data[:at] + card(f"{key:<8}= {text:>20}") + data[at + 80:]


def liars():
    plain, rice = file_of(image()), packed("i2", "RICE_1")
    for kind in ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"):
        whole = packed("i2", kind)
        yield f"cut_{kind}", whole[:len(whole) * 2 // 3]
    yield "naxis_huge", with_card(plain, "NAXIS1", "9223372036854775807", 0)
    yield "naxis_larger", with_card(plain, "NAXIS2", "200000", 0)
    yield "naxis_negative", with_card(plain, "NAXIS1", "-5", 0)
    yield "bitpix_odd", with_card(plain, "BITPIX", "17", 0)
    yield "crpix_nan", with_card(plain, "CRPIX1", "NaN", 0)
    yield "cd_zero", with_card(with_card(plain, "CD1_1", "0.0", 0), "CD1_2", "0.0", 0)
    yield "crval_far", with_card(plain, "CRVAL1", "1E300", 0)
    yield "znaxis_huge", with_card(rice, "ZNAXIS1", "2000000000")
    yield "ztile_huge", with_card(rice, "ZTILE1", "2000000000")
    yield "ztile_zero", with_card(rice, "ZTILE1", "0")
    yield "pcount_huge", with_card(rice, "PCOUNT", "9000000000000000")
    yield "rows_few", with_card(rice, "NAXIS2", "3")
    yield "no_method", with_card(rice, "ZCMPTYPE", "'NONSENSE'")
    yield "block_zero", with_card(rice, "ZVAL1", "0")
    yield "history", plain[:2880].replace(card("END"), b"") + card("HISTORY") * 50_000 + card("END") + plain[2880:]
    yield "endless", card("SIMPLE  =                    T") + b" " * 5_000_000


def damaged(rounds, dice):
    """Bytes turned at random: in the descriptors, in the heap, in the cards of the compressed table."""
    kinds = [packed("i2", "RICE_1"), packed("f4", "GZIP_2", quantize_level=0), packed("i2", "HCOMPRESS_1"),
             packed("f4", "RICE_1", quantize_method=1, dither_seed=7), packed("i2", "PLIO_1", pixels("i2") % 4000), file_of(image())]
    for number in range(rounds):
        data = bytearray(dice.choice(kinds))
        for _ in range(dice.choice([1, 3, 30])):
            data[dice.randrange(2880, len(data))] = dice.randrange(256)
        yield f"damaged{number}", bytes(data)


def ask(path):
    """errno, or 0 for an answer."""
    begun = time.monotonic()
    try:
        with open(path, "rb") as file:
            data = file.read()
        outcome = 0 if data else errno.ENODATA
    except OSError as error:
        outcome = error.errno
    spent = time.monotonic() - begun
    if spent > BUDGET:
        raise AssertionError(f"{spent:.1f} s")
    if outcome not in HONEST | {0}:
        raise AssertionError(errno.errorcode.get(outcome, outcome))
    return outcome


def main():
    try:
        import astropy.nddata  # noqa: F401
    except ImportError:
        sys.exit(SKIPPED)
    warnings.simplefilter("ignore")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else time.time_ns() % 1_000_000
    print(f"seed {seed}")
    files = {name + ".fits": data for name, data in [*liars(), *damaged(rounds, random.Random(seed))]}
    files["good.fits"] = packed("i2", "RICE_1")
    archive = FileArchive({name: (data, "image") for name, data in files.items()})
    failures, answered = 0, 0
    with tempfile.TemporaryDirectory(prefix="skymount-hostile-") as folder, Mounted(sys.argv[1], archive, folder) as mounted:
        good = mounted.dataset("collection=FILES", "good.fits")
        for number, name in enumerate(sorted(files)):
            dataset = mounted.dataset("collection=FILES", name)
            for what in (name + ".hdr", "cutout/circle=10.0,10.0,0.05.fits", "cutout/pixels=30..90,40..120.fits", name + ".png"):
                try:
                    answered += ask(f"{dataset}/{what}") == 0
                except Exception as error:
                    failures += 1
                    print(f"{name} {what}: {type(error).__name__}: {error}")
            with open(f"{good}/cutout/pixels=1..{number + 2},5..60.fits", "rb") as file:
                if not file.read().startswith(b"SIMPLE"):
                    failures += 1
                    print(f"after {name} even a good file cannot be cut")
        log = pathlib.Path(mounted.mountpoint, ".skymount", "errors.log").read_text(encoding="utf-8")
        crashes = log.count("crashed")
    print(f"{len(files)} files, {answered} answers, {crashes} workers lost in the last lines of the log, {failures} promises broken")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
