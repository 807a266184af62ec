"""The floor: the smallest application that FastAPI, redis.asyncio and an RQ SimpleWorker with an empty job make."""

import os
from typing import Any

import redis
import redis.asyncio
from fastapi import FastAPI
from pydantic import BaseModel
from rq import Queue, SimpleWorker
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

store = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
queue = Queue(connection=redis.Redis.from_url(os.environ["REDIS_URL"]), serializer=JSONSerializer)
app = FastAPI()


class Document(BaseModel):
    pdf_url: str


def nothing(pdf_url: str) -> None:
    """The job."""


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/infer", status_code=202)
async def infer(document: Document) -> dict[str, str]:
    job = queue.create_job(nothing, args=(document.pdf_url,), status=JobStatus.QUEUED)
    async with store.pipeline() as pipe:
        pipe.hset(job.key, mapping=job.to_dict())
        pipe.sadd(Queue.redis_queues_keys, queue.key)
        pipe.rpush(queue.key, job.id)
        await pipe.execute()
    return {"job_id": job.id, "status": "queued"}


@app.get("/jobs/{job_id}/result")
async def result(job_id: str) -> dict[str, Any]:
    return {"job_id": job_id, "status": await store.hget(str(Job.key_for(job_id)), "status")}


if __name__ == "__main__":
    SimpleWorker([queue], serializer=JSONSerializer).work(logging_level="WARNING")
