"""Which lines begin a list item, and how deep it lies."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .lines import Line

BULLET = re.compile(r"[•●○◦▪■□‣∙·⁃➢➤▸▹▶▷►◆◇→⇒\uf000-\uf0ff]\s*(?=\S)")
BOX = re.compile(r"[☐☑☒✓✔✗✘]\s*(?=\S)")
DASH = re.compile(r"[-–—*]\s+(?=\S)")
NUMBER = re.compile(r"(?P<open>\()?(?P<number>\d{1,3}|[a-z])(?P<close>[.)]|(?<=\d)、)\s*(?=\D)")
BARE = re.compile(r"(?P<number>\d{1,2})\s+(?=[^\W\d_])")
REFERENCE = re.compile(r"\[(?P<number>\d{1,3})\]\s*(?=\S)")
ROMAN = re.compile(r"(?P<open>\()?(?P<number>[ivx]{1,5})(?P<close>[.)])\s+(?=\S)")
ROMANS = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi"]


@dataclass(frozen=True, slots=True)
class Marker:
    """What an item begins with: `length` characters of its line, shown as `shown`, the `number` of a counted one."""

    length: int
    shown: str
    kind: str
    number: int | None = None


def marker_of(text: str) -> Marker | None:
    """What looks like a list marker; whether it is one the neighbours decide."""
    if found := BULLET.match(text):
        return Marker(found.end(), "-", "•")
    if BOX.match(text):
        return Marker(0, "-", "•")
    if found := DASH.match(text):
        return Marker(found.end(), "-", found[0][0])
    if found := REFERENCE.match(text):
        return Marker(0, "-", "[1]", int(found["number"]))
    if (found := ROMAN.match(text)) and found["number"] in ROMANS and (found["open"] is None or found["close"] == ")"):
        return Marker(0, "-", f"{found['open']}i{found['close']}", ROMANS.index(found["number"]) + 1)
    if (found := NUMBER.match(text)) and (found["open"] is None or found["close"] == ")"):
        if found["number"].isdigit():
            shown = "-" if found["open"] else found["number"] + found["close"].replace("、", ".")
            return Marker(
                0 if found["open"] else found.end(), shown, f"{found['open']}1{found['close']}", int(found["number"])
            )
        return Marker(0, "-", f"{found['open']}a{found['close']}", ord(found["number"]) - 96)
    if found := BARE.match(text):
        return Marker(found.end(), f"{found['number']}.", "1", int(found["number"]))
    return None


def has_marker(text: str) -> bool:
    """Does the text begin with a marker for sure? A number alone may be a quantity."""
    return (marker := marker_of(text)) is not None and marker.kind != "1"


def markers(lines: Sequence[Line]) -> dict[int, Marker]:
    """The lines that begin list items, by index. Numbers and dashes need a sibling: one alone is more likely prose."""
    seen = {i: marker for i, line in enumerate(lines) if (marker := marker_of(line.text))}
    alike: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for i, marker in seen.items():
        alike[marker.kind, marker.number].append(i)

    def counted(i: int, number: int) -> bool:
        """Does the number without a point stand in a column that counts from 1 to 3 at least?"""
        column = {n for (kind, n), found in alike.items() if kind == "1" for k in found if near(k, i)}
        return {1, 2, 3} <= column and (number <= 3 or number - 1 in column)

    def near(k: int, i: int) -> bool:
        return abs(lines[k].box[0] - lines[i].box[0]) <= 0.6 * lines[i].size

    def has_sibling(i: int, marker: Marker) -> bool:
        """The number before or after it on its side; for a dash, any other."""
        if marker.number is None:
            others = [k for k in alike[marker.kind, None] if k != i]
        else:
            others = [k for k in alike[marker.kind, marker.number - 1] if k < i]
            others += [k for k in alike[marker.kind, marker.number + 1] if k > i]
        if marker.kind == "1" and marker.number is not None and not counted(i, marker.number):
            return False
        return any(abs(lines[k].box[0] - lines[i].box[0]) <= 2 * lines[i].size for k in others)

    return {i: marker for i, marker in seen.items() if marker.kind == "•" or has_sibling(i, marker)}


def depths(items: Sequence[Line]) -> list[int]:
    """The depth, from 1, of consecutive items: by how far they are indented."""
    levels: list[float] = []
    found = []
    for line in items:
        step = 0.7 * line.size
        while levels and line.box[0] < levels[-1] - step:
            levels.pop()
        if not levels or line.box[0] > levels[-1] + step:
            levels.append(line.box[0])
        found.append(len(levels))
    return found
