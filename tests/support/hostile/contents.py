"""Documents that attack with what stands on their pages: each function's docstring says how.

Sizes are those of measured attacks, small enough to be made in a second.
"""

import random
import zlib

from PIL import Image

from support.documents import image_file
from support.hostile.raw import (
    FONT,
    WORDS,
    Makers,
    bomb,
    flated,
    form,
    image,
    inflating,
    page_pdf,
    pdf,
    picture_pdf,
    stream,
)

MAKERS = Makers()
hostile = MAKERS.add

# Content


@hostile
def content_of_paths() -> bytes:
    """5 M path operators in 136 kB: time, and an object of PDFium's for each."""
    return page_pdf(bomb(b"0 0 m 9 9 l S\n" * 50_000, 100))


@hostile
def content_of_blanks() -> bytes:
    """200 MB of blanks in 200 kB: memory while it is unpacked."""
    return page_pdf(bomb(b" " * (1 << 20), 200))


@hostile
def content_unpacked_twice() -> bytes:
    """10 GB of blanks behind two filters, in less than 100 kB."""
    outer = zlib.compress(inflating(b" " * (1 << 20), 10_000), 9)
    return page_pdf(stream(outer, b"/Filter[/FlateDecode/FlateDecode]"))


@hostile
def content_bomb_among_pages() -> bytes:
    """Three pages, of which the second is 5 M path operators: the others are to be read."""
    leaf = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<<" + FONT + b">>>>"
    kids = b"<</Type/Pages/Count 3/Kids[3 0 R 4 0 R 3 0 R]>>"
    catalog = b"<</Type/Catalog/Pages 2 0 R>>"
    return pdf(catalog, kids, leaf % 5, leaf % 6, flated(WORDS), bomb(b"0 0 m 9 9 l S\n" * 50_000, 100))


@hostile
def contents_repeated() -> bytes:
    """A page whose /Contents names one stream of 1 MB 2,000 times."""
    kids = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents[" + b"4 0 R " * 2_000 + b"]>>"
    return pdf(b"<</Type/Catalog/Pages 2 0 R>>", kids, page, bomb(b"0 0 m 9 9 l S\n" * 75_000, 1))


@hostile
def saved_states() -> bytes:
    """2 M graphics states pushed, none popped."""
    return page_pdf(bomb(b"q " * 500_000, 4))


@hostile
def clips() -> bytes:
    """200,000 clip paths, each cutting the one before."""
    return page_pdf(bomb(b"0 0 600 700 re W n 1 1 9 9 re f\n" * 20_000, 10))


@hostile
def marked_content() -> bytes:
    """1 M marked-content sequences, each in the next."""
    return page_pdf(bomb(b"/P <</MCID 1>> BDC " * 50_000, 20))


@hostile
def nested_arrays_in_content() -> bytes:
    """Arrays 1 M deep in a content stream: the parser's stack."""
    return page_pdf(bomb(b"[" * 1_000_000, 1))


@hostile
def numbers_out_of_range() -> bytes:
    """Operands beyond what floats and integers hold."""
    numbers = [b"1e400", b"-9" * 200, b"9" * 400, b"." + b"0" * 400 + b"1", b"--5", b"+-.", b"2147483648", b"3.4e38"]
    lines = [b"%s 0 0 %s %s 0 cm 0 0 %s %s re S 0 0 m %s 9 l S" % ((n,) * 6) for n in numbers]
    return page_pdf(WORDS + b"\n".join(lines) + b"\n" + WORDS)


@hostile
def garbage_for_content() -> bytes:
    """200 kB of noise for a content stream."""
    return page_pdf(random.Random(1).randbytes(200_000))


# Images


@hostile
def image_of_colours() -> bytes:
    """30,000 x 30,000 pixels of RGB: 2.7 GB in 3 MB."""
    return picture_pdf(image(inflating(b"\x40\x80\xc0" * 300_000, 3_000)))


@hostile
def image_of_sixteen_thousand() -> bytes:
    """16,000 x 16,000 pixels of RGB, just under the pixels that are looked at: 768 MB."""
    return picture_pdf(image(inflating(b"\x40\x80\xc0" * 160_000, 1_600), 16_000, 16_000))


@hostile
def image_behind_mask() -> bytes:
    """A small image whose soft mask has 30,000 x 30,000 pixels."""
    mask = image(inflating(b"\x40" * 900_000, 1_000), entries=b"/Filter/FlateDecode/ColorSpace/DeviceGray")
    return picture_pdf(image(zlib.compress(b"\x80" * 300), 10, 10, b"/Filter/FlateDecode/SMask 6 0 R"), mask)


@hostile
def image_masked_by_itself() -> bytes:
    """An image that is its own soft mask."""
    return picture_pdf(image(zlib.compress(b"\x80" * 300), 10, 10, b"/Filter/FlateDecode/SMask 5 0 R"))


@hostile
def image_with_predictor() -> bytes:
    """Predictor parameters whose product overflows."""
    parameters = b"/DecodeParms<</Predictor 15/Colors 2147483647/BitsPerComponent 16/Columns 2147483647>>"
    return picture_pdf(image(zlib.compress(b"\x02" * 9_000), 100, 100, b"/Filter/FlateDecode" + parameters))


@hostile
def image_of_indexed_nothing() -> bytes:
    """An index over a colour space that is the index itself."""
    entries = b"/Filter/FlateDecode/ColorSpace 6 0 R"
    return picture_pdf(image(zlib.compress(bytes(10_000)), 100, 100, entries), b"[/Indexed 6 0 R 255 <00>]")


def _noise(kind: str) -> bytes:
    return image_file(Image.effect_noise((64, 64), 80).convert("RGB"), kind)


@hostile
def image_of_lying_jpeg() -> bytes:
    """A JPEG whose own header says 65,000 x 65,000, its data 64 x 64."""
    data = bytearray(_noise("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xfd\xe8\xfd\xe8"
    return picture_pdf(image(bytes(data), 65_000, 65_000, b"/Filter/DCTDecode"))


@hostile
def image_of_lying_jpeg_2000() -> bytes:
    """A JPEG 2000 of 64 x 64 whose codestream says 60,000 x 60,000."""
    data = bytearray(_noise("JPEG2000"))
    at = data.index(b"\xff\x51") + 6
    data[at : at + 8] = (60_000).to_bytes(4, "big") * 2
    return picture_pdf(image(bytes(data), 60_000, 60_000, b"/Filter/JPXDecode"))


@hostile
def image_of_tall_jbig2() -> bytes:
    """A JBIG2 page of 60,000 x 60,000 with a generic region that has no data."""
    side = (60_000).to_bytes(4, "big")
    about = side * 2 + bytes(8) + b"\x00\x00\x00"
    region = side * 2 + bytes(8) + b"\x00" + b"\x00" + b"\x03\xff\xfd\xff\x02\xfe\xfe\xfe"
    data = b"".join(
        number.to_bytes(4, "big") + bytes([kind, 0, 1]) + len(body).to_bytes(4, "big") + body
        for number, (kind, body) in enumerate([(48, about), (38, region)])
    )
    entries = b"/Filter/JBIG2Decode/BitsPerComponent 1/ColorSpace/DeviceGray"
    return picture_pdf(image(data, 60_000, 60_000, entries))


@hostile
def image_of_fax() -> bytes:
    """CCITT rows without end: 60,000 columns announced, noise for data."""
    entries = b"/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60000/Rows 60000>>/BitsPerComponent 1"
    data = random.Random(2).randbytes(100_000)
    return picture_pdf(image(data, 60_000, 60_000, entries + b"/ColorSpace/DeviceGray"))


@hostile
def images_many_and_large() -> bytes:
    """200 images of 4,000 x 4,000 greys, one over the other."""
    data = inflating(b"\x10\xf0" * 500_000, 16)
    entries = b"/Filter/FlateDecode/ColorSpace/DeviceGray"
    return picture_pdf(*[image(data, 4_000, 4_000, entries) for _ in range(200)])


@hostile
def images_many_and_small() -> bytes:
    """100,000 places of one small image."""
    shown = b"".join(b"q 9 0 0 9 %d %d cm /I Do Q\n" % (i % 600, i // 600 * 4) for i in range(100_000))
    tile = image(zlib.compress(b"\x10\x80\xf0" * 64), 8, 8)
    return page_pdf(shown + WORDS, tile, resources=b"/XObject<</I 5 0 R>>")


@hostile
def inline_image() -> bytes:
    """An image within the content, 30,000 x 30,000 in two words."""
    return page_pdf(WORDS + b"q 500 0 0 500 50 50 cm BI /W 30000 /H 30000 /BPC 8 /CS /RGB ID ab EI Q " + WORDS)


# What draws itself


@hostile
def form_in_itself() -> bytes:
    """A form that draws itself."""
    own = form(b"/X Do " + WORDS, b"/Resources<<" + FONT + b"/XObject<</X 5 0 R>>>>")
    return page_pdf(b"/X Do", own, resources=b"/XObject<</X 5 0 R>>")


@hostile
def forms_that_double() -> bytes:
    """40 forms, each drawing the next one twice: 2^40 rectangles."""
    forms = [form(b"/X Do /X Do", b"/Resources<</XObject<</X %d 0 R>>>>" % (6 + i)) for i in range(40)]
    return page_pdf(WORDS + b"/X Do", *forms, form(b"0 0 9 9 re f"), resources=b"/XObject<</X 5 0 R>>")


@hostile
def forms_too_deep() -> bytes:
    """A chain of 5,000 forms."""
    forms = [form(b"/X Do", b"/Resources<</XObject<</X %d 0 R>>>>" % (6 + i)) for i in range(5_000)]
    return page_pdf(WORDS + b"/X Do", *forms, form(b"0 0 9 9 re f"), resources=b"/XObject<</X 5 0 R>>")


def _pattern(content: bytes, step: bytes, resources: bytes = b"") -> bytes:
    steps = b"/XStep " + step + b"/YStep " + step
    kind = b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]"
    return flated(content, kind + steps + b"/Resources<<" + resources + b">>")


PAINTED = b"/Pattern cs /P scn 0 0 600 700 re f\n"


@hostile
def pattern_in_itself() -> bytes:
    """A tiling pattern that is painted with itself."""
    tile = _pattern(PAINTED, b"9", b"/Pattern<</P 5 0 R>>")
    return page_pdf(PAINTED + WORDS, tile, resources=b"/Pattern<</P 5 0 R>>")


@hostile
def pattern_of_tiny_steps() -> bytes:
    """A tiling pattern that repeats every ten thousandth of a point."""
    return page_pdf(PAINTED + WORDS, _pattern(b"0 0 1 1 re f", b".0001"), resources=b"/Pattern<</P 5 0 R>>")


@hostile
def shading_with_large_function() -> bytes:
    """A shading whose sampled function has 2^31 samples in each of its dimensions."""
    function = stream(
        bytes(100), b"/FunctionType 0/Domain[0 1 0 1]/Range[0 1 0 1 0 1]/Size[2147483647 2147483647]/BitsPerSample 32"
    )
    shading = b"<</ShadingType 1/ColorSpace/DeviceRGB/Function 6 0 R>>"
    return page_pdf(b"/S sh " + WORDS, shading, function, resources=b"/Shading<</S 5 0 R>>")


@hostile
def shading_with_slow_function() -> bytes:
    """A shading of 200,000 PostScript operators a pixel."""
    function = flated(
        b"{" + b"dup sin cos sqrt pop " * 40_000 + b"dup dup}", b"/FunctionType 4/Domain[0 1 0 1]/Range[0 1 0 1 0 1]"
    )
    shading = b"<</ShadingType 1/ColorSpace/DeviceRGB/Matrix[612 0 0 792 0 0]/Function 6 0 R>>"
    return page_pdf(b"/S sh " + WORDS, shading, function, resources=b"/Shading<</S 5 0 R>>")


@hostile
def function_of_itself() -> bytes:
    """A stitching function that is one of the functions it stitches."""
    function = b"<</FunctionType 3/Domain[0 1]/Bounds[.5]/Encode[0 1 0 1]/Functions[6 0 R 6 0 R]>>"
    shading = b"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 600 700]/Function 6 0 R>>"
    return page_pdf(b"/S sh " + WORDS, shading, function, resources=b"/Shading<</S 5 0 R>>")


@hostile
def mesh_of_noise() -> bytes:
    """A Coons patch mesh of 1 MB of noise."""
    mesh = b"/ShadingType 6/ColorSpace/DeviceRGB/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8"
    data = random.Random(3).randbytes(1_000_000)
    decode = b"/Decode[0 612 0 792 0 1 0 1 0 1]"
    return page_pdf(b"/S sh " + WORDS, flated(data, mesh + decode), resources=b"/Shading<</S 5 0 R>>")


@hostile
def colour_space_of_itself() -> bytes:
    """A colour space whose alternate is itself."""
    space = b"[/Separation/Spot 5 0 R<</FunctionType 2/Domain[0 1]/N 1>>]"
    return page_pdf(b"/C cs 1 scn 0 0 99 99 re f " + WORDS, space, resources=b"/ColorSpace<</C 5 0 R>>")


# Fonts and text


def _type3(glyph: int, resources: bytes = b"") -> bytes:
    return (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]/FontMatrix[.001 0 0 .001 0 0]/FirstChar 97/LastChar 97"
        b"/Widths[1000]/Encoding<</Differences[97/a]>>/CharProcs<</a %d 0 R>>/Resources<<" % glyph + resources + b">>>>"
    )


SHOWN = b"BT /T 12 Tf 72 600 Td (aaaa) Tj ET\n"


def _with_font(font: bytes, *more: bytes, content: bytes = SHOWN + WORDS) -> bytes:
    """The font is object 5, named T; what belongs to it follows."""
    return page_pdf(content, font, *more).replace(b"/Font<</F<<", b"/Font<</T 5 0 R/F<<", 1)


@hostile
def type3_font_in_itself() -> bytes:
    """A glyph that shows text in its own font."""
    font = _type3(6, b"/Font<</T 5 0 R>>")
    return _with_font(font, flated(b"1000 0 d0 BT /T 900 Tf (aa) Tj ET 0 0 500 500 re f"))


@hostile
def type3_font_of_a_bomb() -> bytes:
    """A glyph of 1 M path operators, shown 1,000 times."""
    glyph = bomb(b"0 0 m 900 900 l S\n" * 50_000, 20)
    return _with_font(_type3(6), glyph, content=WORDS + b"BT /T 12 Tf 72 600 Td (" + b"a" * 1_000 + b") Tj ET")


@hostile
def font_size_beyond_floats() -> bytes:
    """Text of 1e38 points, in a matrix of as much."""
    large = b"1" + b"0" * 38
    return page_pdf(WORDS + b"BT /F %s Tf %s 0 0 %s 0 0 Tm (huge) Tj ET " % ((large,) * 3) + WORDS)


@hostile
def font_of_noise() -> bytes:
    """An embedded TrueType font whose tables are noise."""
    tables = b"".join(
        tag + random.Random(4).randbytes(4) + b"\0\0\1\0\0\0\x10\0" for tag in (b"cmap", b"glyf", b"head", b"loca")
    )
    file = b"\0\1\0\0\0\4\0\x40\0\2\0\0" + tables + random.Random(5).randbytes(100_000)
    descriptor = b"<</Type/FontDescriptor/FontName/Noise/Flags 4/FontFile2 7 0 R>>"
    font = b"<</Type/Font/Subtype/TrueType/BaseFont/Noise/FirstChar 97/LastChar 97/Widths[1e38]/FontDescriptor 6 0 R>>"
    return _with_font(font, descriptor, flated(file))


@hostile
def composite_font_of_itself() -> bytes:
    """A composite font whose descendant is itself."""
    font = b"<</Type/Font/Subtype/Type0/BaseFont/Own/Encoding/Identity-H/DescendantFonts[5 0 R]>>"
    return _with_font(font)


def _mapped(cmap: bytes, shown: bytes) -> bytes:
    """Text in a font whose ToUnicode is `cmap`."""
    head = (
        b"/CIDInit/ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange<00><FF>endcodespacerange\n"
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    content = b"BT /T 12 Tf 14 TL 72 600 Td " + shown + b" ET\n" + WORDS
    return _with_font(font, flated(head + cmap + b"endcmap"), content=content)


@hostile
def text_of_lone_surrogates() -> bytes:
    """Half characters of UTF-16, in no order that makes whole ones: they cannot be written as UTF-8."""
    cmap = b"3 beginbfchar<61><D800><62><DC00><63><DFFFD83D>endbfchar\n"
    return _mapped(cmap, b"(abc) Tj T* (words a b c and cab) Tj T* (a) Tj T* (bbbb aaaa) Tj")


@hostile
def text_of_forbidden_characters() -> bytes:
    """Nulls, controls, marks that PDFium and this engine use themselves, and code points that are none."""
    codes = [0, 1, 2, 0xD, 0x1B, 0x85, 0x202E, 0xFDD0, 0xFDD1, 0xFFFE, 0xFFFF, 0xFFFD, 0xE000, 0xAD]
    chars = b"".join(b"<%02X><%04X>" % (0x61 + i, code) for i, code in enumerate(codes))
    cmap = b"%d beginbfchar%s<70><DB80DC00><71><DBFFDFFF>endbfchar\n" % (len(codes) + 2, chars)
    return _mapped(cmap, b"(Words that are plain) Tj T* (hXi word pXq jk ab) Tj T* (abcdefghijklmnopq) Tj")


@hostile
def text_mapped_to_everything() -> bytes:
    """A ToUnicode range over 2^32 codes, and characters that stand for 1,000 each."""
    cmap = b"1 beginbfrange<00000000><FFFFFFFF><0000>endbfrange 1 beginbfchar<61><" + b"0041" * 1_000 + b">endbfchar\n"
    return _mapped(cmap, b"(" + b"a" * 5_000 + b") Tj")


@hostile
def text_of_millions() -> bytes:
    """3 M text-showing operators."""
    return page_pdf(bomb(WORDS + b"BT /F 9 Tf 72 600 Td " + b"(ab) Tj 1 0 Td " * 30_000 + b"ET\n", 100))


@hostile
def text_of_one_word() -> bytes:
    """A word of 150,000 letters, and one of as many digits."""
    shown = b"BT /F 1 Tf 10 700 Td (%s) Tj 0 -20 Td (%s) Tj ET" % (b"a" * 150_000, b"1" * 40_000)
    return page_pdf(shown)


@hostile
def text_that_looks_like_patterns() -> bytes:
    """Long lines of what patterns for numbers, lists, dates, leaders and markup go back over."""
    pieces = [
        b"1.",
        b". ",
        b"- ",
        b"\\(",
        b"a-",
        b"1,1 ",
        b"* ",
        b"|",
        b"_",
        b"#",
        b"http://a.",
        b"I",
        b"1 ",
        b"&",
        b"<a ",
        b"`",
    ]
    lines = b"".join(b"(%s!) Tj T*\n" % (piece * 2_000) for piece in pieces)
    return page_pdf(b"BT /F .3 Tf 10 TL 20 760 Td " + lines + b"ET")


@hostile
def words_in_a_grid() -> bytes:
    """40,000 numbers in 200 columns, all level: a table to whoever looks for one."""
    shown = b"".join(
        b"1 0 0 1 %d.%d %d Tm(%d)Tj\n" % (10 + x * 3, x % 10, 785 - y * 4, x * y)
        for y in range(190)
        for x in range(200)
    )
    return page_pdf(b"BT /F 2 Tf " + shown + b"ET")


@hostile
def words_in_rules() -> bytes:
    """A grid of 1,000 x 1,000 rules, with words in some of its million cells."""
    rules = b"".join(
        b"0 %d.%d m 612 %d.%d l %d.%d 0 m %d.%d 792 l\n" % ((i * 6 // 10, i * 6 % 10) * 4) for i in range(1_000)
    )
    words = b"".join(b"1 0 0 1 %d %d Tm(w%d)Tj\n" % (i % 30 * 20, i // 30 * 20, i) for i in range(1_000))
    return page_pdf(b".1 w " + rules + b"S BT /F 3 Tf " + words + b"ET")


def _numbers(pick: random.Random, below: int) -> tuple[int, int, int, int]:
    return pick.randrange(below), pick.randrange(below), pick.randrange(below), pick.randrange(below)


@hostile
def boxes_at_random() -> bytes:
    """6,000 stroked and filled boxes, curves and rules, one over the other, with words between them."""
    pick = random.Random(7)
    drawn = b"".join(
        b".%d g %d %d %d %d re %s\n%d %d m %d %d l S\n"
        % (
            pick.randrange(9),
            *_numbers(pick, 600),
            pick.choice([b"S", b"f", b"B"]),
            *_numbers(pick, 700),
        )
        for _ in range(3_000)
    )
    words = b"".join(
        b"1 0 0 1 %d %d Tm(word %d)Tj\n" % (pick.randrange(600), pick.randrange(780), i) for i in range(3_000)
    )
    return page_pdf(drawn + b"0 g BT /F 6 Tf " + words + b"ET")


@hostile
def curves_at_random() -> bytes:
    """50,000 small curves: text drawn as outlines, or a map."""
    pick = random.Random(8)
    drawn = b"".join(
        b"%d %d m %d %d 5 5 9 9 c f\n" % tuple(pick.randrange(600) for _ in range(4)) for _ in range(50_000)
    )
    return page_pdf(drawn + WORDS)


# Annotations and forms to fill in


@hostile
def annotations_by_the_million() -> bytes:
    """A million links on a page, all of them one object."""
    link = b"<</Type/Annot/Subtype/Link/Rect[9 9 99 99]/A<</S/URI/URI(https://example.com/)>>>>"
    return page_pdf(WORDS, link, page=b"/Annots[" + b"5 0 R " * 1_000_000 + b"]")


@hostile
def links_of_their_own() -> bytes:
    """100,000 links, each an object, to addresses of 1 kB that are not to be followed."""
    address = b"javascript:" + b"x" * 90
    links = b"".join(
        b"<</Subtype/Link/Rect[70 690 %d 720]/A<</S/URI/URI(%s)>>>>" % (90 + i % 400, address) for i in range(100_000)
    )
    return page_pdf(WORDS, page=b"/Annots[" + links + b"]")


@hostile
def widgets_by_the_thousand() -> bytes:
    """2,000 fields with values, each with an appearance."""
    fields = b"".join(
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(f%d)/V(v)/F 4/Rect[%d %d %d %d]/AP<</N 5 0 R>>>>"
        % (i, i % 500, i // 500 * 9, i % 500 + 9, i // 500 * 9 + 9)
        for i in range(2_000)
    )
    appearance = form(b"BT /F 5 Tf (v) Tj ET", b"/Resources<<" + FONT + b">>")
    return page_pdf(WORDS, appearance, page=b"/Annots[" + fields + b"]", catalog=b"/AcroForm<</Fields[]>>")


@hostile
def widget_without_end() -> bytes:
    """A field whose parent, child, appearance and page are itself."""
    field = stream(
        b"/X Do",
        b"/Type/Annot/Subtype/Widget/FT/Tx/F 4/Rect[-1e9 -1e9 1e9 1e9]/BBox[0 0 0 0]/AP<</N 5 0 R>>/Parent 5 0 R"
        b"/Kids[5 0 R]/P 5 0 R/Resources<</XObject<</X 5 0 R>>>>",
    )
    return page_pdf(WORDS, field, page=b"/Annots[5 0 R]", catalog=b"/AcroForm<</Fields[5 0 R]>>")


@hostile
def annotations_that_are_none() -> bytes:
    """Annotations that are numbers, the page, missing, and of no or unknown kind."""
    return page_pdf(WORDS, page=b"/Annots[7 3 0 R 99 0 R null<<>><</Subtype/Mystery/Rect[nan 0]/AP 3 0 R>>(x)]")


@hostile
def xfa_form() -> bytes:
    """A dynamic XFA form, with an entity that grows to gigabytes and one that names a file."""
    entities = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
    xml = (
        f'<!DOCTYPE x [<!ENTITY e0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{entities}]><xdp:xdp>&e12;&f;</xdp:xdp>'
    )
    return page_pdf(WORDS, flated(xml.encode()), catalog=b"/NeedsRendering true/AcroForm<</XFA 5 0 R/Fields[]>>")


# What would act


@hostile
def actions() -> bytes:
    """JavaScript, Launch, SubmitForm, GoToR and GoToE, on opening, on every page and on a link."""
    acts = [
        b"<</S/JavaScript/JS(while\\(1\\)app.alert\\(1\\))>>",
        b"<</S/Launch/F(/usr/bin/touch)/Unix(/usr/bin/touch launched)>>",
        b"<</S/SubmitForm/F(http://127.0.0.1:9/)>>",
        b"<</S/GoToR/F(\\\\\\\\127.0.0.1\\\\share)/D[0/Fit]>>",
        b"<</S/GoToE/T<</R/C/N(a)>>>>",
        b"<</S/ImportData/F(/etc/passwd)>>",
    ]
    chain = b"5 0 R"
    linked = [act[:-2] + b"/Next %d 0 R>>" % (6 + i % 6) for i, act in enumerate(acts, 0)]
    link = b"/Annots[<</Subtype/Link/Rect[0 0 612 792]/A 5 0 R>>]/AA<</O 5 0 R/C 6 0 R>>"
    names = b"/OpenAction " + chain + b"/AA<</WC 5 0 R>>/Names<</JavaScript<</Names[(a) 5 0 R]>>>>"
    return page_pdf(WORDS, *linked, page=link, catalog=names)
