"""What a set gives: figures of ours beside those of others, and the table of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.real.reading import Reading

Readings = Mapping[Path, Reading]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one set; `others` has the same measure of other tools, `notes` what it is made of."""

    measure: str
    ours: str
    others: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Set:
    """A public set: the documents below its folder, and how readings of them are scored."""

    title: str
    documents: Callable[[Path], list[Path]]
    score: Callable[[Path, Readings], list[Figure]]


def table(results: Mapping[str, Sequence[Figure]]) -> str:
    """All figures as a markdown table, a row each."""
    rows = [("set", "measure", "ours", "others")]
    for name, figures in results.items():
        for figure in figures:
            others = ", ".join(f"{tool} {value}" for tool, value in figure.others.items())
            rows.append((name, figure.measure, figure.ours, others))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---|---|---|---|", *lines[1:]])
