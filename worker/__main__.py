"""python -m worker"""

import sys

from app.logs import configure
from app.processes import run_until_signal
from app.settings import SettingsError, settings_or_exit
from app.store import StoreError
from worker.engines import ENGINES
from worker.supervisor import Supervisor


def main() -> int:
    settings = settings_or_exit()
    configure(settings)
    if settings.engine not in ("auto", *ENGINES):
        print(f"ENGINE={settings.engine} is not an engine of ours: auto, {', '.join(ENGINES)}.", file=sys.stderr)
        return 2
    try:
        return run_until_signal(Supervisor(settings).run())
    except (SettingsError, StoreError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
