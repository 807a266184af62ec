"""The CPU engine: text layers by PDFium, scans by PP-OCRv6 on ONNX Runtime. All of it runs in the page processes."""

from importlib.metadata import version

from worker.engines.base import Engine


class PPOCR(Engine):
    name = "pp_ocr"
    reader = "worker.engines.pp_ocr.reader:PPOCRReader"

    @property
    def version(self) -> str:
        return f"rapidocr {version('rapidocr')}"
