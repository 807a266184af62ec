"""Documents whose pages can be told from each other by their sizes and words."""

from fpdf import FPDF

A4 = 595, 842
"""Points."""


def pdf(*sizes: tuple[int, int]) -> bytes:
    """A page of each size, each with words of its own wherever one looks."""
    document = FPDF(unit="pt")
    document.set_auto_page_break(False)
    for number, (width, height) in enumerate(sizes or [A4], 1):
        document.add_page(format=(width, height))
        document.set_font("helvetica", size=height / 50)
        for line in range(1, 20):
            document.set_xy(width * 0.1, height * line / 20)
            document.cell(text=f"Line {line} of page {number}, {width} by {height}, " * 3)
    return bytes(document.output())
