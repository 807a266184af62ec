"""What a job costs the store: its commands, those inside of scripts included, and connections."""

import asyncio
import sys
import time
from collections import Counter

import redis.asyncio

from benchmarks import documents
from benchmarks.client import Client
from benchmarks.harness import Row, bounded, convert, ours, report, serving

JOBS = 300
WARM_UP = 30
AT_REST = 9.0  # seconds, three beats
LARGEST = 12


async def measure() -> list[Row]:
    async with serving(documents.article(1)) as url, ours("null") as service:
        client = Client(service.port)
        async with redis.asyncio.Redis.from_url(service.store) as store:
            for _ in range(WARM_UP):
                await convert(client, url)
            before, begun = await _commands(store), time.perf_counter()
            await asyncio.sleep(AT_REST)
            at_rest = (await _commands(store) - before).total() / (time.perf_counter() - begun)

            before, connections, begun = await _commands(store), await _connections(store), time.perf_counter()
            for _ in range(JOBS):
                await convert(client, url)
            seconds = time.perf_counter() - begun
            spent, opened = await _commands(store) - before, await _connections(store) - connections
        client.close()
    largest = ", ".join(f"{name} {count / JOBS:.1f}" for name, count in spent.most_common(LARGEST))
    return [
        bounded("commands a job costs the store, beats and all included", "", [spent.total() / JOBS], most=100),
        bounded("of these, what the service would have sent at rest", "", [at_rest * seconds / JOBS]),
        Row("of these, the most frequent", largest, "", "", "", None),
        bounded("connections to the store that a job opens", "", [opened / JOBS], most=0),
    ]


async def _commands(store: "redis.asyncio.Redis") -> Counter[str]:
    """Calls so far, of each command; INFO is left out: it is how this is measured, and nobody else's."""
    stats = await store.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): it["calls"] for name, it in stats.items() if name != "cmdstat_info"})


async def _connections(store: "redis.asyncio.Redis") -> int:
    return int((await store.info("stats"))["total_connections_received"])


if __name__ == "__main__":
    sys.exit(report({"commands": measure}, within=300))
