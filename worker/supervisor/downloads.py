"""Downloads a document from its address into the folder of its job."""

import contextlib

from app.documents.formats import HEAD, require_document
from app.egress.client import EgressClient
from app.jobs.secrets import Secrets, forget_headers
from app.storage.blobs import JobFolder
from app.storage.quota import Quota
from worker.supervisor.file_calls import in_thread, replacing_in_thread


async def download(url: str, folder: JobFolder, egress: EgressClient, quota: Quota) -> None:
    """Stores what is at the address, once DATA_DIR has room for it; what is no document is refused by its head.

    Raises FetchError, DocumentError, OSError; StorageUnavailable where there is no room; StoreDown before it begins.
    """
    await in_thread(folder.forget_parts)
    secrets = await in_thread(Secrets.of, folder)
    head = bytearray()

    async def reserve(size: int) -> None:
        await room.enter_async_context(quota.reserved(size))

    async def save(chunk: bytes) -> None:
        if len(head) < HEAD:
            head.extend(chunk[: HEAD - len(head)])
            if len(head) == HEAD:
                require_document(bytes(head))
        await write(chunk)

    async with contextlib.AsyncExitStack() as room:
        async with replacing_in_thread(folder, folder.source) as write:
            size = await egress.download(url, save, secrets.headers, reserve=reserve)
            require_document(bytes(head))
        quota.add(size)
    await in_thread(forget_headers, folder)
