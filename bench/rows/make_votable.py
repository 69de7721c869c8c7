# SPDX-License-Identifier: MIT
#
# make_votable.py ROWS tabledata|binary2 FILE: a table like those of archives, 12 columns of all common types, some
# cells null. The same rows in both encodings, from a fixed seed.
import base64
import random
import struct
import sys

FIELDS = [
    ("source_id", "long", ""), ("obs_id", "char", "*"), ("ra", "double", ""), ("dec", "double", ""),
    ("mag", "float", ""), ("flags", "short", ""), ("counts", "int", ""), ("t_min", "double", ""),
    ("t_max", "double", ""), ("name", "char", "8"), ("good", "boolean", ""), ("access_url", "char", "*"),
]  # fmt: skip


def rows(count: int):
    source = random.Random(20)
    for i in range(count):
        single = struct.unpack(">f", struct.pack(">f", source.uniform(8, 21)))[0]
        start = source.uniform(30000, 60000)
        yield (
            4_000_000_000_000 + i * 17, f"obs-{i % 5000:05d}", source.uniform(0, 360), source.uniform(-90, 90),
            None if i % 50 == 0 else single, i % 4096, source.randrange(10**6), start, start + source.uniform(0, 1),
            f"S{i:07d}", i % 3 != 0, f"http://a.test/{i:06d}.fits",
        )  # fmt: skip


def tabledata(out, count):
    out.write("<TABLEDATA>\n")
    for one in rows(count):
        cells = ("" if x is None else ("T" if x else "F") if isinstance(x, bool) else str(x) for x in one)
        out.write("<TR><TD>" + "</TD><TD>".join(cells) + "</TD></TR>\n")
    out.write("</TABLEDATA>")


def variable(text):
    return struct.pack(">I", len(text)) + text.encode()


def binary2(out, count):
    out.write('<BINARY2><STREAM encoding="base64">\n')
    gathered = b""
    for one in rows(count):
        nulls = sum(1 << (15 - i) for i, x in enumerate(one) if x is None)  # the first column is the highest bit
        number, obs, ra, dec, mag, flags, counts, start, end, name, good, url = one
        gathered += struct.pack(">Hq", nulls, number) + variable(obs)
        gathered += struct.pack(">ddfhidd", ra, dec, float("nan") if mag is None else mag, flags, counts, start, end)
        gathered += name.encode() + (b"T" if good else b"F") + variable(url)
        if len(gathered) > 48 * 1000:
            whole = len(gathered) // 48 * 48
            out.write(base64.b64encode(gathered[:whole]).decode() + "\n")
            gathered = gathered[whole:]
    out.write(base64.b64encode(gathered).decode() + "\n</STREAM></BINARY2>")


def main():
    count, encoding, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    with open(path, "w", encoding="ascii") as out:
        out.write('<?xml version="1.0"?>\n<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">')
        out.write('<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>\n')
        for name, kind, size in FIELDS:
            out.write(f'<FIELD name="{name}" datatype="{kind}"' + (f' arraysize="{size}"/>\n' if size else "/>\n"))
        out.write("<DATA>")
        {"tabledata": tabledata, "binary2": binary2}[encoding](out, count)
        out.write("</DATA></TABLE></RESOURCE></VOTABLE>\n")


main()
