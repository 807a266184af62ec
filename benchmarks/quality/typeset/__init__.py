"""Real typesetters: each module turns a document's content and layout into a PDF."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

PACKAGES = {
    "pdflatex": "texlive-latex-extra, texlive-latex-recommended, texlive-pictures, texlive-lang-german and lmodern",
    "xelatex": "texlive-xetex and texlive-lang-chinese",
    "soffice": "libreoffice-writer-nogui and libreoffice-impress-nogui",
    "chromium": "chromium",
}


def call(program: str, *arguments: str, cwd: Path, env: dict[str, str], ok: Sequence[int] = (0,)) -> str:
    """Runs a typesetter; its output goes into the error if it fails."""
    path = shutil.which(program)
    if path is None:
        raise SystemExit(f"{program} is missing: install the Debian package(s) {PACKAGES[program]}.")
    done = subprocess.run([path, *arguments], cwd=cwd, env=env, capture_output=True, timeout=240, check=False)
    output = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    if done.returncode not in ok:
        raise RuntimeError(f"{program} ended with {done.returncode}:\n{output[-3000:]}")
    return output
