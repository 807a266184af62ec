"""python -m worker.engines.paddleocr_vl.prefetch [--vlm]: downloads what MODEL needs into PaddleX's cache.

The cache is PADDLE_PDX_CACHE_HOME, else ~/.paddlex. What is there is not downloaded again. With --vlm the weights of
the VLM come, too, for a VLM server without internet that has the same cache.
"""

import argparse
import sys
from importlib.metadata import PackageNotFoundError, version

from app.settings import Settings, settings_or_exit
from worker.engines.paddleocr_vl.pipeline import choose_source


def models(settings: Settings, *, vlm: bool) -> list[str]:
    """The official models that a worker with these settings loads itself, and its VLM server's."""
    names = [] if settings.layout_model_dir else [settings.vl_model.layout]
    if settings.doc_preprocessing:
        names += [] if settings.doc_orientation_model_dir else ["PP-LCNet_x1_0_doc_ori"]
        names += [] if settings.doc_unwarping_model_dir else ["UVDoc"]
    if (vlm or settings.vl_backend == "native") and settings.vl_model_dir is None:
        names.append(settings.vl_model.official)
    return names


def fetch(settings: Settings, name: str) -> str:
    """The folder of the model, downloaded if need be. Raises Exception (PaddleX's own) where it cannot be had."""
    choose_source(settings)
    from paddlex.inference.utils.official_models import official_models

    by_onnx = settings.layout_engine == "onnxruntime" and not name.startswith("PaddleOCR-VL")
    return str(official_models.get_model_path(name, model_formats=("onnx",) if by_onnx else None))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Download the models that PaddleOCR-VL needs.")
    parser.add_argument("--vlm", action="store_true", help="also download the weights of the VLM")
    options = parser.parse_args(arguments)
    settings = settings_or_exit()
    for package in ("paddleocr", "paddlex", "paddlepaddle-gpu", "paddlepaddle"):
        try:
            print(f"{package} {version(package)}", flush=True)
        except PackageNotFoundError:
            continue
    for name in models(settings, vlm=options.vlm):
        try:
            print(f"{name} is in {fetch(settings, name)}", flush=True)
        except Exception as error:  # each source has errors of its own
            print(
                f"{name} cannot be downloaded: {error} (from {settings.paddle_pdx_model_source}; "
                "set PADDLE_PDX_MODEL_SOURCE to use another source)",
                file=sys.stderr,
            )
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
