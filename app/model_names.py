"""The versions of PaddleOCR-VL: each is a pipeline, a layout model and a VLM that belong together."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class VLModel:
    """`version` of the pipeline, official name of its `layout` model, and what the VLM server calls its VLM."""

    version: str
    layout: str
    name: str

    @property
    def official(self) -> str:
        """The VLM's official name."""
        return OFFICIAL[self.version].name


OFFICIAL = {
    model.version: model
    for model in (
        VLModel("v1", "PP-DocLayoutV2", "PaddleOCR-VL-0.9B"),
        VLModel("v1.5", "PP-DocLayoutV3", "PaddleOCR-VL-1.5-0.9B"),
        VLModel("v1.6", "PP-DocLayoutV3", "PaddleOCR-VL-1.6-0.9B"),
    )
}
LATEST = "v1.6"

_NAME = re.compile(r"paddleocr-vl(?![a-z])(?:-v?(\d+\.\d+)(?![\d.]*b))?")
"""In lower case: the official names, those of repositories of models (no -0.9B), and names or paths made of them."""


def version_of(name: str) -> str | None:
    """The version in a name of the VLM such as PaddlePaddle/PaddleOCR-VL-1.5; None where there is none that we know."""
    found = _NAME.search(name.lower().replace("_", "-"))
    version = f"v{found[1] or 1}" if found else ""
    return version if version in OFFICIAL else None


def choose(version: str | None, name: str | None) -> VLModel:
    """The model by its version, by a name of the VLM, or both; without a version in the name it is the latest.

    Raises ValueError where they contradict each other.
    """
    by_name = version_of(name) if name else None
    if version and by_name and version != by_name:
        raise ValueError(f"MODEL={version} is {OFFICIAL[version].name}, but MODEL_NAME={name} is a name of {by_name}")
    model = OFFICIAL[version or by_name or LATEST]
    return VLModel(model.version, model.layout, name or model.name)
