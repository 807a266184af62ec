"""Documents that attack with how their files are built: trees, objects, tables, encryption, and what is no PDF."""

import io
import random
import zipfile
import zlib
from datetime import datetime, timezone
from functools import partial

from fpdf import FPDF

from support.hostile.raw import FONT, WORDS, Makers, flated, inflating, page_pdf, pdf, stream

MAKERS = Makers()
hostile = MAKERS.add


def _noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def _huge(digits: int) -> bytes:
    side = b"1" + b"0" * digits
    return b"/MediaBox[-%s -%s %s %s]" % ((side,) * 4)


BOXES = {
    "page_of_14400": b"/MediaBox[0 0 14400 14400]",  # the largest that the standard allows: 900 Mpx at 150 dpi
    "page_of_a_million": b"/MediaBox[0 0 1000000 1000000]",
    "page_of_1e38": _huge(38),  # its area overflows a float
    "page_like_a_thread": b"/MediaBox[0 0 1000000 0.01]",
    "page_of_a_hair": b"/MediaBox[0 0 0.001 0.001]",
    "page_without_area": b"/MediaBox[100 100 100 100]",
    "page_inside_out": b"/MediaBox[612 792 0 0]",
    "page_far_away": b"/MediaBox[1000000000 1000000000 1000000612 1000000792]",  # floats cannot tell its corners apart
    "page_not_a_number": b"/MediaBox[0 0 nan inf]/CropBox[NaN -Infinity 1e9999 NaN]",
    "page_without_box": b"",
    "page_with_odd_boxes": b"/MediaBox(612)/CropBox[9000 9000 9001 9001 7]/Rotate 77/UserUnit 1000000000",
    "page_turned_far": b"/MediaBox[0 0 612 792]/Rotate -2147483648",
}
MAKERS.update({name: partial(page_pdf, box=box) for name, box in BOXES.items()})

# The tree of pages


def _tree(*objects: bytes) -> bytes:
    """A document whose page tree is object 2."""
    return pdf(b"<</Type/Catalog/Pages 2 0 R>>", *objects)


def _leaf(parent: int, content: int) -> bytes:
    return b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<<%s>>>>" % (
        parent,
        content,
        FONT,
    )


@hostile
def hundred_thousand_pages() -> bytes:
    """100,000 pages, all of them one object."""
    return _tree(b"<</Type/Pages/Count 100000/Kids[" + b"3 0 R " * 100_000 + b"]>>", _leaf(2, 4), flated(WORDS))


@hostile
def page_tree_too_deep() -> bytes:
    """A page tree of 50,000 levels with one page at its end."""
    levels = 50_000
    nodes = [b"<</Type/Pages/Count 1/Parent %d 0 R/Kids[%d 0 R]>>" % (i + 1, i + 3) for i in range(levels)]
    return _tree(*nodes, _leaf(levels + 1, levels + 3), flated(WORDS))


@hostile
def page_tree_in_a_circle() -> bytes:
    """Two nodes of the page tree that have each other for children."""
    return _tree(b"<</Type/Pages/Count 9/Kids[3 0 R]>>", b"<</Type/Pages/Count 9/Parent 2 0 R/Kids[2 0 R 3 0 R]>>")


@hostile
def page_tree_that_doubles() -> bytes:
    """30 levels, each with the next one twice: 2^30 pages."""
    nodes = [b"<</Type/Pages/Count %d/Kids[%d 0 R %d 0 R]>>" % (2 ** (30 - i), i + 3, i + 3) for i in range(30)]
    return _tree(*nodes, _leaf(31, 33), flated(WORDS))


@hostile
def page_that_is_its_own_parent() -> bytes:
    """What a page inherits is looked for in itself, and in a circle of parents."""
    page = b"<</Type/Page/Parent 3 0 R/Contents 4 0 R>>"
    other = b"<</Type/Page/Parent 6 0 R/Contents 4 0 R>>"
    circle = [b"<</Type/Pages/Parent 7 0 R>>", b"<</Type/Pages/Parent 6 0 R>>"]
    return _tree(b"<</Type/Pages/Count 2/Kids[3 0 R 5 0 R]>>", page, flated(WORDS), other, *circle)


@hostile
def kids_that_are_no_pages() -> bytes:
    """Children that are numbers, missing, the catalog, or a stream."""
    kids = b"<</Type/Pages/Count 6/Kids[7 99 0 R 1 0 R 4 0 R null 3 0 R]>>"
    return _tree(kids, _leaf(2, 4), flated(WORDS))


TREES = {
    "count_of_two_thousand_million": b"/Pages 2 0 R>><</Type/Pages/Count 2147483647/Kids[3 0 R]",
    "count_below_zero": b"/Pages 2 0 R>><</Type/Pages/Count -7/Kids[3 0 R]",
    "no_pages": b"/Pages 2 0 R>><</Type/Pages/Count 0/Kids[]",
    "no_page_tree": b">><<",
    "pages_that_are_the_catalog": b"/Pages 1 0 R/Count 1/Kids[1 0 R]>><<",
}
"""What the catalog and the root of the page tree say."""


def _planted(entries: bytes) -> bytes:
    catalog, root = entries.split(b">><<")
    return pdf(b"<</Type/Catalog" + catalog + b">>", b"<<" + root + b">>", _leaf(2, 4), flated(WORDS))


MAKERS.update({name: partial(_planted, entries) for name, entries in TREES.items()})

# Objects


@hostile
def arrays_too_deep() -> bytes:
    """Arrays 500,000 deep in an object."""
    return page_pdf(WORDS, b"[" * 500_000 + b"]" * 500_000, page=b"/Annots 5 0 R")


@hostile
def dictionaries_too_deep() -> bytes:
    """Dictionaries 200,000 deep in the page's resources."""
    return page_pdf(WORDS, resources=b"/A<<" * 200_000 + b">>" * 200_000)


@hostile
def parentheses_too_deep() -> bytes:
    """A string with 5 M parentheses in each other."""
    return page_pdf(WORDS, page=b"/Note(" + b"(" * 5_000_000 + b")" * 5_000_000 + b")")


@hostile
def references_in_a_circle() -> bytes:
    """References to references: the page's box and contents lead round."""
    return page_pdf(WORDS, b"6 0 R", b"5 0 R", box=b"/MediaBox 5 0 R", page=b"/Rotate 5 0 R/Annots 6 0 R")


@hostile
def object_numbers_too_large() -> bytes:
    """Objects numbered at the ends of 32 and 64 bits, and generations beyond theirs."""
    odd = b"".join(b"%d %d obj<</A 4294967295 0 R>>endobj\n" % (n, n) for n in (2**31 - 1, 2**32 - 1, 2**64 + 1, -1))
    plain = page_pdf(WORDS, page=b"/Annots[4294967295 0 R 2147483647 0 R 99999999999999999999 0 R]/A 8388607 65535 R")
    return plain[:9] + odd + plain[9:]


@hostile
def objects_by_the_million() -> bytes:
    """A million empty objects without a table of where they are."""
    plain = page_pdf()
    empty = b"".join(b"%d 0 obj\nnull\nendobj\n" % i for i in range(10, 1_000_010))
    return plain[: plain.rindex(b"xref\n0")] + empty + b"trailer<</Root 1 0 R>>"


def _in_object_stream(entries: bytes, data: bytes, *more: tuple[int, int, int]) -> bytes:
    """A file with the page in an object stream, object 5; `more` are entries of its cross-reference stream."""
    head = page_pdf()
    out = bytearray(head[: head.index(b"3 0 obj")])
    offsets = [head.index(b"1 0 obj"), head.index(b"2 0 obj"), len(out)]
    out += b"4 0 obj\n" + flated(WORDS) + b"\nendobj\n"
    offsets.append(len(out))
    out += b"5 0 obj\n" + stream(data, b"/Type/ObjStm" + entries) + b"\nendobj\n"
    xref = len(out)
    rows = [(0, 0, 65535), (1, offsets[0], 0), (1, offsets[1], 0), (2, 5, 0), (1, offsets[2], 0), (1, offsets[3], 0)]
    table = b"".join(
        bytes([kind]) + a.to_bytes(4, "big") + b.to_bytes(2, "big") for kind, a, b in [*rows, (1, xref, 0), *more]
    )
    out += b"6 0 obj\n" + stream(table, b"/Type/XRef/Root 1 0 R/W[1 4 2]/Size %d" % (7 + len(more))) + b"\nendobj\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % xref)


@hostile
def object_stream_in_itself() -> bytes:
    """An object stream that holds, and extends, itself."""
    return _in_object_stream(b"/N 2/First 10/Extends 5 0 R", b"3 0 5 0   5 0 R", (2, 5, 1), (2, 7, 0), (2, 8, 0))


@hostile
def object_stream_that_lies() -> bytes:
    """An object stream of 2^31 objects that begin behind its end."""
    return _in_object_stream(b"/N 2147483647/First 2147483647", b"3 99999999 4 -5", (2, 5, 65535))


@hostile
def object_stream_that_inflates() -> bytes:
    """An object stream of 500 MB."""
    return _in_object_stream(b"/N 1/First 4/Filter/FlateDecode", inflating(b"3 0 " + b" " * (1 << 20), 500))


STREAMS = {
    "length_of_itself": (WORDS, b"/Length 4 0 R"),
    "length_too_long": (WORDS, b"/Length 2147483647"),
    "length_too_short": (WORDS, b"/Length 3"),
    "length_below_zero": (WORDS, b"/Length -9"),
    "filters_by_the_thousand": (zlib.compress(WORDS), b"/Filter[" + b"/FlateDecode" * 1_000 + b"]"),
    "filters_unknown": (WORDS, b"/Filter[/Crypt/Zstd/Fl 7(x)]/DecodeParms[<</Name/Other>>9 null]"),
    "garbage_in_flate": (zlib.compress(WORDS * 1_000)[:200] + _noise(50_000), b"/Filter/FlateDecode"),
    "garbage_in_lzw": (_noise(500_000), b"/Filter/LZWDecode/DecodeParms<</EarlyChange 7>>"),
    "garbage_in_ascii85": (b"zzzz~zz\xff{}uuuuu" * 100_000, b"/Filter/ASCII85Decode"),
    "garbage_in_hex": (b"4x5 \xff" * 100_000 + b"7", b"/Filter/ASCIIHexDecode"),
}
"""A page's content, and what the dictionary of the stream says of it before its true length."""
MAKERS.update({name: partial(page_pdf, stream(*content)) for name, content in STREAMS.items()})

# The table of where objects are


@hostile
def xref_in_a_circle() -> bytes:
    """A cross-reference table whose /Prev is itself."""
    plain = page_pdf()
    return plain.replace(b"trailer<<", b"trailer<</Prev %d/XRefStm %d" % ((plain.rindex(b"xref\n0"),) * 2))


@hostile
def xref_of_a_thousand_parts() -> bytes:
    """10,000 cross-reference tables, each before the next, the first after the last."""
    out, before = bytearray(page_pdf()), b"1"
    for _ in range(10_000):
        at = len(out)
        out += b"xref\n0 1\n0000000000 65535 f \ntrailer<</Size 5/Root 1 0 R/Prev " + before + b">>\n"
        before = b"%d" % at
    return bytes(out.replace(b"/Prev 1>>", b"/Prev %d>>" % at, 1) + b"startxref\n%d\n%%%%EOF\n" % at)


@hostile
def xref_stream_too_wide() -> bytes:
    """A cross-reference stream whose fields have 2^31 bytes and whose index wraps round."""
    plain = _in_object_stream(b"/N 1/First 4", b"3 0 <<>>")
    return plain.replace(b"/W[1 4 2]", b"/W[2147483647 2147483647 8]/Index[4294967290 99 -5 7]")


def _trailer(entries: bytes) -> bytes:
    """A good document whose table of objects, and all behind it, is replaced."""
    plain = page_pdf()
    return plain[: plain.rindex(b"xref\n0")] + entries


XREFS = {
    "no_xref": b"",
    "xref_without_trailer": b"xref\n0 1\n0000000000 65535 f \n",
    "xref_start_beyond_the_end": b"trailer<</Root 1 0 R>>startxref\n99999999999999999999\n%%EOF",
    "xref_too_large": b"xref\n0 2147483647\n0000000000 65535 f \ntrailer<</Size 2147483647/Root 1 0 R>>",
    "xref_that_points_nowhere": b"xref\n0 5\n0000000000 65535 f \n9999999999 00000 n \n0000000009 00000 n \n"
    b"trailer<</Size 5/Root 1 0 R>>",
}
MAKERS.update({name: partial(_trailer, entries) for name, entries in XREFS.items()})


def _wrapped(before: bytes = b"", share: float = 1.0, behind: bytes = b"") -> bytes:
    plain = page_pdf(WORDS * 50, flated(bytes(5_000)))
    return before + plain[: round(len(plain) * share)] + behind


WRAPPED = {
    "cut_in_the_catalog": partial(_wrapped, share=0.1),
    "cut_in_a_stream": partial(_wrapped, share=0.55),
    "cut_in_the_trailer": partial(_wrapped, share=0.97),
    "junk_before": partial(_wrapped, b"junk " * 200),  # as mail programs leave it
    "junk_before_too_long": partial(_wrapped, b"x" * 1_025),  # the header is not in the first 1,024 bytes
    "junk_behind": partial(_wrapped, behind=_noise(1_000_000)),
    "two_documents": partial(_wrapped, behind=_planted(TREES["no_pages"])),
}
MAKERS.update(WRAPPED)

# What only the catalog knows


@hostile
def outlines_in_a_circle() -> bytes:
    """Bookmarks that are each other's next, first and parent."""
    item = b"<</Title(a)/Next 6 0 R/First 5 0 R/Parent 6 0 R/Dest[3 0 R/Fit]>>"
    return page_pdf(WORDS, item, item, catalog=b"/Outlines 5 0 R")


@hostile
def names_in_a_circle() -> bytes:
    """Trees of names, labels and structure that hold themselves."""
    node = b"<</Kids[5 0 R 5 0 R]/Limits[(a)(z)]/K 5 0 R/P 5 0 R/Nums[0 5 0 R]>>"
    trees = b"/Names<</Dests 5 0 R>>/PageLabels 5 0 R/StructTreeRoot 5 0 R/OCProperties<</OCGs[5 0 R]/D 5 0 R>>"
    return page_pdf(WORDS, node, catalog=trees, page=b"/StructParents 0")


# Encryption


def encrypted(user: str | None) -> bytes:
    """A page of words that only `user` opens, or everybody; the same at all times."""
    document = FPDF()
    document.set_creation_date(datetime(2026, 1, 1, tzinfo=timezone.utc))
    document.add_page()
    document.set_font("Helvetica", size=12)
    document.cell(0, 10, "Words that are under lock")
    document.set_encryption(owner_password="owner", user_password=user)
    return bytes(document.output())


@hostile
def encrypted_for_users() -> bytes:
    """Cannot be opened without a password."""
    return encrypted("user")


@hostile
def encrypted_for_owners() -> bytes:
    """Can be read by all; what may be done with it is not ours to judge."""
    return encrypted(None)


@hostile
def encrypted_oddly() -> bytes:
    """An encryption dictionary with a key of 2^31 bits and an unknown handler."""
    odd = b"/Encrypt<</Filter/Mystery/V 9/R 99/Length 2147483647/O(x)/U(y)/P -1>>/ID[<00><00>]"
    return page_pdf(trailer=odd)


@hostile
def encrypted_by_garbage() -> bytes:
    """The standard handler with the wrong sizes of everything."""
    odd = b"/Encrypt<</Filter/Standard/V 5/R 6/Length 256/O()/U()/OE()/UE()/Perms()/P 9/CF<</StdCF 1>>/StmF/StdCF>>"
    return page_pdf(trailer=odd + b"/ID[]")


# What is no PDF at all


@hostile
def zip_archive() -> bytes:
    """A ZIP archive, as office documents are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
    return buffer.getvalue()


@hostile
def zip_with_a_header() -> bytes:
    """A ZIP archive whose first file is named like a PDF's header."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("%PDF-1.7", page_pdf())
    return buffer.getvalue()


OTHERS = {
    "web_page": b"<!DOCTYPE html><html><title>Sign in</title>" + b"<div>" * 10_000,
    "only_a_header": b"%PDF-1.7\n",
    "noise_behind_a_header": b"%PDF-1.7\n" + _noise(1_000_000),
    "nothing": b"",
    "nulls": bytes(1 << 20),  # as a full disk leaves them
}
MAKERS.update({name: partial(bytes, content) for name, content in OTHERS.items()})
