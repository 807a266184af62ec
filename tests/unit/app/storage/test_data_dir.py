"""The id of a DATA_DIR."""

import threading
from pathlib import Path

import pytest

from app.storage.data_dir import data_dir_id


def test_an_id_that_another_process_is_writing_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "id").touch()
    writing = threading.Timer(0.02, lambda: (tmp_path / "id").write_text("of another"))
    writing.start()
    assert data_dir_id(tmp_path) == "of another"
    writing.join()


def test_an_id_that_is_never_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "id").touch()
    with pytest.raises(OSError, match="id is empty; delete it"):
        data_dir_id(tmp_path)
