"""One look at the whole document: what is ordinary in it, and whether its text layer can be trusted."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

from worker.documents.base import OpenDocument

from . import probe
from .layer import textlayer
from .model.frame import Frame, render

SAMPLE = 10
"""Pages, spread over the document, that are looked at."""
PIXELS_MAX = 4_000_000
CHECKS_MAX = 2
"""Pages whose doubtful text is read from the raster too."""


class Hint(TypedDict, total=False):
    """What the survey says of a page, as far as it knows.

    `body` is the size of type, in points, that most characters of the document have. `garbled` says whether text that
    looks like no language is indeed not what is printed; it is left out where no text of the sample looks so.
    """

    body: float
    garbled: bool


def survey(document: OpenDocument, selected: Sequence[int]) -> dict[int, Hint]:
    """A hint for each selected page, the same for all."""
    sizes: Counter[float] = Counter()
    verdicts: list[bool] = []
    sample = selected[:: max(1, len(selected) // SAMPLE)][:SAMPLE] if document.has_text else ()
    for number in sample:
        try:
            with document.page(number) as page:
                frame = Frame.of(page, PIXELS_MAX)
                layer = textlayer.read(page, frame)
                for line in layer.lines:
                    sizes[round(line.size / frame.scale, 1)] += len(re.sub(r"\s", "", line.text))
                if len(verdicts) < CHECKS_MAX and probe.doubtful(layer.lines):
                    verdicts.append(probe.contradicts(layer.lines, layer.turn.raster(render(page, frame))))
        except Exception:  # that page will fail alone, when its turn comes
            continue
    hint: Hint = {}
    if sizes:
        hint["body"] = sizes.most_common(1)[0][0]
    if verdicts:
        hint["garbled"] = any(verdicts)
    return {number: hint for number in selected}
