#!/usr/bin/env python3
"""Measures what a scan leaves to the rest of the process: the speed of other Python threads, and Ctrl-C.

Two figures, each from several rounds in this one process:

- how fast a Python thread counts while a scan with one worker runs, against how fast it counts while
  the main thread sleeps (needs two cores to mean anything);
- how long after a SIGINT in the middle of a scan `KeyboardInterrupt` arrives, and whether the next scan works.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sysconfig
import threading
import time
from collections.abc import Callable

import rev_accel

ROUNDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tree", default=sysconfig.get_path("stdlib"), help="what is scanned (default: Python's own library)"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each measurement (default: {ROUNDS})")
    options = parser.parse_args()

    def scan(threads: int) -> None:
        rev_accel.scan(options.tree, root=options.tree, selection="all", cache=False, threads=threads)

    scan(2)  # loads what is loaded once, and the page cache
    shares = [counting_share(lambda: scan(1)) for _ in range(options.rounds)]
    share = statistics.median(shares)
    print(f"a counting thread keeps {share:.0%} of its speed (median; lowest {min(shares):.0%})")
    delays = [interrupt_delay(lambda: scan(1), 0.02 + 0.01 * (index % 5)) for index in range(options.rounds)]
    scan(2)
    median, latest = statistics.median(delays) * 1e3, max(delays) * 1e3
    print(f"KeyboardInterrupt {median:.0f} ms after the signal (median; latest {latest:.0f} ms)")


def counting_share(work: Callable[[], None]) -> float:
    """Counts per second during the work, as a share of the counts per second while nothing else runs."""
    before = rate(lambda: time.sleep(0.3))
    during = rate(work)
    after = rate(lambda: time.sleep(0.3))
    return during / ((before + after) / 2)


def rate(work: Callable[[], None]) -> float:
    count = 0
    stop = False

    def run() -> None:
        nonlocal count
        while not stop:
            count += 1

    counter = threading.Thread(target=run)
    counter.start()
    time.sleep(0.02)
    start_count, start = count, time.perf_counter()
    work()
    counted, seconds = count - start_count, time.perf_counter() - start
    stop = True
    counter.join()
    return counted / seconds


def interrupt_delay(work: Callable[[], None], seconds: float) -> float:
    """Seconds from a SIGINT, sent `seconds` after the work began, to the exception."""
    sent = 0.0

    def send() -> None:
        nonlocal sent
        time.sleep(seconds)
        sent = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send).start()
    try:
        work()
    except KeyboardInterrupt:
        return time.perf_counter() - sent
    raise SystemExit("the scan ended before the signal came: give a larger --tree")


if __name__ == "__main__":
    main()
