"""python -m app.webhooks: the sender of callbacks, a process of its own beside the worker."""

import sys

from app.blobs import BlobStore
from app.jobs.queue import Jobs
from app.logs import configure
from app.outbound import Outbound
from app.processes import run_until_signal
from app.settings import Settings, settings_or_exit
from app.store import connect
from app.webhooks.deliver import Sender
from app.webhooks.outbox import Outbox


async def main(settings: Settings) -> None:
    store, outbound = connect(settings), Outbound(settings)
    outbox = Outbox(store, lease=settings.webhook_timeout + 10)
    try:
        await Sender(outbox, Jobs(store, settings), BlobStore(settings), outbound, settings).run()
    finally:
        await outbound.aclose()
        await store.aclose()


if __name__ == "__main__":
    chosen = settings_or_exit()
    configure(chosen)
    sys.exit(run_until_signal(main(chosen)))
