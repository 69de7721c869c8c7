# SPDX-License-Identifier: MIT
"""What an astronomer gets from the archive without the mount: pyvo for queries and links, urllib for bytes.

Nothing here looks at the mount, so that a mistake of the mount cannot hide in its own reference.
"""

import io
import urllib.error
import urllib.parse
import urllib.request
import warnings

import numpy as np
import pyvo
from astropy.io import fits

warnings.simplefilter("ignore")  # units and versions of other people's VOTables

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def text(value):
    """A cell as text; null is empty."""
    if value is None or np.ma.is_masked(value):
        return ""
    return value.decode() if isinstance(value, bytes) else str(value)


def same_url(url):
    """URLs are compared as what they mean: ' ' and '%20' are one."""
    return urllib.parse.unquote(url)


class Link:
    """A row of a links answer."""

    def __init__(self, row):
        self.semantics = text(row["semantics"]).rsplit("#", 1)[-1]
        self.url = text(row["access_url"])
        self.service = text(row["service_def"])
        self.fault = text(row["error_message"])
        self.local = text(row["local_semantics"])
        self.content_type = text(row["content_type"])

    def key(self):
        return self.semantics, same_url(self.url)


class Answer:
    """What a plain GET says: the body, or the status that refused it."""

    def __init__(self, status, body, content_type=""):
        self.status, self.body, self.content_type = status, body, content_type


class Dataset:
    """A row of ObsCore: dataset["column"], null as a masked value."""

    def __init__(self, record, row):
        self.record, self._row = record, row

    def __getitem__(self, column):
        return self._row[column]

    def columns(self):
        return self._row.colnames

    def key(self):
        """What makes it one dataset."""
        return text(self["obs_publisher_did"]), text(self["access_url"])


class Archive:
    def __init__(self, tap_url):
        self.tap = pyvo.dal.TAPService(tap_url)

    def datasets(self, where):
        """{key: Dataset} of the ObsCore rows of `where`."""
        results = self.tap.search("SELECT * FROM ivoa.obscore WHERE " + where, maxrec=10000)
        table = results.to_table()  # a pyvo record alone shows nulls of integers as numbers
        found = [Dataset(record, row) for record, row in zip(results, table)]
        return {dataset.key(): dataset for dataset in found}

    def links(self, dataset):
        """(files, faults, services) of a dataset, by the service that the query's answer names for links."""
        links = [Link(row) for row in dataset.record.getdatalink().to_table()]
        return ([link for link in links if link.url], [link for link in links if link.fault],
                [link for link in links if link.service])

    def soda_url(self, dataset):
        """The access URL of the dataset's processing service, or None."""
        for resource in dataset.record.getdatalink().votable.resources:
            params = {param.name: text(param.value) for param in resource.params}
            if params.get("standardID", "").lower().startswith("ivo://ivoa.net/std/soda#sync"):
                return params["accessURL"]
        return None


def get(url, **params):
    """GET with the machine's own client. Never raises for an HTTP status."""
    url = urllib.parse.quote(url, safe=":/?&=%~+;,")
    if params:
        url += ("&" if "?" in url else "?") + urllib.parse.urlencode(params, quote_via=urllib.parse.quote)
    try:
        with OPENER.open(url, timeout=60) as reply:
            return Answer(reply.status, reply.read(), reply.headers.get_content_type())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, refusal.read())


def image_of(content):
    """(pixels, header) of the first HDU with an image; scaled, so that BZERO and compression by tiles do not matter."""
    with fits.open(io.BytesIO(content), ignore_missing_end=True) as hdus:
        for hdu in hdus:
            if hdu.is_image and hdu.header.get("NAXIS", 0) >= 2 and hdu.data is not None:
                return np.array(hdu.data), hdu.header.copy()
    raise ValueError("no image in the FITS file")


def table_of(content):
    """The columns of the first table of a FITS file."""
    with fits.open(io.BytesIO(content)) as hdus:
        for hdu in hdus:
            if isinstance(hdu, fits.BinTableHDU):
                return {name: np.array(hdu.data[name]) for name in hdu.columns.names}
    raise ValueError("no table in the FITS file")


def mjd(date):
    from astropy.time import Time
    return Time(date, scale="utc").mjd


def mjd_of_unix(seconds):
    return 40587.0 + seconds / 86400.0
