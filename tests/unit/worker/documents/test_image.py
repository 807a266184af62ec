"""Images as pages: every kind and mode, all frames, upright, at their size, within their memory."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import ExifTags, Image, ImageDraw, ImageOps, TiffImagePlugin

from app.errors import DocumentError, PageError
from support.documents import image_file
from worker.documents import bitmaps, image
from worker.documents.base import OpenDocument
from worker.documents.opening import open_document

MAX_PIXELS = 40_000_000
KINDS = ["PNG", "JPEG", "TIFF", "WEBP", "BMP"]


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    @contextmanager
    def opened(data: bytes, max_pixels: int = MAX_PIXELS) -> Iterator[OpenDocument]:
        path = tmp_path / "source"
        path.write_bytes(data)
        with closing(open_document(path.open("rb"), max_pixels)) as document:
            yield document

    return opened


def corners(size: tuple[int, int] = (300, 200)) -> Image.Image:
    """Red, green, blue and grey quarters: no two of its turns and reflections are the same."""
    image = Image.new("RGB", size, (128, 128, 128))
    draw = ImageDraw.Draw(image)
    across, down = size[0] // 2, size[1] // 2
    draw.rectangle((0, 0, across - 1, down - 1), fill=(255, 0, 0))
    draw.rectangle((across, 0, size[0], down - 1), fill=(0, 255, 0))
    draw.rectangle((0, down, across - 1, size[1]), fill=(0, 0, 255))
    return image


def rendered(page: pdfium.PdfPage) -> Image.Image:
    image: Image.Image = page.render(scale=(150 - 1e-3) / 72).to_pil().convert("RGB")
    return image


def assert_alike(one: Image.Image, other: Image.Image, most: float = 6) -> None:
    assert one.size == other.size
    difference = np.abs(np.asarray(one.convert("RGB"), float) - np.asarray(other.convert("RGB"), float))
    assert np.median(difference) <= most
    assert difference.mean() <= 2 * most


def pixels_of(page: pdfium.PdfPage) -> tuple[int, int]:
    (picture,) = page.get_objects()
    size: tuple[int, int] = picture.get_px_size()
    return size


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_page(opened: Any, kind: str) -> None:
    with opened(image_file(corners(), kind)) as document:
        assert (len(document), document.has_text) == (1, False)
        with document.page(1) as page:
            assert page.get_size() == pytest.approx((144, 96))
            assert_alike(rendered(page), corners())


def test_all_frames_of_a_tiff_are_pages(opened: Any) -> None:
    """As scanners, faxes, cameras and print shops save them."""
    plain = corners()
    grey = ImageOps.autocontrast(plain.convert("L"))
    faded = plain.convert("RGBA")
    faded.putalpha(Image.linear_gradient("L").resize(plain.size))
    white = Image.new("RGBA", plain.size, "white")
    frames: list[tuple[Image.Image, dict[str, Any], Image.Image]] = [
        (plain, {"compression": "tiff_lzw"}, plain),
        (plain, {"compression": "jpeg", "quality": 95}, plain),
        (plain.convert("CMYK"), {"compression": "tiff_adobe_deflate"}, plain),
        (grey.convert("1"), {"compression": "group4"}, grey.convert("1")),
        (grey.convert("1"), {"compression": "group3"}, grey.convert("1")),
        (Image.fromarray(np.asarray(grey, np.uint16) * 257), {}, grey),
        (Image.fromarray(np.asarray(grey, np.float32) / 255), {"compression": "tiff_lzw"}, grey),
        (plain.convert("P", palette=Image.Palette.ADAPTIVE), {"compression": "packbits"}, plain),
        (faded, {"compression": "tiff_lzw"}, Image.alpha_composite(white, faded)),
        (plain.convert("YCbCr"), {"compression": "jpeg", "quality": 95}, plain),
    ]
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer) as writer:
        for frame, options, _ in frames:
            frame.save(writer, "TIFF", **options)
            writer.newFrame()
    with opened(buffer.getvalue()) as document:
        assert len(document) == len(frames)
        for number in reversed(range(1, len(frames) + 1)):
            with document.page(number) as page:
                assert_alike(rendered(page), frames[number - 1][2], most=12)


def tiled_tiff(image: Image.Image, side: int = 64) -> bytes:
    """In tiles of LZW, which Pillow does not write: little-endian, three samples of eight bits."""
    across, down = -(-image.width // side), -(-image.height // side)
    tiles = []
    for top in range(down):
        for left in range(across):
            part = image.crop((left * side, top * side, (left + 1) * side, (top + 1) * side))
            with Image.open(io.BytesIO(image_file(part, "TIFF", compression="tiff_lzw"))) as coded:
                assert isinstance(coded, TiffImagePlugin.TiffImageFile)
                (offset,), (size,) = coded.tag_v2[273], coded.tag_v2[279]
                tiles.append(image_file(part, "TIFF", compression="tiff_lzw")[offset : offset + size])
    data, offsets = bytearray(b"II*\0\0\0\0\0"), []
    for tile in tiles:
        offsets.append(len(data))
        data += tile + b"\0" * (len(tile) % 2)

    def kept(values: list[int], width: int) -> int:
        at = len(data)
        data.extend(b"".join(value.to_bytes(width, "little") for value in values))
        return at

    bits, places, sizes = kept([8, 8, 8], 2), kept(offsets, 4), kept([len(tile) for tile in tiles], 4)
    entries = [
        (256, 4, 1, image.width), (257, 4, 1, image.height), (258, 3, 3, bits), (259, 3, 1, 5), (262, 3, 1, 2),
        (277, 3, 1, 3), (322, 4, 1, side), (323, 4, 1, side), (324, 4, len(tiles), places), (325, 4, len(tiles), sizes),
    ]  # fmt: skip
    data[4:8] = len(data).to_bytes(4, "little")
    data += len(entries).to_bytes(2, "little")
    for tag, kind, count, value in entries:
        data += tag.to_bytes(2, "little") + kind.to_bytes(2, "little")
        data += count.to_bytes(4, "little") + value.to_bytes(4, "little")
    return bytes(data + b"\0\0\0\0")


def test_a_tiff_in_tiles(opened: Any) -> None:
    with opened(tiled_tiff(corners())) as document, document.page(1) as page:
        assert_alike(rendered(page), corners())


@pytest.mark.parametrize(
    ("dpi", "points"),
    [
        (None, (816, 1056)),
        ((72, 72), (816, 1056)),
        ((1, 1), (816, 1056)),
        ((200, 200), (612, 792)),
        ((300, 300), (408, 528)),
        ((4000, 4000), (816, 1056)),
        ((600, 150), (816, 1056)),
    ],
)
def test_the_resolution_of_scanners_is_believed(
    opened: Any, dpi: tuple[int, int] | None, points: tuple[int, int]
) -> None:
    data = image_file(Image.new("L", (1700, 2200), 255), "PNG", **({"dpi": dpi} if dpi else {}))
    with opened(data) as document, document.page(1) as page:
        assert page.get_size() == pytest.approx(points, abs=1)


def test_a_fax_has_its_shape(opened: Any) -> None:
    fax = Image.new("1", (1728, 1078), 1)
    ImageDraw.Draw(fax).rectangle((0, 0, 863, 538), fill=0)
    with opened(image_file(fax, "TIFF", compression="group4", dpi=(204, 98))) as document, document.page(1) as page:
        assert page.get_size() == pytest.approx((610, 792), abs=1)
        found = rendered(page).convert("L")
    assert [found.getpixel(at) for at in ((300, 400), (900, 400), (300, 1200))] == [0, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_images_are_upright(opened: Any, kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = image_file(corners(), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image)
    with opened(data) as document, document.page(1) as page:
        assert_alike(rendered(page), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_their_own_pixels_are_upright(opened: Any, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    with opened(image_file(corners(), "PNG", exif=exif)) as document:
        raster = document.raster(1, 2.0, MAX_PIXELS)
    expected = corners()
    expected.getexif()[ExifTags.Base.Orientation] = orientation
    ImageOps.exif_transpose(expected, in_place=True)
    assert np.array_equal(raster[:, :, ::-1], np.asarray(expected))


def test_grey_pixels_are_given_in_colour(opened: Any) -> None:
    with opened(image_file(corners().convert("L"), "PNG")) as document:
        raster = document.raster(1, 2.0, MAX_PIXELS)
    assert raster.shape == (200, 300, 3)
    assert np.array_equal(raster[:, :, 0], np.asarray(corners().convert("L")))


def test_damaged_exif_does_not_cost_the_page(opened: Any) -> None:
    data = image_file(corners(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    with opened(data) as document, document.page(1) as page:
        assert page.get_size() == pytest.approx((144, 96))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(opened: Any, mode: str) -> None:
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((0, 0, 149, 199), fill=(0, 0, 0, 255))
    with opened(image_file(image.convert(mode), "PNG")) as document, document.page(1) as page:
        found = rendered(page)
    assert (found.getpixel((50, 100)), found.getpixel((250, 100))) == ((0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_of_what_moves_the_first_frame_is_the_page(opened: Any, kind: str) -> None:
    moving = image_file(corners(), kind, save_all=True, append_images=[Image.new("RGB", (300, 200), "black")] * 3)
    with opened(moving) as document:
        assert len(document) == 1
        with document.page(1) as page:
            assert_alike(rendered(page), corners())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("band", [bitmaps.BAND, 1000])
def test_images_are_made_smaller_and_not_refused(
    opened: Any, monkeypatch: pytest.MonkeyPatch, kind: str, band: int
) -> None:
    monkeypatch.setattr(bitmaps, "BAND", band)
    data, most = image_file(corners((301, 203)), kind), 301 * 203 // 9
    with opened(data, max_pixels=most) as document, document.page(1) as page:
        width, height = pixels_of(page)
        assert width * height <= most
        assert page.get_size() == pytest.approx((144.48, 97.44))
        assert_alike(rendered(page), corners((301, 203)), most=8)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {})],
)
def test_short_of_memory_images_are_smaller_and_then_refused(
    opened: Any, monkeypatch: pytest.MonkeyPatch, kind: str, options: dict[str, Any]
) -> None:
    data = image_file(corners((600, 400)), kind, **options)
    monkeypatch.setattr(bitmaps, "MEMORY_MAX", {"WEBP": 22, "TIFF": 5}.get(kind, 7) * 600 * 400)
    with opened(data) as document:
        with document.page(1) as page:
            assert pixels_of(page)[0] <= 300 or (kind, options) == ("JPEG", {})
            assert_alike(rendered(page), corners((600, 400)), most=8)
        monkeypatch.setattr(bitmaps, "MEMORY_MAX", 1000)
        with pytest.raises(PageError, match=r"0 megapixels.*lower resolution") as refusal, document.page(1):
            pass
    assert refusal.value.code == "page_failed"


def test_a_poster_of_one_bit_is_read(opened: Any) -> None:
    """Of A0 at 400 dpi; its 236 MiB are what a page process still has."""
    poster = image_file(Image.new("1", (13_244, 18_724), 1), "TIFF", compression="group4", dpi=(400, 400))
    with opened(poster) as document, document.page(1) as page:
        width, height = pixels_of(page)
        assert width * height <= MAX_PIXELS
        assert page.get_size() == pytest.approx((2384, 3370), abs=1)


def test_bombs_are_refused_before_they_are_decoded(opened: Any) -> None:
    moving = image_file(corners(), "WEBP", save_all=True, append_images=[Image.new("RGB", (300, 200))])
    canvas = (16_383).to_bytes(3, "little")
    header = struct.pack(">4sIIBBBBB", b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d" + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IDAT"
    for data, words in ((moving[:24] + canvas + canvas + moving[30:], "268 mega"), (png, "3,600 mega")):
        with opened(data) as document, pytest.raises(PageError, match=words), document.page(1):
            pass


def test_inks_of_a_jpeg(opened: Any) -> None:
    with opened(image_file(corners().convert("CMYK"), "JPEG")) as document, document.page(1) as page:
        assert_alike(rendered(page), corners())


@pytest.mark.parametrize("size", [(1, 1), (1, 30_000), (30_000, 1)])
def test_odd_sizes(opened: Any, size: tuple[int, int]) -> None:
    with opened(image_file(Image.new("L", size), "PNG")) as document, document.page(1) as page:
        assert 0 < max(page.get_size()) <= image.SIDE_MAX


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cut_off_is_said(opened: Any, kind: str) -> None:
    """At each length it is either the document that cannot be opened, or its page that cannot be decoded."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8))
    data = image_file(noise, kind)
    codes = set()
    for length in (20, 40, 100, len(data) // 2, len(data) - 200):
        with pytest.raises((DocumentError, PageError)) as refusal, opened(data[:length]) as document, document.page(1):
            pass
        assert refusal.value.message.endswith(".")
        codes.add(refusal.value.code)
    assert codes <= {"document_invalid", "page_failed"}


def test_a_bad_frame_costs_no_other(opened: Any) -> None:
    frames = [corners(), Image.effect_noise((300, 200), 90).convert("RGB"), corners()]
    data = bytearray(image_file(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw"))
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        image.seek(1)
        for offset in image.tag_v2[273]:
            data[offset : offset + 64] = b"\xff" * 64
    with opened(bytes(data)) as document:
        assert len(document) == 3
        with pytest.raises(PageError, match="Page 2 cannot be decoded: its TIFF image is damaged"), document.page(2):
            pass
        with document.page(3) as page:
            assert_alike(rendered(page), corners())


def test_frames_of_a_bigtiff(opened: Any) -> None:
    data = image_file(corners(), "TIFF", save_all=True, append_images=[corners()] * 2, big_tiff=True)
    with opened(data) as document:
        assert len(document) == 3
        with document.page(3) as page:
            assert_alike(rendered(page), corners())


def test_a_frame_of_an_unknown_kind_costs_no_other(opened: Any) -> None:
    data = bytearray(image_file(corners(), "TIFF", save_all=True, append_images=[corners()] * 2))
    second = directories(data)[1]
    data[data.index(b"\6\1", second) + 8] = 99  # the photometric interpretation
    with opened(bytes(data)) as document:
        assert len(document) == 3
        with pytest.raises(PageError, match="is damaged or unsupported"), document.page(2):
            pass
        with document.page(3) as page:
            assert_alike(rendered(page), corners())


def directories(data: bytes | bytearray) -> list[int]:
    """Where those of a little-endian TIFF begin."""
    found, place = [], 4
    while at := int.from_bytes(data[place : place + 4], "little"):
        found.append(at)
        place = at + 2 + 12 * int.from_bytes(data[at : at + 2], "little")
    return found


def test_a_tiff_that_is_cut_off_says_so(opened: Any) -> None:
    data = image_file(corners(), "TIFF", save_all=True, append_images=[corners()] * 2)
    with opened(data[: directories(data)[2] - 10]) as document:
        assert len(document) == 3
        with document.page(1) as page:
            assert_alike(rendered(page), corners())
        with pytest.raises(PageError, match="Page 3 cannot be decoded"), document.page(3):
            pass


def test_a_tiff_of_endless_frames_is_refused(opened: Any) -> None:
    data = image_file(corners(), "TIFF")
    frames = b"".join(b"\0\0" + (len(data) + 6 * (i + 1)).to_bytes(4, "little") for i in range(30_000))
    first = directories(data)[0]
    end = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    chained = data[:end] + len(data).to_bytes(4, "little") + data[end + 4 :]
    with pytest.raises(DocumentError, match="more than 20,000 frames") as refusal, opened(chained + frames):
        pass
    assert refusal.value.code == "too_many_pages"


def test_frames_that_go_round_in_a_circle_have_an_end(opened: Any) -> None:
    data = bytearray(image_file(corners(), "TIFF"))
    (first,) = directories(data)
    end = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[end : end + 4] = first.to_bytes(4, "little")
    with opened(bytes(data)) as document:
        assert len(document) == 1


def test_a_full_disk_is_no_damage(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> None:
        raise OSError(5, "Input/output error")

    with opened(image_file(corners(), "PNG")) as document:
        monkeypatch.setattr(image, "decoded", fail)
        with pytest.raises(OSError, match="Input/output"), document.page(1):
            pass
