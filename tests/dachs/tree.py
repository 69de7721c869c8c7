# SPDX-License-Identifier: MIT
"""The mounted tree as a person sees it: folders, files and extended attributes. Knows the contract, not the archive."""

import json
import os
import pathlib

from oracle import same_url

OURS = {"dataset.json", "links.vot", "ERRORS.txt", "README.txt", "INCOMPLETE.txt", "COUNT.txt", "cutout.fits"}
# Folders of a query which hold something else than datasets.
VIEWS = {"cutouts", "images", "previews"}


def attribute(path, name):
    """user.skymount.NAME, or '' when the file has none."""
    try:
        return os.getxattr(path, "user.skymount." + name, follow_symlinks=False).decode(errors="surrogateescape")
    except OSError:
        return ""


class Folder:
    """A dataset's folder."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        content = json.loads((self.path / "dataset.json").read_text(encoding="utf-8"))
        self.rows = content if isinstance(content, list) else [content]

    def key(self):
        return self.rows[0]["obs_publisher_did"], self.rows[0]["access_url"]

    def did(self):
        return self.rows[0]["obs_publisher_did"]

    def files(self):
        """The archive's files, sub-folders included: {(semantics, url): path}. What skymount adds is not among them."""
        found = {}
        for folder, folders, names in os.walk(self.path):
            if pathlib.Path(folder) == self.path and "cutout" in folders:
                folders.remove("cutout")
            for name in names:
                path = pathlib.Path(folder) / name
                if path.is_symlink() or name in OURS or name.endswith(".hdr"):
                    continue
                semantics = attribute(path, "semantics").rsplit("#", 1)[-1]
                found[semantics, same_url(attribute(path, "url"))] = path
        return found

    def errors(self):
        """ERRORS.txt, or None."""
        path = self.path / "ERRORS.txt"
        return path.read_text(encoding="utf-8") if path.exists() else None


class Listing:
    """A query's folder."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def datasets(self):
        """{(obs_publisher_did, access_url): Folder} of the dataset folders that ls shows."""
        found = {}
        for entry in sorted(os.scandir(self.path), key=lambda entry: entry.name):
            # A dataset's name holds no "=": such a folder is a query within this query.
            if entry.is_dir(follow_symlinks=False) and entry.name not in VIEWS and not entry.name.startswith("by-") \
                    and "=" not in entry.name:
                folder = Folder(entry.path)
                if folder.key() in found:
                    raise AssertionError(f"{entry.path} and {found[folder.key()].path} are one dataset")
                found[folder.key()] = folder
        return found


def read(path):
    """The whole file; the size that stat gives while it is open must be the number of bytes that come out."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read()
    if len(content) != size:
        raise AssertionError(f"{path}: {len(content)} bytes read, but the open file says {size}")
    return content


def errno_of_read(path):
    """The errno that open or read ends with; 0 when there is none."""
    try:
        read(path)
        return 0
    except OSError as error:
        return error.errno
