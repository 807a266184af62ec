"""PDF files from their bytes up: nothing here minds whether they make sense."""

import zlib
from collections.abc import Callable

Maker = Callable[[], bytes]

FONT = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
WORDS = b"BT /F 12 Tf 72 700 Td (Ordinary words of an ordinary page) Tj ET\n"


class Makers(dict[str, Maker]):
    """Hostile documents by name."""

    def add(self, maker: Maker) -> Maker:
        """Decorates the function that makes one."""
        self[maker.__name__] = maker
        return maker


def pdf(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1; the first is the catalog."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R" % (len(objects) + 1) + trailer
    return bytes(out + b">>\nstartxref\n%d\n%%%%EOF\n" % xref)


def page_pdf(
    content: bytes = WORDS,
    *more: bytes,
    box: bytes = b"/MediaBox[0 0 612 792]",
    page: bytes = b"",
    resources: bytes = b"",
    catalog: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """A file of one page: object 3, its content 4, `more` from 5 on; `content` may be a stream object already."""
    if not content.startswith(b"<<"):
        content = flated(content)
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R" + catalog + b">>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<" + FONT + resources + b">>" + box + page + b">>",
        content,
        *more,
        trailer=trailer,
    )


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object of data that is coded already."""
    return b"<<" + entries + b"/Length %d>>stream\n" % len(data) + data + b"\nendstream"


def flated(data: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(data), entries + b"/Filter/FlateDecode")


def inflating(block: bytes, times: int) -> bytes:
    """Deflated data that unpacks to so many blocks. Its checksum is wrong: whoever minds has unpacked it by then."""
    coder = zlib.compressobj(9)
    head = coder.flush(zlib.Z_SYNC_FLUSH)
    body = coder.compress(block) + coder.flush(zlib.Z_FULL_FLUSH)  # a full flush: no block refers to another
    return head + body * times + coder.flush()


def bomb(block: bytes, times: int, entries: bytes = b"") -> bytes:
    """A stream object of so many blocks."""
    return stream(inflating(block, times), entries + b"/Filter/FlateDecode")


def image(data: bytes, width: int = 30_000, height: int = 30_000, entries: bytes = b"/Filter/FlateDecode") -> bytes:
    """An image of 8-bit RGB, unless `entries` say otherwise."""
    if b"/ColorSpace" not in entries and b"/ImageMask" not in entries:
        entries += b"/ColorSpace/DeviceRGB"
    if b"/BitsPerComponent" not in entries:
        entries += b"/BitsPerComponent 8"
    return stream(data, b"/Type/XObject/Subtype/Image/Width %d/Height %d" % (width, height) + entries)


def picture_pdf(*images: bytes) -> bytes:
    """A page of these images, each over most of it, with words below."""
    names = b"".join(b"/I%d %d 0 R" % (i, 5 + i) for i in range(len(images)))
    shown = b"".join(b"q 500 0 0 500 50 150 cm /I%d Do Q\n" % i for i in range(len(images)))
    return page_pdf(shown + WORDS, *images, resources=b"/XObject<<" + names + b">>")


def form(content: bytes, entries: bytes = b"") -> bytes:
    return flated(content, b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]" + entries)
