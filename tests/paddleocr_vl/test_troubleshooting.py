"""docs/troubleshooting.md quotes what the service really says of PaddleOCR-VL: each message is provoked."""

import subprocess
import sys
from pathlib import Path

from benchmarks.simulated.vlm import MODEL, Reply, RunningVLM
from support.documents import text_pdf
from support.harness import Service, Web, answering, wait_for
from support.paddleocr_vl.service import environment
from support.troubleshooting import explained


def comes_to_say(service: Service, beginning: str) -> None:
    wait_for(lambda: explained(beginning, service.client.get("/health/ready").json()["errorMsg"]), 60)


def test_a_vlm_server_that_is_away_then_wrong_then_broken(layout_dir: Path) -> None:
    server = RunningVLM(model="another")
    server.stop()
    try:
        with answering(**environment(layout_dir, server)) as service:
            job = service.submit(text_pdf())
            wait_for(
                lambda: explained("Waiting: The VLM server", service.client.get(f"/jobs/{job}").json().get("note", "")),
                60,
            )
            server.start()
            comes_to_say(service, "The VLM server at … serves")
            server.answer = lambda request: Reply(500, {"error": {"message": "CUDA out of memory"}})
            server.model = MODEL
            for _ in range(3):
                service.submit(text_pdf(3))
            comes_to_say(service, "The VLM server at … fails all requests")
            server.answer = lambda request: None
            assert service.result(job)["status"] == "finished"
    finally:
        server.stop()


def test_a_vlm_server_that_asks_for_a_key(layout_dir: Path, web: Web) -> None:
    web.files["/health"] = b""
    web.statuses["/v1/models"] = [401] * 1000
    with answering(**environment(layout_dir) | {"VL_SERVER_URL": f"{web.url}/v1"}) as service:
        comes_to_say(service, "The VLM server at … denies access")


def test_a_layout_model_that_cannot_be_had(tmp_path: Path, vlm: RunningVLM) -> None:
    """What was downloaded is empty."""
    (tmp_path / "official_models/PP-DocLayoutV3").mkdir(parents=True)
    given = {"ENGINE": "paddleocr_vl", "VL_SERVER_URL": vlm.url, "PADDLE_PDX_CACHE_HOME": str(tmp_path)}
    with answering(**given) as service:
        comes_to_say(service, "PaddleOCR-VL cannot be loaded")


def test_paddle_asks_for_ccache() -> None:
    told = subprocess.run([sys.executable, "-c", "import paddle"], env={"PATH": ""}, capture_output=True, text=True)
    assert explained("No ccache found", told.stderr)
