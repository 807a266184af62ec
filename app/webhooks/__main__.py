"""python -m app.webhooks: the sender of callbacks, a process of its own beside the worker."""

import sys

from app.egress.client import EgressClient
from app.jobs.queue import Jobs
from app.logging import configure
from app.processes.lifecycle import run_until_signal
from app.redis.client import connect
from app.settings import Settings, settings_or_exit
from app.storage.blobs import BlobStore
from app.webhooks.outbox import Outbox
from app.webhooks.sender import Sender


async def main(settings: Settings) -> None:
    store, egress = connect(settings), EgressClient(settings)
    outbox = Outbox(store, lease=settings.webhook_timeout + 10)
    try:
        await Sender(outbox, Jobs(store, settings), BlobStore(settings), egress, settings).run()
    finally:
        await egress.aclose()
        await store.aclose()


if __name__ == "__main__":
    chosen = settings_or_exit()
    configure(chosen)
    sys.exit(run_until_signal(main(chosen)))
