"""Holds the truths against what pdftotext reads from the documents: the words missing from either."""

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from rapidfuzz import fuzz

from benchmarks.quality.score import plain, truth_texts, words

LIKENESS = 85  # per cent, of a block's text and the text that the PDF has inside of its boxes


def check(path: Path) -> str:
    """A line with the truth's word recall and precision, and the words that are on one side only."""
    program = shutil.which("pdftotext")
    if program is None:
        raise SystemExit("pdftotext is missing: install the Debian package poppler-utils.")
    printed = subprocess.run([program, str(path), "-"], capture_output=True, check=True).stdout.decode()
    truth = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    inside = " ".join(block.get("inside", "") for block in truth["blocks"])
    have = Counter(words(plain(re.sub(r"[\ufb00-\ufb06]", _ligature, printed)))) - Counter(words(inside))
    want = Counter(words(" ".join(truth_texts(truth))))
    common = sum((want & have).values())
    recall, precision = common / max(1, sum(want.values())), common / max(1, sum(have.values()))
    left, right = " ".join((want - have).elements()), " ".join((have - want).elements())
    counts = f"{path.stem:32} recall {recall:.3f} precision {precision:.3f}  truth: {left[:160]}  page: {right[:160]}"
    return "\n".join([counts, *_boxes(path, truth)])


def _boxes(path: Path, truth: dict[str, Any]) -> list[str]:
    """The blocks in whose boxes stands something else."""
    found = []
    with pdfium.PdfDocument(path) as document:
        for block in truth["blocks"]:
            if block["type"] == "image":
                continue
            parts = []
            for box in block.get("boxes", [block]):
                page = document[box["page"] - 1]
                width, height = page.get_size()
                left, top, right, bottom = box["bbox"]
                area = {"left": left * width - 1, "right": right * width + 1}
                area |= {"bottom": (1 - bottom) * height - 1, "top": (1 - top) * height + 1}
                parts.append(page.get_textpage().get_text_bounded(**area))
            parts = [re.sub(r"(\.\s*){3,}", " ", part) for part in parts]  # leaders
            printed = "".join(" ".join(parts).replace("\ufffe", "").replace("\x02", "").split())
            expected = "".join(" ".join(truth_texts({"blocks": [block]})).split())
            if fuzz.ratio("".join(plain(printed).split()), expected) < LIKENESS:
                found.append(f"    {block['type']} on page {block['page']}: {expected[:60]} | {printed[:60]}")
    return found


def _ligature(match: re.Match[str]) -> str:
    return ("ff", "fi", "fl", "ffi", "ffl", "st", "st")[ord(match.group()) - 0xFB00]
