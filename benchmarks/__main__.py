"""python -m benchmarks [NAME…]: takes all measures but the long ones, or those named; prints the report as markdown."""

import argparse
import sys

from benchmarks import (
    backlog,
    beats,
    book,
    book1000,
    commands,
    drain,
    fresh,
    hostile,
    latency,
    sandbox,
    scan,
    slow_servers,
    soak,
    startup,
    submit,
    waiting,
)
from benchmarks.harness import report

MEASURES = {
    "submit": submit.measure,
    "latency": latency.measure,
    "drain": drain.measure,
    "backlog": backlog.measure,
    "commands": commands.measure,
    "startup": startup.measure,
    "book": book.measure,
    "scan": scan.measure,
    "sandbox": sandbox.measure,
    "hostile": hostile.measure,
    "waiting": waiting.measure,
    "slow_servers": slow_servers.measure,
    "fresh": fresh.measure,
}
LONG = {
    "beats": beats.measure,
    "book1000": book1000.measure,
    "soak": soak.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURES)}; {', '.join(LONG)}")
    names = parser.parse_args().names
    known = MEASURES | LONG
    if unknown := set(names) - set(known):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return report({name: known[name] for name in names or MEASURES}, within=3600)


if __name__ == "__main__":
    sys.exit(main())
