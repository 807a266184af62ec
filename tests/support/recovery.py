"""How soon a service works again after a fault."""

import time

from support.documents import text_pdf
from support.harness import Service, wait_for

RECOVERED_WITHIN = 15.0
"""Seconds from the end of a fault until the service is ready and has finished a job submitted after that end."""


def recovers(service: Service, fault_ended: float) -> None:
    """Waits until the service works again; `fault_ended` is when it began to be able to, by the monotonic clock."""

    def accepted() -> str | None:
        answer = service.client.post("/infer", files={"file": ("a.pdf", text_pdf(1))})
        assert answer.status_code in (202, 503), answer.text
        return answer.json()["job_id"] if answer.status_code == 202 else None

    job = wait_for(accepted)
    wait_for(lambda: service.client.get(f"/jobs/{job}").json().get("status") == "finished")
    wait_for(lambda: service.client.get("/health/ready").status_code == 200)
    took = time.monotonic() - fault_ended
    print(f"works again after {took:.1f} s")
    assert took <= RECOVERED_WITHIN
