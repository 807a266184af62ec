"""Images as documents: each frame becomes the page of a PDF in memory, which engines read like any other."""

import errno
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from os import SEEK_CUR, SEEK_END
from typing import BinaryIO, Literal

import numpy as np
import pypdfium2 as pdfium
from PIL import ExifTags, Image

from app.documents.formats import Format
from app.errors import DocumentError, JobError, PageError
from worker.documents.base import OpenDocument, Raster
from worker.documents.bitmaps import decoded

FRAMES_MAX = 20_000
"""Of a TIFF; without an end to them, a file of 200 MB could announce 30 million."""

DPI, DPI_MAX = 150, 1200
"""What is taken where a file states none, or one that no scanner has, such as a screen's; and the largest."""
STRETCH_MAX = 2.6
"""Of the pixels' sides: a fax has 204 dpi by 98."""
SIDE_MAX = 14_400
"""Points: the largest page of PDF."""

PLACES = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""By EXIF's orientation, how the unit square of an image comes to lie on that of its page."""

TURNED: dict[int, Callable[[Raster], Raster]] = {
    1: lambda pixels: pixels,
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: np.rot90,
}
"""By EXIF's orientation, the image upright."""


class OpenImage(OpenDocument):
    """An image, which closes `file` in the end; of a TIFF all frames are pages, of animations only the first.

    Raises DocumentError.
    """

    has_text = False

    def __init__(self, file: BinaryIO, kind: Format, max_pixels: int) -> None:
        self._file = file
        self._kind = kind
        self._max_pixels = max_pixels
        damaged = DocumentError(f"The document is damaged: it cannot be opened as a {kind.value} image.")
        with _failing_as(damaged), self._opened():
            self._frames = count_frames(file) if kind is Format.TIFF else 1

    def __len__(self) -> int:
        return self._frames

    @contextmanager
    def page(self, number: int) -> Iterator[pdfium.PdfPage]:
        with closing(pdfium.PdfDocument.new()) as pdf:
            yield self._placed(number, pdf)

    def close(self) -> None:
        """Nothing that was decoded is kept: each page begins with the file."""
        self._file.close()

    def _opened(self) -> Image.Image:
        """Its header is read, and nothing decoded."""
        file = os.fdopen(os.dup(self._file.fileno()), "rb")  # Pillow closes it with the image
        try:
            file.seek(0)
            return Image.open(file, formats=[self._kind.name])
        except BaseException:
            file.close()
            raise

    def raster(self, number: int, scale: float, max_pixels: int) -> Raster:
        with self._frame(number) as image:
            bitmap = decoded(image, max_pixels)
            pixels = bitmap.to_numpy()
            if pixels.ndim == 2 or pixels.shape[2] == 1:
                pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
            return np.ascontiguousarray(TURNED[_orientation(image)](pixels))

    @contextmanager
    def _frame(self, number: int) -> Iterator[Image.Image]:
        """The frame of the page, not yet decoded. What fails with it becomes a PageError."""
        damaged = PageError(
            f"Page {number} cannot be decoded: its {self._kind.value} image is damaged or unsupported; save it with "
            "another program."
        )
        with _failing_as(damaged), closing(self._opened()) as image:
            if number > 1:
                image.seek(number - 1)
            yield image

    def _placed(self, number: int, pdf: pdfium.PdfDocument) -> pdfium.PdfPage:
        """The frame as the only thing on a new page."""
        with self._frame(number) as image:
            width, height = size_in_points(image)
            bitmap = decoded(image, self._max_pixels)
            a, b, c, d, e, f = PLACES[_orientation(image)]
        if a == 0:
            width, height = height, width
        picture = pdfium.PdfImage.new(pdf)
        picture.set_bitmap(bitmap)
        bitmap.close()
        page = pdf.new_page(width, height)
        picture.set_matrix(pdfium.PdfMatrix(a * width, b * height, c * width, d * height, e * width, f * height))
        page.insert_obj(picture)
        page.gen_content()
        return page


def count_frames(file: BinaryIO) -> int:
    """Of a TIFF, along the chain of its directories, to its end or to where it leaves the file or goes in a circle.

    Pillow's own count decodes each directory, and one that it does not understand would cost the whole document. Raises
    DocumentError.
    """
    end, found = file.seek(0, SEEK_END), set[int]()
    file.seek(0)
    head = file.read(4)
    order: Literal["little", "big"] = "little" if head.startswith(b"II") else "big"
    large = 43 in head  # BigTIFF
    address, count, entry = (8, 8, 20) if large else (4, 2, 12)  # bytes
    file.seek(8 if large else 4)
    while (offset := int.from_bytes(file.read(address), order)) and offset not in found:
        found.add(offset)
        if len(found) > FRAMES_MAX:
            raise DocumentError(f"The TIFF has more than {FRAMES_MAX:,} frames: split it.", code="too_many_pages")
        if offset >= end:  # cut off: the page that is missing will say so
            break
        file.seek(offset)
        file.seek(int.from_bytes(file.read(count), order) * entry, SEEK_CUR)
    return len(found)


def size_in_points(image: Image.Image) -> tuple[float, float]:
    """By the image's own resolution where that is one of scanners; at DPI where not, so that no screenshot grows."""
    try:
        across, down = (float(value) for value in image.info["dpi"])
        sane = DPI <= max(across, down) <= DPI_MAX and max(across, down) <= STRETCH_MAX * min(across, down)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        sane = False
    if not sane:
        across = down = DPI
    width, height = image.width * 72 / across, image.height * 72 / down
    scale = min(1, SIDE_MAX / max(width, height))
    return width * scale, height * scale


def _orientation(image: Image.Image) -> int:
    """EXIF's, of a decoded image: upright where it is none. Pillow has turned TIFFs already, and says so."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # in EXIF anything may be damaged; the pixels are still good
        return 1
    return orientation if orientation in PLACES else 1


@contextmanager
def _failing_as(damaged: JobError) -> Iterator[None]:
    """What Pillow stumbles over, in any of its ways, becomes `damaged`; its warnings are nobody's business."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (JobError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk's; EINVAL is a bad offset
            raise
        raise damaged from error
