"""A page process that runs an attacker's code reaches no other job, parent, secret, network or program.

Supervisor, engine host and page process are started as a worker starts them; the attacker's code is in a reader that
only these processes know. Tried as root and as an ordinary user.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from support.attack.tries import TRIES
from support.harness import ROOT
from worker.page_process import landlock, seccomp

USER = 10001
SECRETS = {"REDIS_URL": "redis://:hunter2@127.0.0.1:1/0", "VL_API_KEY": "hunter2", "SOME_PASSWORD": "hunter2"}

AS_USER = f"""
set -e
# In a mount namespace of its own: Python may be in a folder that only root may enter.
for folder in "$@"; do
  top=$folder
  while [ "$(dirname "$top")" != / ]; do top=$(dirname "$top"); done
  [ -n "$(find "$top" -maxdepth 0 -perm -o=x)" ] && continue
  mkdir -p /mnt/kept && mount --bind "$folder" /mnt/kept
  mount -t tmpfs -o mode=755 none "$top" && mkdir -p "$folder" && mount --bind /mnt/kept "$folder"
done
exec setpriv --reuid {USER} --regid {USER} --clear-groups "$PYTHON" -m tests.support.attack.supervisor
"""
"""The arguments are folders that USER is to reach."""


def run_attack(user: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.support.attack.supervisor"]
    if user == "user" and os.getuid() == 0:
        reachable = os.path.realpath(sys.base_prefix)
        command = ["unshare", "-m", "--propagation", "private", "sh", "-c", AS_USER, "sh", reachable]
    elif (user == "root") != (os.getuid() == 0):
        pytest.skip("only root can be both")
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    environment = kept | SECRETS | {"PYTHON": sys.executable, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.skipif(not seccomp.supported(), reason="this machine has no filter for system calls")
@pytest.mark.skipif(landlock.version() == 0, reason="this kernel has no Landlock: nothing but the code is limited")
@pytest.mark.parametrize("user", ["root", "user"])
def test_code_in_a_page_process_gains_nothing(user: str) -> None:
    found = run_attack(user)
    assert [inside["succeeded"] for inside in found["inside"]] == [[], []]
    assert [len(inside["met"]) for inside in found["inside"]] == [1, 1]  # a document meets no other
    assert len(found["outside"]) >= 30, found["outside"]  # the tries work where there is no sandbox
    assert len(TRIES) >= 80
    assert "hunter2" not in found["host"]
    assert user == "root" or found["host"] == ""  # an ordinary user cannot look into an engine host at all
