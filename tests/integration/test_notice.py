"""NOTICE names what this repository holds of others."""

import ctypes
import re
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from support.harness import ROOT

NOTICE = (ROOT / "NOTICE").read_text()
FAMILIES = {
    "Liberation": "Liberation", "Noto": "Noto", "LinLibertine": "Linux Libertine", "BousungEG": "BousungEG",
    "LM": "Latin Modern", "CM": "Computer Modern", "MSAM": "AMS", "MSBM": "AMS", "Charter": "Charter",
    "Nimbus": "Nimbus", "URWPalladio": "Palladio", "Pazo": "Pazo", "Fandol": "Fandol",
}  # fmt: skip
"""How NOTICE calls a font, by how its name begins in a PDF."""


def files(*patterns: str) -> list[Path]:
    """The files of this repository; what programs leave behind is in hidden folders, or in none of these."""
    tops = [ROOT / top for top in ("app", "benchmarks", "deploy", "docker", "docs", "examples", "tests", "worker")]
    found = [path for top in tops for pattern in patterns for path in top.rglob(pattern)]
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)]


def embedded_fonts(document: Path) -> set[str]:
    """Names of the fonts that the document brings along, without the tag of a subset."""
    found = set()
    with pdfium.PdfDocument(document) as opened:
        for page in opened:
            for piece in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=8):
                font = raw.FPDFTextObj_GetFont(piece.raw)
                size = raw.FPDFFont_GetBaseFontName(font, None, 0)
                name = ctypes.create_string_buffer(size)
                raw.FPDFFont_GetBaseFontName(font, name, size)
                if raw.FPDFFont_GetIsEmbedded(font):
                    found.add(re.sub(r"^[A-Z]{6}\+", "", name.value.decode()))
    return found - {""}  # Type 3: drawn by the document itself


def test_fonts_in_documents_are_named() -> None:
    fonts = {name for document in files("*.pdf") for name in embedded_fonts(document)}
    assert len(fonts) > 30
    families = {next((family for begin, family in FAMILIES.items() if name.startswith(begin)), name) for name in fonts}
    assert {family for family in families if family not in NOTICE} == set()


def test_folders_with_a_licence_of_their_own_are_named() -> None:
    folders = {path.parent for path in files("*LICENSE*", "*NOTICE*", "*COPYING*")}
    assert {folder.name for folder in folders} == {"redoc", "swagger-ui"}
    for folder in folders:
        assert f"{folder.relative_to(ROOT)}:" in NOTICE


def test_there_are_no_other_fonts_models_and_archives() -> None:
    """They are mostly the work of others."""
    patterns = ("*.ttf", "*.otf", "*.woff*", "*.onnx", "*.whl", "*.zip", "*.gz")
    assert {path.parent.name for path in files(*patterns)} == {"redoc", "swagger-ui"}
