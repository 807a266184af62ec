"""python -m app.webhooks: the sender of callbacks, a process of its own beside the worker."""

import sys

from app.blobs import BlobStore
from app.jobs.events import EventReader
from app.jobs.queue import Jobs
from app.logs import configure
from app.outbound import Outbound
from app.processes import run_until_signal
from app.settings import load_settings
from app.store import connect
from app.webhooks.deliver import Sender
from app.webhooks.outbox import Outbox


async def main() -> None:
    settings = load_settings()
    configure(settings)
    store, reading = connect(settings), connect(settings, block=True)
    events, outbound = EventReader(reading), Outbound(settings)
    events.start()
    try:
        await Sender(Outbox(store), Jobs(store, settings), BlobStore(settings), events, outbound, settings).run()
    finally:
        await outbound.aclose()
        await events.stop()
        await reading.aclose()
        await store.aclose()


if __name__ == "__main__":
    sys.exit(run_until_signal(main()))
