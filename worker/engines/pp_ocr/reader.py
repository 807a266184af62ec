"""pp_ocr's side in the page processes."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.ma  # numpy.unique imports it when it is first called
import pypdfium2 as pdfium

from app.results.models import Page
from worker.documents.base import OpenDocument
from worker.engines.base import PageReader
from worker.engines.pp_ocr.document import DocumentAssembly
from worker.engines.pp_ocr.page import convert
from worker.engines.pp_ocr.raster import scan
from worker.engines.pp_ocr.raster.recogniser import recogniser
from worker.engines.pp_ocr.survey import Hint, survey


class PPOCRReader(PageReader[Hint]):
    @property
    def loaded(self) -> bool:
        return recogniser.cache_info().currsize > 0

    def preload(self) -> None:
        super().preload()
        blank = np.full((64, 256, 3), 255, np.uint8)
        recogniser().recognize_txt([blank])
        recogniser().cls_and_rotate([blank])
        scan.read(blank)

    def survey(self, document: OpenDocument, selected: list[int]) -> dict[int, Hint]:
        return survey(document, selected)

    def read(
        self, page: pdfium.PdfPage, number: int, hint: Hint | None, save_image: Callable[[str, bytes], None]
    ) -> Page:
        return convert(page, number, hint or Hint(), save_image, max_pixels=self.max_pixels)

    def assembly(self, pages: Iterable[Page]) -> DocumentAssembly:
        return DocumentAssembly(pages)
