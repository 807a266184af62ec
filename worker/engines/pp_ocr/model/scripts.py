"""Raised and lowered text: exponents, indices, note marks.

While lines are put together it stands between marks that no document has; `resolved` turns them to HTML, which is
markdown's way to say it.
"""

import re

RAISED, LOWERED, LEVEL = "\ufdd5", "\ufdd6", "\ufdd7"
"""Before raised or lowered text, and behind it."""
MARK = re.compile(f"[{RAISED}{LOWERED}{LEVEL}]")
MARKED = re.compile(f"([{RAISED}{LOWERED}])([^{RAISED}{LOWERED}{LEVEL}]+){LEVEL}")
RAISE = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
LOWER = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")


def resolved(text: str) -> str:
    """Markdown or HTML with its marks as tags."""
    tagged = MARKED.sub(lambda found: f"<{_tag(found[1])}>{found[2]}</{_tag(found[1])}>", text)
    return MARK.sub("", tagged)


def plain(text: str) -> str:
    """The text without marks, in Unicode's own raised and lowered characters where it has them."""
    if text.isascii():
        return text
    return MARK.sub("", MARKED.sub(lambda found: found[2].translate(RAISE if found[1] == RAISED else LOWER), text))


def bare(text: str) -> str:
    """The text without marks."""
    return MARK.sub("", text)


def _tag(mark: str) -> str:
    return "sup" if mark == RAISED else "sub"
