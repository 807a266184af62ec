"""The house: imports run one way, and only the page processes load what reads documents."""

import ast
import subprocess
import sys

import pytest
from harness import ROOT

MODEL_LIBRARIES = {"cv2", "numpy", "onnxruntime", "pdf_inspector", "PIL", "pypdfium2", "rapidocr"}


def test_app_never_imports_worker() -> None:
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "worker"], path


@pytest.mark.parametrize(
    "module", ["app.main", "app.__main__", "app.webhooks.__main__", "worker.__main__", "worker.engine_host"]
)
def test_no_model_library_is_imported(module: str) -> None:
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert MODEL_LIBRARIES & set(ended.stdout.split()) == set()
