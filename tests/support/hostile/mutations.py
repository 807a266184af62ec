"""Real documents, and ways to damage them: each takes a file's bytes and chance, and gives others."""

import random
import re
import zlib
from collections.abc import Callable

from PIL import Image, ImageDraw

from support.documents import image_file, picture_pdf, scan_pdf, text_pdf
from support.harness import ROOT
from support.hostile.structures import encrypted

Mutation = Callable[[bytes, random.Random], bytes]

SET = ROOT / "benchmarks/quality/documents"
NUMBER = re.compile(rb"(?<=[ /\[(<])-?\d+(\.\d+)?(?=[ /\])>\r\n])")
NUMBERS = [b"0", b"1", b"-1", b"3", b"99", b"65536", b"2147483647", b"-2147483648", b"4294967296", b"1e38", b".0001"]
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.S)


def pdfs() -> dict[str, bytes]:
    """By what made them."""
    return {
        "text": _undated(text_pdf(2)),
        "picture": _undated(picture_pdf()),
        "scan": _undated(scan_pdf()),
        "encrypted": encrypted(None),
        "latex": (SET / "latex-paper-two-column.pdf").read_bytes(),
        "latex slides": (SET / "latex-slides.pdf").read_bytes(),
        "office": (SET / "office-form-boxed.pdf").read_bytes(),
        "browser": (SET / "browser-invoice-unruled.pdf").read_bytes(),
    }


def _undated(pdf: bytes) -> bytes:
    """The same at all times: without the date and the identifier made from it."""
    return re.sub(rb"D:\d{14}|<[0-9A-F]{32}>", lambda found: b"0" * len(found[0]), pdf)


def images() -> dict[str, bytes]:
    """A word in every format of images."""
    picture = Image.new("RGB", (96, 32), "white")
    ImageDraw.Draw(picture).text((8, 8), "Words", fill="black")
    return {kind: image_file(picture, kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP", "BMP")}


def _stretch(data: bytes, chance: random.Random) -> tuple[int, int]:
    """A part of the file, more often small than large."""
    size = min(int(chance.paretovariate(0.5)), len(data))
    start = chance.randrange(len(data) - size + 1)
    return start, start + size


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bits changed."""
    changed = bytearray(data)
    for _ in range(min(chance.choice([1, 3, 10, 100]), len(data))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    """A part left out."""
    start, end = _stretch(data, chance)
    return data[:start] + data[end:]


def repeated(data: bytes, chance: random.Random) -> bytes:
    """A part that comes again."""
    start, end = _stretch(data, chance)
    return data[:end] + data[start:end] * chance.choice([1, 1, 2, 9]) + data[end:]


def zeroed(data: bytes, chance: random.Random) -> bytes:
    start, end = _stretch(data, chance)
    return data[:start] + bytes(end - start) + data[end:]


def ended(data: bytes, chance: random.Random) -> bytes:
    """All behind some place left out."""
    return data[: chance.randrange(len(data) + 1)]


def renumbered(data: bytes, chance: random.Random) -> bytes:
    """A number of the file's syntax replaced: a length, a size, a reference, a place in the table."""
    numbers = list(NUMBER.finditer(data))
    if not numbers:
        return flipped(data, chance)
    start, end = chance.choice(numbers).span()
    return data[:start] + chance.choice(NUMBERS) + data[end:]


def exchanged(data: bytes, chance: random.Random) -> bytes:
    """Two streams in each other's place: a font for a page's content, an image for a table."""
    streams = list(STREAM.finditer(data))
    if len(streams) < 2:
        return repeated(data, chance)
    (a, b), (c, d) = sorted(found.span(1) for found in chance.sample(streams, 2))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def damaged_within(data: bytes, chance: random.Random) -> bytes:
    """A deflated stream changed where its compression does not hide it."""
    streams = list(STREAM.finditer(data))
    if not streams:
        return cut(data, chance)
    start, end = chance.choice(streams).span(1)
    try:
        content = zlib.decompress(data[start:end])
    except zlib.error:
        return flipped(data, chance)
    change = chance.choice([flipped, cut, repeated, renumbered])
    return data[:start] + zlib.compress(change(content, chance)) + data[end:] if content else data


MUTATIONS: list[Mutation] = [flipped, cut, repeated, zeroed, ended, renumbered, exchanged, damaged_within]


def mutated(data: bytes, steps: list[tuple[Mutation, int]]) -> bytes:
    """The file after these changes, each with the seed of its chance."""
    for change, seed in steps:
        data = change(data, random.Random(seed)) if data else data
    return data
