"""python -m worker"""

import logging
import sys

from app.cli.misspelled import warn_of_misspelled
from app.logging import configure
from app.model_names import LATEST, version_of
from app.processes.lifecycle import run_until_signal
from app.redis.server import StoreError
from app.settings import SettingsError, settings_or_exit
from worker.supervisor.supervisor import Supervisor

log = logging.getLogger(__name__)


def main() -> int:
    settings = settings_or_exit()
    configure(settings)
    warn_of_misspelled()
    if settings.model_name and settings.model is None and version_of(settings.model_name) is None:
        log.warning(
            "MODEL_NAME=%s does not name a version of PaddleOCR-VL; assuming %s. If that is wrong, set MODEL",
            settings.model_name,
            LATEST,
        )
    try:
        return run_until_signal(Supervisor(settings).run())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
