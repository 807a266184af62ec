"""A service with the engine between a layout model and VLM servers of the tests' own."""

from pathlib import Path

from benchmarks.simulated.vlm import RunningVLM


def environment(layout_dir: Path, *servers: RunningVLM, **more: str) -> dict[str, str]:
    """What a service with the engine is started with."""
    return {
        "ENGINE": "paddleocr_vl",
        "LAYOUT_ENGINE": "onnxruntime",
        "LAYOUT_MODEL_DIR": str(layout_dir),
        "VL_SERVER_URL": ",".join(server.url for server in servers),
        **more,
    }
