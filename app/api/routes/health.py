"""Is the service alive, and can it do work?"""

import contextlib
import os
import uuid
from typing import Any

from fastapi import APIRouter

from app.api.dependencies import Context, Shared
from app.api.responses import Answer
from app.api.schemas.service import Health, Readiness
from app.redis import keys
from app.redis.client import StoreDown, socket_path, unfit
from app.redis.outages import GONE

router = APIRouter(tags=["service"])


def _envelope(error: str | None = None) -> dict[str, Any]:
    """The classic `status` and the HPS fields in one."""
    return {
        "status": "ok" if error is None else "unavailable",
        "logId": uuid.uuid4().hex,
        "errorCode": 0 if error is None else 503,
        "errorMsg": "Healthy" if error is None else error,
    }


@router.get(
    "/health",
    operation_id="get_health",
    summary="Check that the API is alive",
    response_model=Health,
    response_description="The API process answers.",
)
async def health() -> Answer:
    """A liveness probe: it checks nothing but the API process itself."""
    return Answer(_envelope())


@router.get(
    "/health/ready",
    operation_id="get_readiness",
    summary="Check that documents can be processed",
    response_model=Readiness,
    response_description="A document that is submitted now will be processed.",
    responses={503: {"model": Readiness, "description": "A part is missing: `errorMsg` and `parts` name it."}},
)
async def ready(shared: Shared) -> Answer:
    """A readiness probe: it checks the store, the disk, and that a worker is alive and its engine available."""
    parts = {"store": await _store(shared), "blobs": _blobs(shared)}
    there = parts["store"] is None
    parts["blobs"] = parts["blobs"] or (await _room(shared) if there else None)
    parts["worker"] = await _worker(shared) if there else "unknown while Redis is unavailable"
    parts |= await _engines(shared) if there else {}
    failing = {name: reason for name, reason in parts.items() if reason is not None}
    error = "; ".join(f"{name}: {reason}" for name, reason in failing.items()) or None
    body = _envelope(error) | {"parts": {name: reason or "ok" for name, reason in parts.items()}}
    return Answer(body, status_code=200 if error is None else 503)


async def _store(shared: Context) -> str | None:
    try:
        await shared.store.set(keys.PROBE, 1, ex=60)  # a replica, and a store that is full, can be read
        return await unfit(shared.store)
    except StoreDown as error:
        if error.message != GONE:
            return error.message
        where = "REDIS_URL" if shared.settings.redis_url else str(socket_path(shared.settings))
        return f"nothing answers at {where}"


def _blobs(shared: Context) -> str | None:
    folder = shared.settings.data_dir.absolute()
    return None if os.access(folder, os.W_OK | os.X_OK) else f"DATA_DIR {folder} is missing or not writable"


async def _room(shared: Context) -> str | None:
    with contextlib.suppress(StoreDown):
        return await shared.quota.refusal()
    return None


async def _worker(shared: Context) -> str | None:
    try:
        live = await shared.engines.live()
    except StoreDown:
        return "unknown while Redis is unavailable"
    return None if live else "no live worker; start one with python -m worker"


async def _engines(shared: Context) -> dict[str, str | None]:
    """Each engine with live workers."""
    with contextlib.suppress(StoreDown):
        unavailable_reasons = await shared.engines.unavailable_reasons()
        return {engine: unavailable_reasons.get(engine) for engine in sorted(await shared.engines.live())}
    return {}
