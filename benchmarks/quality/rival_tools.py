"""Runs one tool on one document in the tool's own environment: `python rival_tools.py TOOL PDF LANG STEM`.

Writes STEM.md and STEM.run.json, the seconds of the conversion alone: imports and models, which a process loads once,
are loaded before. Needs nothing but the tool. With TOOL alone only loads it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

TESSERACT_LANGUAGES = {"en": "eng", "de": "deu", "zh": "chi_sim"}
TESSERACT_DPI = 200
Convert = Callable[[Path, str], str]  # a document and the language of its truth to markdown


def ours() -> Convert:
    engine = import_module("benchmarks.quality.engine")
    engine.load()
    return lambda path, lang: str(engine.convert(path)[0])


def markitdown() -> Convert:
    converter = import_module("markitdown").MarkItDown()
    return lambda path, lang: str(converter.convert(path).text_content)


def kreuzberg() -> Convert:
    """Scans by its tesseract, with --psm 1 as the tool by itself: its default, 3, leaves turned pages unread."""
    package = import_module("kreuzberg")

    def convert(path: Path, lang: str) -> str:
        options = {}
        if is_scan(path):
            language = TESSERACT_LANGUAGES[lang]
            tesseract_config = package.TesseractConfig(language=language, psm=1)
            ocr = package.OcrConfig(backend="tesseract", language=language, tesseract_config=tesseract_config)
            options = {"ocr": ocr, "force_ocr": True}
        config = package.ExtractionConfig(output_format="markdown", use_cache=False, **options)
        return str(package.extract_file_sync(path, config=config).content)

    return convert


def tesseract() -> Convert:
    """Plain text of the rendered pages, of born-digital documents too."""
    pdfium = import_module("pypdfium2")

    def convert(path: Path, lang: str) -> str:
        texts = []
        with pdfium.PdfDocument(path) as document, tempfile.TemporaryDirectory() as folder:
            image = Path(folder, "page.png")
            for page in document:
                page.render(scale=TESSERACT_DPI / 72).to_pil().save(image)
                command = ["tesseract", str(image), "-", "--psm", "1", "--dpi", str(TESSERACT_DPI)]
                command += ["-l", TESSERACT_LANGUAGES[lang]]
                texts.append(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        return "\n".join(texts)

    return convert


TOOLS: dict[str, Callable[[], Convert]] = {
    "ours": ours,
    "markitdown": markitdown,
    "kreuzberg": kreuzberg,
    "tesseract": tesseract,
}


def is_scan(path: Path) -> bool:
    return path.name.startswith("scan-")


def main(convert: Convert, source: str, lang: str, stem: str) -> None:
    start, used = time.perf_counter(), sum(os.times()[:4])
    markdown = convert(Path(source), lang)
    seconds = {"seconds": time.perf_counter() - start, "cpu": sum(os.times()[:4]) - used}
    Path(f"{stem}.md").write_text(markdown, encoding="utf-8")
    Path(f"{stem}.run.json").write_text(json.dumps({key: round(value, 3) for key, value in seconds.items()}))


if __name__ == "__main__":
    loaded = TOOLS[sys.argv[1]]()
    if sys.argv[2:]:
        main(loaded, *sys.argv[2:])
