# SPDX-License-Identifier: MIT
#
# votable_sums.py FILE: astropy's reading of a table; prints what tools/votable_sums prints. The seconds are those of
# votable.parse alone.
import sys
import time

import numpy
from astropy.io import votable

start = time.perf_counter()
document = votable.parse(sys.argv[1])
seconds = time.perf_counter() - start
table = document.get_first_table()
for field in table.fields:
    cells = table.array[field.name]
    if cells.dtype.kind in "OSU":
        texts = [str(x) for x in cells.filled("").tolist()]
        sizes = [len(x) for x in texts]
        print(field.name, sum(size > 0 for size in sizes), f"{float(sum(sizes)):.9e}")
        continue
    values = numpy.ma.filled(cells.astype("float64"), numpy.nan)
    good = ~numpy.isnan(values)
    print(field.name, int(good.sum()), f"{float(values[good].sum()):.9e}")
print("rows", len(table.array))
print(f"seconds {seconds:.6f}")
