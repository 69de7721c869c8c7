# SPDX-License-Identifier: MIT
#
# ObsCore answers as archives give them: all 29 columns of the standard, one row a dataset, each with a file behind it.
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS = [
    ("dataproduct_type", "char"), ("dataproduct_subtype", "char"), ("calib_level", "short"), ("obs_collection", "char"),
    ("obs_id", "char"), ("obs_title", "char"), ("obs_publisher_did", "char"), ("obs_creator_did", "char"),
    ("access_url", "char"), ("access_format", "char"), ("access_estsize", "long"), ("target_name", "char"),
    ("target_class", "char"), ("s_ra", "double"), ("s_dec", "double"), ("s_fov", "double"), ("s_region", "char"),
    ("s_resolution", "double"), ("t_min", "double"), ("t_max", "double"), ("t_exptime", "float"),
    ("t_resolution", "float"), ("em_min", "double"), ("em_max", "double"), ("em_res_power", "double"),
    ("o_ucd", "char"), ("pol_states", "char"), ("facility_name", "char"), ("instrument_name", "char"),
]  # fmt: skip

COLLECTION = "BENCH"
DATE_MJD = 36115  # 1957-10-04, so that names are as long as real ones


def entry_id(i: int) -> str:
    return f"e{i:06d}"


def folder_name(obs_id: str) -> str:
    """The dataset's folder as skymount names it by default."""
    return f"1957-10-04_{COLLECTION}_{obs_id}"


def row(obs_id: str, url: str, kilobytes: int, i: int) -> str:
    ra, dec = (i * 0.0137) % 360, (i * 0.00173) % 120 - 60
    corners = ((-0.25, -0.25), (0.25, -0.25), (0.25, 0.25), (-0.25, 0.25))
    region = "POLYGON ICRS " + " ".join(f"{ra + x:.6f} {dec + y:.6f}" for x, y in corners)
    cells = (
        "image", "", 2, COLLECTION, obs_id, f"Plate {obs_id} of the bench", f"ivo://bench.test/data?{obs_id}", "",
        url, "application/fits", kilobytes, f"Field {i}", "", f"{ra:.6f}", f"{dec:.6f}", 0.7, region, 1.5,
        DATE_MJD, DATE_MJD + 0.01, 864.0, "", 4e-7, 7e-7, "", "phot.count", "", "Bench 1 m", "Camera",
    )  # fmt: skip
    return "<TR>" + "".join(f"<TD>{escape(str(cell))}</TD>" for cell in cells) + "</TR>\n"


def document(rows) -> str:
    fields = "".join(
        f'<FIELD name="{name}" datatype="{kind}"' + (' arraysize="*"/>' if kind == "char" else "/>")
        for name, kind in COLUMNS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
        f'<INFO name="QUERY_STATUS" value="OK"/><TABLE>{fields}<DATA><TABLEDATA>\n'
        + "".join(rows)
        + "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n"
    )


def write_listing(path: Path, count: int, origin_url: str) -> None:
    """An answer of `count` datasets whose files nobody reads."""
    path.write_text(document(row(entry_id(i), f"{origin_url}/data/{entry_id(i)}.fits", 12000, i) for i in range(count)))


def write_files(path: Path, files) -> None:
    """An answer with one dataset a file."""
    path.write_text(document(row(f.name, f.url, f.bytes // 1000, i) for i, f in enumerate(files)))
