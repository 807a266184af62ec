"""The part of a supervisor that keeps an engine host, with secrets in its environment, attacked by a page process.

Prints as JSON which tries succeeded from the page process of each of two documents (inside), and which from a child
without sandbox (outside).
"""

import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.processes.lifecycle import run_until_signal
from app.settings import Settings
from app.storage.blobs import BlobStore
from support.documents import text_pdf
from worker.ipc.channel import ROOT, Channel
from worker.ipc.messages import PrepareDocument, ReadPages
from worker.supervisor import engine_host

from .tries import Targets, without_sandbox

open_channel = Channel.open


async def attacked_host(module: str, **parameters: Any) -> Channel:
    assert module == "worker.engine_host"
    return await open_channel("tests.support.attack.host", **parameters)


async def main() -> None:
    data = Path(tempfile.mkdtemp(prefix="attacked-"))
    settings = Settings(data_dir=data, page_processes=1)
    own, other, later = map(BlobStore(settings).job, ("own", "other", "later"))
    for folder in (own, other, later):
        folder.create()
        folder.write(folder.source, text_pdf())
    for number in (1, 2):
        other.write(other.page(number), b"{}")
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(data / "socket"))
        unix.listen()
        targets = Targets(
            supervisor=os.getpid(),
            parent=os.getpid(),
            own=str(own._root),
            other=str(other._root),
            data=str(data),
            root=str(ROOT),
            tcp=tcp.getsockname()[1],
            unix=str(data / "socket"),
        )
        os.environ["PYTHON_ATTACK_TARGETS"] = json.dumps(vars(targets))
        Channel.open = attacked_host  # type: ignore[method-assign]
        keeper = engine_host.EngineHostManager("attacked", settings)
        keeping = asyncio.create_task(keeper.keep())
        await keeper.ready.wait()
        assert keeper._channel is not None
        environment = _environment(keeper._channel.pid)
        found = []
        for folder in (own, later):
            await keeper.call(PrepareDocument(folder.id, None, None))
            await keeper.stream(ReadPages(folder.id, {}, [1], "1"), lambda _: None)
            found.append(json.loads(json.loads(folder.read(folder.page(1)))["markdown"]))
        keeping.cancel()
        await asyncio.wait([keeping])
        outside = without_sandbox(targets)
        shutil.rmtree(data)
        print(json.dumps({"inside": found, "outside": outside, "host": environment}))


def _environment(pid: int) -> str:
    """Of the engine host; none where it cannot be read, as it should be."""
    try:
        return Path(f"/proc/{pid}/environ").read_text()
    except PermissionError:
        return ""


if __name__ == "__main__":
    sys.exit(run_until_signal(main()))
