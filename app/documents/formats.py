"""The supported document formats, detected by content; file names and media types are ignored."""

from enum import Enum
from typing import BinaryIO

from app.errors import DocumentError

HEAD = 1024
"""Bytes from a document's start that tell its kind."""


class Format(Enum):
    PDF = "PDF"
    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    WEBP = "WebP"
    BMP = "BMP"


TAKEN = "PDF, PNG, JPEG, TIFF, WebP or BMP"

_OTHERS = {
    b"<": "a web page or XML",
    b"{\\rtf": "an RTF file",
    b"{": "JSON",
    b"[": "JSON",
    b"pk\x03\x04": "a ZIP or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"gif8": "a GIF image",
    b"%!ps": "PostScript",
    b"\x1f\x8b": "a gzip archive",
    b"rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"at&tform": "a DjVu document",
    b"\xff\x0a": "a JPEG XL image",
    b"\x00\x00\x00\x0cjxl ": "a JPEG XL image",
    b"\x00\x00\x00\x0cjp  ": "a JPEG 2000 image",
}
_BRANDS = {b"avif": "an AVIF image", b"avis": "an AVIF image", b"heic": "a HEIC photo", b"heix": "a HEIC photo"}
_BRANDS |= {b"mif1": "a HEIC photo", b"msf1": "a HEIC photo"}
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""Lengths of the second header of a BMP; "BM" alone begins words, too."""


def kind_of(head: bytes) -> Format | None:
    """The format of the document that starts with `head`, its first HEAD bytes; None if it is not supported."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return Format.TIFF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Format.WEBP
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return Format.BMP
    if b"%PDF-" in head[:HEAD]:  # readers of PDF put up with anything before it, and writers rely on that
        return Format.PDF
    return None


def require_document(head: bytes) -> Format:
    """The format of the document that starts with `head`. Raises DocumentError if it is not supported."""
    kind = kind_of(head)
    if kind is not None:
        return kind
    looks = f"The file looks like {_looks(head)}, which is not supported" if head else "The file is empty"
    raise DocumentError(f"{looks}; send {TAKEN}.", code="not_a_document")


def format_in(file: BinaryIO) -> Format:
    """The format of an open file, whose position is 0 before and after.

    Raises DocumentError if it is not supported.
    """
    head = file.read(HEAD)
    file.seek(0)
    return require_document(head)


def _looks(head: bytes) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "a video")
    for magic, name in _OTHERS.items():
        if start.startswith(magic) or head.lower().startswith(magic):
            return name
    return "plain text" if _is_text(head) else "nothing known"


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return True
    return not any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in head)
