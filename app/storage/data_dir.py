"""Creates and checks DATA_DIR before anything uses it."""

import contextlib
import errno
import tempfile
import time
import uuid
from pathlib import Path

from app.settings import Settings, SettingsError

ID_LOOKS, ID_PAUSE = 20, 0.01
"""How often, and at which interval in seconds, an id is looked for that another process is creating."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


def make_data_dir(settings: Settings) -> None:
    """Creates the directory if it is missing. Raises SettingsError if files cannot be created in it.

    A full disk is accepted: results can still be fetched and jobs deleted.
    """
    folder = settings.data_dir
    there = folder.is_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise SettingsError(f"DATA_DIR={folder} is not a directory; choose another with DATA_DIR=….") from None
    except OSError as error:
        if there and error.errno in _FULL:
            return
        verb = "written" if there else "created"
        message = f"DATA_DIR={folder.absolute()} cannot be {verb} ({error.strerror}); choose another with DATA_DIR=…."
        raise SettingsError(message) from None


def data_dir_id(folder: Path) -> str:
    """The id of this DATA_DIR, created on first use. Raises OSError."""
    path = folder / "id"
    with contextlib.suppress(FileExistsError), path.open("x") as file:
        file.write(uuid.uuid4().hex)
    for _ in range(ID_LOOKS):
        if found := path.read_text():
            return found
        time.sleep(ID_PAUSE)  # another process is about to write it
    raise OSError(errno.ENODATA, f"{path} is empty; delete it")  # its writer was killed
