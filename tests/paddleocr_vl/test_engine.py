"""Every version, backend, layout engine and option of the pipeline."""

import inspect
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paddleocr import PaddleOCRVL as Official

from app.engines.options import PaddleOCRVLOptions, check_options
from app.errors import EngineError
from app.results.pages import stored_page
from app.settings import Settings
from benchmarks.simulated import layout
from benchmarks.simulated.pages import pdf
from benchmarks.simulated.vlm import Reply, Request, RunningVLM
from support.harness import Service, answering, running, wait_for
from support.paddleocr_vl.engines import read, running_engine, stored
from support.paddleocr_vl.official import official_pipeline
from support.paddleocr_vl.service import environment
from worker.engines.base import Document
from worker.engines.paddleocr_vl.pipeline import Pipeline

pytestmark = pytest.mark.anyio

VERSIONS = [
    ("v1", "PP-DocLayoutV2", "PaddleOCR-VL-0.9B"),
    ("v1.5", "PP-DocLayoutV3", "PaddleOCR-VL-1.5-0.9B"),
    ("v1.6", "PP-DocLayoutV3", "PaddleOCR-VL-1.6-0.9B"),
]
BACKENDS = ["vllm-server", "sglang-server", "fastdeploy-server", "mlx-vlm-server", "llama-cpp-server"]


@pytest.mark.parametrize(("version", "layout_model", "name"), VERSIONS)
async def test_a_version_is_pipeline_layout_model_and_vlm(
    version: Any, layout_model: str, name: str, settings: Settings, vlm: RunningVLM, tmp_path: Path
) -> None:
    vlm.model = name
    model = layout.build(tmp_path / "layout", layout_model)
    chosen = settings.model_copy(update={"model": version, "layout_model_dir": model})
    async with running_engine(chosen) as engine:
        assert engine.unavailable_reason is None
        assert name in engine.version
        page = await read(engine, tmp_path / "job")
    assert [block.label for block in page.blocks] == list(layout.BLOCKS)
    assert {request.body["model"] for request in vlm.requests} == {name}


async def test_a_layout_model_of_another_version_is_told(settings: Settings, tmp_path: Path) -> None:
    model = layout.build(tmp_path / "layout", "PP-DocLayoutV2")
    with pytest.raises(EngineError, match="expected 'PP-DocLayoutV3' but config has 'PP-DocLayoutV2'"):
        async with running_engine(settings.model_copy(update={"layout_model_dir": model})):
            pass


@pytest.mark.parametrize("backend", BACKENDS)
async def test_every_backend(backend: Any, settings: Settings, vlm: RunningVLM, tmp_path: Path) -> None:
    chosen = settings.model_copy(update={"vl_backend": backend, "vl_api_key": "secret"})
    async with running_engine(chosen) as engine:
        page = await read(engine, tmp_path / "job", max_new_tokens=77)
    assert len(vlm.requests) == layout.REQUESTS
    assert not page.warnings
    for request in vlm.requests:
        picture, prompt = request.body["messages"][0]["content"]
        kind = "PNG" if backend == "llama-cpp-server" else "JPEG"
        assert picture["image_url"]["url"].startswith(f"data:image/{kind.lower()};base64,")
        assert prompt["text"] in ("OCR:", "Table Recognition:", "Formula Recognition:")
        limit = "max_tokens" if backend in ("mlx-vlm-server", "llama-cpp-server") else "max_completion_tokens"
        assert request.body[limit] == 77
        assert request.headers["authorization"] == "Bearer secret"


async def test_native_without_weights(settings: Settings, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    chosen = settings.model_copy(update={"vl_backend": "native", "vl_model_dir": weights, "device": "cpu"})
    with pytest.raises(EngineError, match=r"cannot be loaded: .*weights") as raised:
        async with running_engine(chosen):
            pass
    assert raised.value.code == "engine_unavailable"


async def test_paddle_as_layout_engine(settings: Settings, tmp_path: Path) -> None:
    """Sixteen threads share the pipeline; a box of another page would not fit this one."""
    model = layout.build(tmp_path / "layout", paddle=True)
    chosen = settings.model_copy(update={"layout_engine": "paddle", "layout_model_dir": model, "device": "cpu"})
    async with running_engine(chosen) as engine:
        page = await read(engine, tmp_path / "job")
        assert [block.label for block in page.blocks] == list(layout.BLOCKS)
        pipeline = engine._pipeline

    def detect(number: int) -> bool:
        height, width = 800 + number % 40 * 20, 600 + number % 40 * 15
        (found,) = detector([np.full((height, width, 3), 255, "uint8")])
        corners = found["boxes"][0]["coordinate"]
        expected = np.multiply(layout.BLOCKS["doc_title"], [width, height, width, height])
        return bool(np.allclose(corners, expected, atol=2))

    detector = pipeline._pipeline.paddlex_pipeline._pipeline.layout_det_model
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(detect, range(160)))


def test_all_options_of_predict_are_ours() -> None:
    theirs = set(inspect.signature(Official.predict).parameters) - {"self", "input", "kwargs", "use_queues"}
    assert set(PaddleOCRVLOptions.model_fields) >= theirs
    given: dict[str, Any] = {
        "use_chart_recognition": False,
        "layout_threshold": {"1": 0.4},
        "layout_unclip_ratio": [1, 2],
        "vlm_extra_args": {"ocr_max_pixels": 5},
        "restructure_pages": True,
    }
    kept = check_options("paddleocr_vl", given)
    assert PaddleOCRVLOptions.model_validate(json.loads(json.dumps(kept))).predict == {
        "use_chart_recognition": False,
        "layout_threshold": {1: 0.4},
        "layout_unclip_ratio": (1, 2),
        "vlm_extra_args": {"ocr_max_pixels": 5},
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"use_magic": True}, 'no option \\"use_magic\\"'),
        ({"use_queues": True}, 'no option \\"use_queues\\"'),
        ({"vlm_extra_args": {"x_max_pixels": 1}}, 'no option \\"vlm_extra_args.x_max_pixels\\"'),
        ({"layout_threshold": 2}, "options.layout_threshold"),
        ({"prompt_label": "poem"}, "options.prompt_label"),
        ({"prompt_label": "table"}, "use_layout_detection=false"),
        ({"min_pixels": 10, "max_pixels": 5}, "min_pixels is larger than max_pixels"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], words: str, service: Service) -> None:
    answer = service.client.post("/infer", files={"file": pdf()}, data={"options": json.dumps(options)})
    assert answer.status_code == 422
    assert words in answer.text


def test_models_that_are_not_loaded_are_told(service: Service) -> None:
    outcome = service.result(service.submit(pdf(), options='{"use_doc_unwarping": true}'))
    assert outcome["error"]["code"] == "engine_unavailable"
    assert "DOC_PREPROCESSING=1" in outcome["error"]["message"]


FLOWING: list[layout.Block] = [
    ("table", (0.08, 0.03, 0.92, 0.2)),
    ("paragraph_title", (0.05, 0.25, 0.6, 0.3)),
    ("text", (0.08, 0.35, 0.92, 0.5)),
    ("image", (0.1, 0.52, 0.5, 0.6)),
    ("paragraph_title", (0.05, 0.62, 0.6, 0.64)),
    ("table", (0.08, 0.75, 0.92, 0.98)),
]
"""Tables that may run over pages, headings that may have levels."""


@pytest.fixture(scope="module")
def flowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layout.build(tmp_path_factory.mktemp("flowing"), blocks=FLOWING)


@pytest.fixture(scope="module")
def flowing_service(flowing: Path, shared_vlm: RunningVLM) -> Iterator[Service]:
    with running(**environment(flowing, shared_vlm)) as service:
        yield service


@pytest.mark.parametrize("chosen", [{}, {"merge_tables": False}, {"relevel_titles": False}])
def test_restructured_pages_are_those_of_the_pipeline(
    chosen: dict[str, bool], flowing: Path, flowing_service: Service, vlm: RunningVLM, tmp_path: Path
) -> None:
    titles = ["Beginnings", "Details", "Middle", "Notes", "Ends", "Index"]
    titled: dict[str, str] = {}

    def answer(request: Request) -> Reply | None:
        if request.prompt == "OCR:":
            titled.setdefault(request.digest, titles[len(titled) % len(titles)])
            return Reply(text=titled[request.digest])
        return None

    vlm.answer = answer
    source = pdf((595, 842), (595, 842), (595, 842))
    (tmp_path / "source.pdf").write_bytes(source)
    with official_pipeline(flowing, vlm) as official:
        pages = official.predict(str(tmp_path / "source.pdf"))
        plain = [page.markdown["markdown_texts"] for page in pages]
        expected = official.restructure_pages(pages, **chosen)
    client = flowing_service.client
    job = flowing_service.submit(source, options=json.dumps({"restructure_pages": True, **chosen}))
    flowing_service.result(job)
    ours = [client.get(f"/jobs/{job}/pages/{number}", params={"raw": True}).json() for number in (1, 2, 3)]
    texts = [page.markdown["markdown_texts"] for page in expected]
    assert texts != plain
    for number, (page, text, theirs) in enumerate(zip(ours, texts, expected, strict=True), 1):
        assert page["markdown"] == text.replace("imgs/", f"p{number:04d}_")
        blocks = theirs.json["res"]["parsing_res_list"]
        assert [block["bbox"] for block in page["blocks"]] == [block["block_bbox"] for block in blocks]
        assert [block["block_label"] for block in page["raw"]["parsing_res_list"]] == [label for label, _ in FLOWING]


async def test_pages_that_cannot_be_restructured_stay_as_they_are(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise KeyError("block")

    async with running_engine(settings) as engine:
        job = await stored(engine, tmp_path / "job")
        document = Document(job, {"restructure_pages": True})
        await engine.page(document, 1)
        before = stored_page(job, 1)
        assert await engine.assemble(document) == []
        assert stored_page(job, 1).raw == before.raw
        monkeypatch.setattr(engine._pipeline, "restructure", fail)
        assert await engine.assemble(document) == []
    after = stored_page(job, 1)
    assert after.markdown == before.markdown
    assert after.warnings == ["The pages could not be restructured (KeyError)."]
    assert json.loads(job.read(job.result))["markdown"] == before.markdown


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"MODEL": "v1.5"}, "serves PaddleOCR-VL-1.6-0.9B, not PaddleOCR-VL-1.5-0.9B: start it with that model"),
        ({"LAYOUT_MODEL_DIR": "/nonexistent"}, "The engine does not start: PaddleOCR-VL cannot be loaded"),
    ],
)
def test_what_cannot_work_is_not_ready_and_says_why(
    more: dict[str, str], words: str, layout_dir: Path, vlm: RunningVLM
) -> None:
    with answering(**environment(layout_dir, vlm, **more)) as service:

        def said() -> str | None:
            answer = service.client.get("/health/ready")
            return answer.text if "paddleocr_vl" in answer.json()["parts"] else None

        answer = wait_for(said, 60)
        assert words in answer
        job = service.submit(pdf())
        wait_for(lambda: words in service.client.get(f"/jobs/{job}").json().get("note", ""))
        assert service.client.get(f"/jobs/{job}").json()["status"] == "queued"
        wait_for(lambda: "is up but not ready yet" in service.log.read_text())


def test_the_pair_of_packages_is_the_one_that_was_read(settings: Settings) -> None:
    """What we rely on beyond PaddleX's documented interface."""
    pipeline = Pipeline(settings, client=object())
    inner = pipeline._pipeline.paddlex_pipeline._pipeline
    assert hasattr(inner.vl_rec_model, "_genai_client")
    assert callable(inner.layout_det_model)
