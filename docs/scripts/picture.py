#!/usr/bin/env python3
"""Makes docs/assets/report.png: examples/report.pdf beside the markdown that the service makes of it.

    ./run.sh docs && .venv-docs/bin/python docs/scripts/picture.py

Starts the service for one call (./run.sh parse). Needs Debian's packages chromium, poppler-utils, fonts-liberation and
fonts-urw-base35.
"""

import subprocess
import tempfile
from pathlib import Path

import markdown

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "examples/report.pdf"
PICTURE = ROOT / "docs/assets/report.png"
WIDTH, HEIGHT = 1280, 826  # pixels of the picture
INK_HEIGHTS = (408, 318)  # pixels at 72 dpi: how much of each page is not blank

STYLE = """
body { margin: 0; width: 1280px; height: 826px; overflow: hidden; background: #eef1f4; display: flex; gap: 24px;
       padding: 18px 24px; box-sizing: border-box; font: 14px/1.42 "Liberation Sans", sans-serif; color: #1f2328 }
section { flex: 1; display: flex; flex-direction: column; min-width: 0 }
h6 { margin: 0 0 8px; font: bold 14px "Liberation Mono", monospace; color: #57606a }
.pages { display: flex; flex-direction: column; gap: 14px }
.page { overflow: hidden; background: white; border: 1px solid #d0d7de }
.page img { width: 100%; display: block }
article { flex: 1; overflow: hidden; background: white; border: 1px solid #d0d7de; padding: 10px 24px }
h1 { font-size: 25px; margin: 4px 0 8px; padding-bottom: 5px; border-bottom: 1px solid #d8dee4 }
h2 { font-size: 18px; margin: 12px 0 6px; padding-bottom: 3px; border-bottom: 1px solid #d8dee4 }
p, ul { margin: 6px 0 } ul { padding-left: 26px }
table { border-collapse: collapse; margin: 8px 0 } td, th { border: 1px solid #d0d7de; padding: 3px 14px }
article img { max-height: 118px }
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([ROOT / "run.sh", "parse", DOCUMENT, "-o", folder], check=True)
        subprocess.run(["pdftoppm", "-r", "144", "-png", DOCUMENT, folder / "page"], check=True)
        page = folder / "picture.html"
        page.write_text(html((folder / "report.md").read_text()), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"]
        subprocess.run(["chromium", *options, f"--screenshot={PICTURE}", page.as_uri()], check=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} KiB")


def html(result: str) -> str:
    """The pages of the document on the left, the markdown `result`, rendered, on the right."""
    width = (WIDTH - 72) / 2  # pixels of each half
    pages = "".join(
        f'<div class="page" style="height: {height * width / 595:.0f}px"><img src="page-{number}.png"></div>'
        for number, height in enumerate(INK_HEIGHTS, 1)
    )
    rendered = markdown.markdown(result, extensions=["tables"])
    return (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>'
        f'<section><h6>report.pdf</h6><div class="pages">{pages}</div></section>'
        f"<section><h6>report.md, rendered</h6><article>{rendered}</article></section>"
    )


if __name__ == "__main__":
    main()
