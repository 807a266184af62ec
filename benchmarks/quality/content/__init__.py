"""The documents of the quality set: invented texts in English, German and Chinese."""

from benchmarks.quality.content import browser, latex, office
from benchmarks.quality.content.model import Document

DOCUMENTS: list[Document] = [*latex.DOCUMENTS, *office.DOCUMENTS, *browser.DOCUMENTS]
