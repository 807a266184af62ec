"""One look at the whole document: what is ordinary in it, and whether its text layer can be trusted."""

import re
from collections import Counter
from collections.abc import Sequence

from worker.documents.base import OpenDocument
from worker.engines.base import Hint

from . import probe
from .layer import textlayer
from .model.frame import Frame, render

SAMPLE = 10
"""Pages, spread over the document, that are looked at."""
MOST_PIXELS = 4_000_000
MOST_CHECKS = 2
"""Pages whose doubtful text is read from the raster too."""


def survey(document: OpenDocument, selected: Sequence[int]) -> dict[int, Hint]:
    """A hint for each selected page: {"body": points, "garbled": bool}, as far as known; the same for all.

    `body` is the size of type that most characters have. `garbled` says whether text that looks like no language is
    indeed not what is printed; it is left out where no text of the sample looks so.
    """
    sizes: Counter[float] = Counter()
    verdicts: list[bool] = []
    sample = selected[:: max(1, len(selected) // SAMPLE)][:SAMPLE] if document.has_text else ()
    for number in sample:
        try:
            with document.page(number) as page:
                frame = Frame.of(page, MOST_PIXELS)
                layer = textlayer.read(page, frame)
                for line in layer.lines:
                    sizes[round(line.size / frame.scale, 1)] += len(re.sub(r"\s", "", line.text))
                if len(verdicts) < MOST_CHECKS and probe.doubtful(layer.lines):
                    verdicts.append(probe.contradicts(layer.lines, layer.turn.raster(render(page, frame))))
        except Exception:  # that page will fail alone, when its turn comes
            continue
    hint: Hint = {}
    if sizes:
        hint["body"] = sizes.most_common(1)[0][0]
    if verdicts:
        hint["garbled"] = any(verdicts)
    return {number: hint for number in selected}
