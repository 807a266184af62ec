"""What an image and a machine without internet fetch beforehand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from support.harness import ROOT
from worker.engines.paddleocr_vl.prefetch import models


@pytest.mark.parametrize(
    ("model", "layout", "vlm"),
    [
        ("v1", "PP-DocLayoutV2", "PaddleOCR-VL-0.9B"),
        ("v1.5", "PP-DocLayoutV3", "PaddleOCR-VL-1.5-0.9B"),
        ("v1.6", "PP-DocLayoutV3", "PaddleOCR-VL-1.6-0.9B"),
    ],
)
def test_a_model_is_fetched_with_what_belongs_to_it(model: str, layout: str, vlm: str) -> None:
    settings = Settings(model=model)
    assert models(settings, vlm=False) == [layout]
    assert models(settings, vlm=True) == [layout, vlm]
    assert models(Settings(model_name=f"ours/{vlm}"), vlm=True) == [layout, vlm]


def test_what_is_given_is_not_fetched() -> None:
    assert models(Settings(layout_model_dir=Path("there")), vlm=False) == []
    assert models(Settings(doc_preprocessing=True), vlm=False)[1:] == ["PP-LCNet_x1_0_doc_ori", "UVDoc"]
    assert models(Settings(vl_backend="native"), vlm=False)[1:] == ["PaddleOCR-VL-1.6-0.9B"]


def prefetch(cache: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a network namespace without network, as it is at a machine without internet."""
    return subprocess.run(
        ["unshare", "-rn", sys.executable, "-m", "worker.engines.paddleocr_vl.prefetch", *arguments],
        cwd=ROOT,
        env={**os.environ, "PADDLE_PDX_CACHE_HOME": str(cache), **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    for name in ("PP-DocLayoutV3", "PaddleOCR-VL-1.6"):  # as PaddleX calls their folders
        (tmp_path / "official_models" / name).mkdir(parents=True)
    ended = prefetch(tmp_path, "--vlm")
    assert ended.returncode == 0, ended.stderr
    assert "paddlex 3." in ended.stdout
    assert f"PP-DocLayoutV3 is in {tmp_path}/official_models/PP-DocLayoutV3\n" in ended.stdout
    assert f"PaddleOCR-VL-1.6-0.9B is in {tmp_path}/official_models/PaddleOCR-VL-1.6\n" in ended.stdout


def test_without_network_it_says_so(tmp_path: Path) -> None:
    ended = prefetch(tmp_path, MODEL="v1")
    assert ended.returncode == 1
    assert "PP-DocLayoutV2 cannot be downloaded" in ended.stderr
    assert "set PADDLE_PDX_MODEL_SOURCE to use another source" in ended.stderr
