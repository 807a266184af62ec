"""The pipeline of PaddleOCR, made so that many threads can share it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.settings import Settings

if TYPE_CHECKING:
    from worker.documents.base import Raster

SCALE = 2.0
"""Pixels a point at which PaddleX renders a PDF (PADDLE_PDX_PDF_RENDER_SCALE)."""


class Locked:
    """A model that one thread may use at a time: Paddle's runner has one set of buffers (PaddleOCR#18268)."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, *args: Any, **kwargs: Any) -> list[Any]:
        with self._lock:
            return list(self._model(*args, **kwargs))

    predict = __call__  # PaddleX calls its VLM by this name


class Pipeline:
    """PaddleOCRVL. `client` takes the place of PaddleX's client of VLM servers, unless the VLM is in here (native)."""

    def __init__(self, settings: Settings, client: Any) -> None:
        choose_source(settings)
        from paddleocr import PaddleOCRVL

        on_cpu = settings.layout_engine == "onnxruntime" and client is not None  # then no part is Paddle's
        self._pipeline = PaddleOCRVL(
            pipeline_version=settings.vl_model.version,
            paddlex_config=_config(settings),
            device="cpu" if on_cpu else settings.device,
        )
        inner = self._pipeline.paddlex_pipeline._pipeline
        if client is not None:
            inner.vl_rec_model._genai_client = client
        else:
            inner.vl_rec_model = Locked(inner.vl_rec_model)
        if settings.layout_engine == "paddle":
            inner.layout_det_model = Locked(inner.layout_det_model)
            if settings.doc_preprocessing:
                inner.doc_preprocessor_pipeline = Locked(inner.doc_preprocessor_pipeline)

    def predict(self, raster: Raster, arguments: dict[str, Any]) -> Any:
        """The PaddleOCRVLResult of a page; `arguments` are those of PaddleOCRVL.predict."""
        chosen = {"use_doc_orientation_classify": False, "use_doc_unwarping": False, **arguments}
        return self._pipeline.predict(raster, use_queues=False, **chosen)[0]

    def restructure(self, pages: list[dict[str, Any]], *, merge_tables: bool, relevel_titles: bool) -> list[Any]:
        """The PaddleOCRVLResults of pages, given by their raw JSON (which is changed), after a look at all of them."""
        wrapped = [{"res": page} for page in pages]
        results: list[Any] = self._pipeline.restructure_pages(
            wrapped, merge_tables=merge_tables, relevel_titles=relevel_titles
        )
        return results


def choose_source(settings: Settings) -> None:
    """Where PaddleX downloads official models from; to be called before it is imported."""
    os.environ.setdefault("PADDLE_PDX_MODEL_SOURCE", settings.paddle_pdx_model_source)
    os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")  # it looks for them all, one by one


def _config(settings: Settings) -> dict[str, Any]:
    """PaddleX's own configuration of the pipeline, with our models."""
    from paddlex.inference import load_pipeline_config

    model = settings.vl_model
    name = "PaddleOCR-VL" if model.version == "v1" else f"PaddleOCR-VL-{model.version.removeprefix('v')}"
    config: dict[str, Any] = load_pipeline_config(name)
    config["batch_size"] = 1
    config["use_queues"] = False
    config["use_doc_preprocessor"] = settings.doc_preprocessing
    layout, vlm = config["SubModules"]["LayoutDetection"], config["SubModules"]["VLRecognition"]
    preprocessing = config["SubPipelines"]["DocPreprocessor"]["SubModules"]
    orientation, unwarping = preprocessing["DocOrientationClassify"], preprocessing["DocUnwarping"]
    layout |= {"model_name": model.layout, "model_dir": _path(settings.layout_model_dir)}
    orientation["model_dir"] = _path(settings.doc_orientation_model_dir)
    unwarping["model_dir"] = _path(settings.doc_unwarping_model_dir)
    if settings.layout_engine == "onnxruntime":
        for module in (layout, orientation, unwarping):
            module |= {
                "engine": "onnxruntime",
                "engine_config": {"onnxruntime": {"providers": ["CPUExecutionProvider"]}},
            }
    vlm["model_dir"] = _path(settings.vl_model_dir)
    vlm["genai_config"] = {"backend": settings.vl_backend}
    if settings.vl_backend != "native":
        vlm["genai_config"]["server_url"] = settings.vl_server_url[0]
    return config


def _path(folder: Path | None) -> str | None:
    return None if folder is None else str(folder)
