"""PaddleOCRVL as PaddleOCR has it: what our pages are compared with."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openai import DefaultAsyncHttpxClient
from paddleocr import PaddleOCRVL
from paddlex.inference import load_pipeline_config

from benchmarks.simulated.vlm import RunningVLM

PATIENCE = 15.0  # seconds


class Impatient(DefaultAsyncHttpxClient):  # type: ignore[misc]
    """Asks again what is not answered. On a busy machine an answer was lost once; PaddleX waits ten minutes then."""

    async def send(self, request: Any, **arguments: Any) -> Any:
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
        return await super().send(request, **arguments)


@contextlib.contextmanager
def official_pipeline(layout_dir: Path, vlm: RunningVLM, **models: Any) -> Iterator[PaddleOCRVL]:
    config = load_pipeline_config("PaddleOCR-VL-1.6")
    config["SubModules"]["VLRecognition"]["genai_config"] = {
        "backend": "vllm-server",
        "server_url": vlm.url,
        "client_kwargs": {"http_client": Impatient()},
    }
    pipeline = PaddleOCRVL(
        paddlex_config=config,
        device="cpu",
        engine="onnxruntime",
        layout_detection_model_dir=str(layout_dir),
        use_queues=False,
        **models,
    )
    try:
        yield pipeline
    finally:
        pipeline.close()
