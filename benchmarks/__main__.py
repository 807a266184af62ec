"""python -m benchmarks [NAME…]: takes all measures, or those named, and prints the report as markdown."""

import argparse
import sys

from benchmarks import book, fresh, latency, scan, startup, submit
from benchmarks.harness import report

MEASURES = {
    "submit": submit.measure,
    "latency": latency.measure,
    "startup": startup.measure,
    "book": book.measure,
    "scan": scan.measure,
    "fresh": fresh.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASURES)}")
    names = parser.parse_args().names
    if unknown := set(names) - set(MEASURES):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return report({name: MEASURES[name] for name in names or MEASURES}, within=1000)


if __name__ == "__main__":
    sys.exit(main())
