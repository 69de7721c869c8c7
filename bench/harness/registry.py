# SPDX-License-Identifier: MIT
#
# What a row of the benchmark table is: a function that measures and returns figures, each with what it must reach.
from dataclasses import dataclass, field
from typing import Callable, Optional


@dataclass
class Figure:
    """One measured number and its verdict."""

    what: str  # "against rclone mount, vfs cache off"
    measured: str  # "7.9x (1.71 s, 13.5 s)"
    must: str = ""  # ">= 6x"; empty: told for information
    reached: Optional[bool] = None  # None: no verdict
    values: dict = field(default_factory=dict)  # for --json: medians in seconds, counts


@dataclass
class Row:
    name: str
    title: str
    run: Callable


ROWS: dict[str, Row] = {}


def row(name: str, title: str):
    """Registers a function bench -> list of figures under `name`."""

    def register(function: Callable) -> Callable:
        ROWS[name] = Row(name, title, function)
        return function

    return register


def at_least(what: str, value: float, need: float, unit: str, detail: str = "", **values) -> Figure:
    return Figure(what, f"{value:.2f}{unit}{detail}", f">= {need:g}{unit}", value >= need, {"value": value, **values})


def at_most(what: str, value: float, need: float, unit: str, detail: str = "", **values) -> Figure:
    return Figure(what, f"{value:.2f}{unit}{detail}", f"<= {need:g}{unit}", value <= need, {"value": value, **values})


def information(what: str, measured: str, **values) -> Figure:
    return Figure(what, measured, values=values)
