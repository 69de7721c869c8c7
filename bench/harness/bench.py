# SPDX-License-Identifier: MIT
#
# What the rows share: the origin, its files, scratch folders, and how large and how often.
import shutil
from pathlib import Path

from harness import answers, mounts
from harness.origin import File, Origin, make_file


class Bench:
    """One run. `store` keeps generated files between runs; `work` is scratch on the same filesystem."""

    def __init__(self, build: Path, store: Path, work: Path, quick: bool, runs: int):
        self.skymount, self.demo, self.tools = build / "skymount", build / "skymount-demo", build / "bench"
        self.store, self.work, self.quick, self.runs = store, work, quick, runs
        self._origin, self._files, self._scratch = None, {}, 0

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @property
    def origin(self) -> Origin:
        if self._origin is None:
            self._origin = Origin(self.work / "origin", self.tools)
        return self._origin

    def scratch(self, name: str) -> Path:
        """A folder that is new each time."""
        self._scratch += 1
        path = self.work / f"{name}-{self._scratch}"
        path.mkdir(parents=True)
        return path

    def discard(self, path: Path) -> None:
        shutil.rmtree(path, ignore_errors=True)

    def file(self, name: str, mib: int, seed: int, header_blocks: int = 2) -> File:
        """A FITS file at the origin, listed by the archive "files"."""
        name = f"{name}{mib}"
        if name not in self._files:
            path, xxh3 = make_file(self.store, self.tools, name, mib * 2**20, seed, header_blocks)
            self._publish(name, path, xxh3)
        return self._files[name]

    def own_file(self, name: str, make) -> File:
        """A file at the origin that `make(path)` writes, unless an earlier run did."""
        path = self.store / f"{name}.fits"
        if name not in self._files:
            if not path.exists():
                make(path.with_suffix(".part"))
                path.with_suffix(".part").rename(path)
            self._publish(name, path, "")
        return self._files[name]

    def copies_of(self, file: File, count: int) -> list[File]:
        """The same bytes under `count` other names: for skymount, so many files."""
        for i in range(count):
            if f"{file.name}c{i}" not in self._files:
                self._publish(f"{file.name}c{i}", file.path, file.xxh3, listed=i == count - 1)
        return [self._files[f"{file.name}c{i}"] for i in range(count)]

    def _publish(self, name: str, path: Path, xxh3: str, listed: bool = True) -> None:
        (self.origin.data / f"{name}.fits").symlink_to(path)
        self._files[name] = File(name, path, xxh3, f"{self.origin.url}/data/{name}.fits")
        if listed:
            answers.write_files(self.origin.answers / "files.vot", self._files.values())

    def listing(self, count: int) -> str:
        """The name of an archive that answers with `count` datasets."""
        name = f"n{count}"
        path = self.origin.answers / f"{name}.vot"
        if not path.exists():
            answers.write_listing(path, count, self.origin.url)
        return name

    def sky(self, cache: Path, archives=("files",), connections: int = 9):
        return mounts.skymount(self, cache, archives, connections)

    def folder_in(self, mounted, archive: str) -> Path:
        return mounted.path / archive / f"collection={answers.COLLECTION}"

    def path_in(self, mounted, file: File) -> Path:
        """A file of the archive "files" in a skymount; its folder is listed, so that only the file itself is cold."""
        folder = self.folder_in(mounted, "files") / answers.folder_name(file.name)
        list(folder.iterdir())
        return folder / f"{file.name}.fits"

    def close(self) -> None:
        if self._origin is not None:
            self._origin.close()
