"""Options of engines."""

import pytest

from app.engines.options import check_options
from app.errors import InvalidRequest


def test_options_of_an_engine_without_any() -> None:
    with pytest.raises(InvalidRequest, match='pp_ocr has no option "speed"'):
        check_options("pp_ocr", {"speed": 1})
