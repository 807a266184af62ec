"""Images that attack: most announce far more than is there."""

import struct
import zlib
from functools import partial

from PIL import Image

from support.documents import image_file
from support.hostile.raw import Maker, Makers, inflating, page_pdf

MAKERS = Makers()
hostile = MAKERS.add


def _saved(kind: str, **options: object) -> bytes:
    return image_file(Image.effect_noise((64, 64), 80).convert("RGB"), kind, **options)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, data: bytes, *before: bytes) -> bytes:
    """8-bit RGB."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


ROWS = zlib.compress((b"\0" + b"\xff\xff\xff" * 64) * 64)


@hostile
def png_of_30_000() -> bytes:
    """30,000 x 30,000 pixels, all of them there: 2.7 GB in 3 MB."""
    return _png(30_000, 30_000, inflating((b"\0" + b"\xff" * 90_000) * 10, 3_000))


@hostile
def png_of_6_000() -> bytes:
    """6,000 x 6,000 black pixels, no more than may be: 108 MB in 105 kB."""
    return _png(6_000, 6_000, zlib.compress(bytes(6_000 * 18_001)))


@hostile
def png_that_lies() -> bytes:
    """2^31 - 1 pixels on each side announced, 64 rows there."""
    return _png(2**31 - 1, 2**31 - 1, ROWS)


@hostile
def png_of_text() -> bytes:
    """500 MB of comments and a colour profile of as much, deflated."""
    text = inflating(b"a" * (1 << 20), 500)
    before = _chunk(b"iCCP", b"p\0\0" + text), _chunk(b"zTXt", b"Comment\0\0" + text)
    return _png(64, 64, ROWS, *before, _chunk(b"iTXt", b"Comment\0\1\0\0\0" + text))


@hostile
def png_with_a_document() -> bytes:
    """A picture with a PDF in its comment: it has both headers."""
    return _png(64, 64, ROWS, _chunk(b"tEXt", b"Comment\0" + page_pdf()))


def _sized_jpeg(width: int, height: int) -> bytes:
    data = bytearray(_saved("JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


@hostile
def jpeg_of_65_000() -> bytes:
    """65,000 x 65,000 pixels announced, 64 x 64 there."""
    return _sized_jpeg(65_000, 65_000)


@hostile
def jpeg_of_many_scans() -> bytes:
    """A progressive JPEG of 4,000 x 4,000 whose last scan comes 5,000 times."""
    data = bytearray(_saved("JPEG", progressive=True))
    at = data.index(b"\xff\xc2") + 5
    data[at : at + 4] = struct.pack(">HH", 4_000, 4_000)
    last = data.rindex(b"\xff\xda")
    return bytes(data[:-2]) + bytes(data[last:-2]) * 5_000 + b"\xff\xd9"


@hostile
def jpeg_with_odd_exif() -> bytes:
    """EXIF whose directory is its own next, with an orientation of 4,000,000,000 and values that lie far outside."""
    entries = struct.pack("<HHHII", 2, 0x0112, 4, 1, 4_000_000_000) + struct.pack("<HHII", 0x8769, 4, 1, 8)
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + entries + struct.pack("<I", 8)
    data = _saved("JPEG")
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def _ifd(width: int, height: int, at: int, following: int, strip: int = 8, size: int = 3) -> bytes:
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, strip),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, size),
    ]
    return (
        struct.pack("<H", len(tags))
        + b"".join(struct.pack("<HHII", *tag[:2], 1, tag[2]) for tag in tags)
        + struct.pack("<I", following)
    )


IFD = 2 + 9 * 12 + 4
"""Bytes of a directory."""


@hostile
def tiff_in_a_circle() -> bytes:
    """A TIFF whose second directory is followed by the first."""
    head = b"II*\0" + struct.pack("<I", 16) + b"\xff" * 8
    return head + _ifd(2, 2, 16, 16 + IFD, size=4) + _ifd(2, 2, 16 + IFD, 16, size=4)


@hostile
def tiff_of_60_000_frames() -> bytes:
    """60,000 pages of 2 x 2 pixels."""
    head = b"II*\0" + struct.pack("<I", 16) + b"\xff" * 8
    count = 60_000
    return head + b"".join(_ifd(2, 2, 0, 16 + (i + 1) * IFD if i + 1 < count else 0, size=4) for i in range(count))


@hostile
def tiff_of_30_000() -> bytes:
    """30,000 x 30,000 grey pixels, none there."""
    return b"II*\0" + struct.pack("<I", 8) + _ifd(30_000, 30_000, 8, 0, size=900_000_000)


@hostile
def tiff_of_bombs() -> bytes:
    """Ten frames of 9,000 x 9,000 pixels each, of one bit and one fax line: 2.4 GB as colours."""
    frame = Image.new("1", (9_000, 9_000), 1)
    return image_file(frame, "TIFF", compression="group4", save_all=True, append_images=[frame] * 9)


@hostile
def webp_that_lies() -> bytes:
    """A canvas of 2^24 x 2^24, a picture of 64 x 64."""
    plain = _saved("WEBP", lossless=True)
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + b"\xff" * 6
    body = b"WEBP" + canvas + plain[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


@hostile
def webp_of_16_383() -> bytes:
    """16,383 x 16,383 pixels announced in a lossless header, the largest there is."""
    data = bytearray(_saved("WEBP", lossless=True))
    at = data.index(b"VP8L") + 9
    data[at : at + 4] = struct.pack("<I", 16_382 | 16_382 << 14)
    return bytes(data)


def _bmp(width: int, height: int, bits: int = 24, coding: int = 0) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, coding, 0, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 600, 0, 0, 54) + head + b"\x80" * 600


@hostile
def bmp_of_a_million() -> bytes:
    """1,000,000 x 1,000,000 pixels, 600 bytes there."""
    return _bmp(1_000_000, 1_000_000)


@hostile
def bmp_of_runs() -> bytes:
    """Run lengths that leave the picture."""
    return _bmp(30_000, 30_000, 8, 1)


def _cut(kind: str) -> bytes:
    """An image that ends in the midst of it."""
    data = _saved(kind)
    return data[: len(data) // 2]


OTHERS: dict[str, Maker] = {
    "png_of_nothing": partial(_png, 0, 0, ROWS),
    "png_like_a_thread": lambda: _png(1, 30_000_000, zlib.compress(bytes(4 * 30_000_000))),
    "png_with_bad_sums": lambda: _png(64, 64, ROWS)[:29] + b"\0\0\0\0\xff\xff\xff\xffteXt" + ROWS,
    "jpeg_without_height": partial(_sized_jpeg, 64, 0),
    "tiff_of_four_thousand_million": lambda: b"II*\0\x08\0\0\0" + _ifd(2**32 - 1, 2**32 - 1, 8, 0, strip=2**32 - 9),
    **{f"{kind.lower()}_cut": partial(_cut, kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP", "BMP")},
}
MAKERS.update(OTHERS)
