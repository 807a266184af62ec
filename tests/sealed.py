"""The reader of pp_ocr on a kernel without Landlock: loaded by the fork server, which asks for it afterwards."""

from worker import landlock
from worker.engines.pp_ocr.reader import PPOCRReader

__all__ = ["PPOCRReader"]

landlock.version = lambda: 0
