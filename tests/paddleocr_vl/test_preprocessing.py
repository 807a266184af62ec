"""Pages that are set upright and flattened before they are read, by small models in the place of PaddleX's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from benchmarks.simulated.pages import pdf
from benchmarks.simulated.vlm import RunningVLM
from support.harness import running
from support.paddleocr_vl.official import official_pipeline
from support.paddleocr_vl.service import environment


def save(folder: Path, graph: onnx.GraphProto, about: dict[str, Any]) -> Path:
    folder.mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(folder / "inference.onnx"))
    (folder / "inference.yml").write_text(yaml.safe_dump(about))
    return folder


def lying_on_its_side(folder: Path) -> Path:
    """Says of every page that it is turned by 90 degrees."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Unsqueeze", ["nothing", "one"], ["column"]),
        helper.make_node("Add", ["column", "scores"], ["y"]),
    ]
    constants = {"zero": np.zeros(1, "f4"), "one": np.array([1], "i8"), "scores": np.array([[0.1, 0.9, 0, 0]], "f4")}
    graph = helper.make_graph(
        nodes,
        "turned",
        [value("x", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [value("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    steps: list[dict[str, Any]] = [
        {"ResizeImage": {"resize_short": 256}},
        {"CropImage": {"size": 224}},
        {"NormalizeImage": {"channel_num": 3}},
        {"ToCHWImage": None},
    ]
    about = {
        "Global": {"model_name": "PP-LCNet_x1_0_doc_ori"},
        "PreProcess": {"transform_ops": steps},
        "PostProcess": {"Topk": {"topk": 1, "label_list": ["0", "90", "180", "270"]}},
    }
    return save(folder, graph, about)


def paler(folder: Path) -> Path:
    """Gives back the picture with half of its light."""
    value = helper.make_tensor_value_info
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["image", "half"], ["flat"])],
        "paler",
        [value("image", TensorProto.FLOAT, shape)],
        [value("flat", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.array(0.5, "f4"), "half")],
    )
    return save(folder, graph, {"Global": {"model_name": "UVDoc"}})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("preprocessing")
    return lying_on_its_side(folder / "orientation"), paler(folder / "unwarping")


def test_pages_are_preprocessed_where_a_job_asks(
    models: tuple[Path, Path], layout_dir: Path, vlm: RunningVLM, tmp_path: Path
) -> None:
    orientation, unwarping = models
    source = pdf((300, 500))
    (tmp_path / "source.pdf").write_bytes(source)
    more = {
        "DOC_PREPROCESSING": "1",
        "DOC_ORIENTATION_MODEL_DIR": str(orientation),
        "DOC_UNWARPING_MODEL_DIR": str(unwarping),
    }
    loaded = {
        "doc_orientation_classify_model_dir": str(orientation),
        "doc_unwarping_model_dir": str(unwarping),
        "use_doc_orientation_classify": True,
        "use_doc_unwarping": True,
    }
    started = running(**environment(layout_dir, vlm, **more))
    with official_pipeline(layout_dir, vlm, **loaded) as official, started as service:
        for turn, flatten in [(None, None), (True, None), (None, True), (True, True)]:
            chosen = {"use_doc_orientation_classify": turn, "use_doc_unwarping": flatten}
            given = {name: value for name, value in chosen.items() if value}
            job = service.submit(source, options=json.dumps(given))
            (page,) = service.result(job)["result"]["pages"]
            whole = {name: bool(value) for name, value in chosen.items()}
            (expected,) = official.predict(str(tmp_path / "source.pdf"), **whole)
            assert page["markdown"] == expected.markdown["markdown_texts"].replace("imgs/", "p0001_")
            assert (page["width"], page["height"]) == ((1000, 600) if turn else (600, 1000))
