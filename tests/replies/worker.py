"""A process that asks from several threads at once.

    python -m tests.replies.worker FOLDER PORT THREADS LEASE NUMBER...

says that it is ready, waits for a line, asks each thread for each number in the same order, and prints its figures. A
wrong reply ends it with a traceback.
"""

import json
import sys
import threading

from rev_accel import ResponseCache

from .server import ask, key, reply


def main() -> None:
    folder, port, threads, lease = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    numbers = [int(number) for number in sys.argv[5:]]
    cache = ResponseCache(folder=folder, lease=lease)
    together = threading.Barrier(threads)
    wrong: list[object] = []

    def work() -> None:
        together.wait()
        for number in numbers:
            try:
                found = cache.get_or_call(key(number), lambda number=number: ask(port, number))
            except Exception as error:
                wrong.append(repr(error))
            else:
                if found != reply(number):
                    wrong.append(number)

    print("ready", flush=True)
    sys.stdin.readline()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stats = cache.stats
    print(
        json.dumps(
            {
                "wrong": wrong,
                "hit": stats.hit,
                "miss": stats.miss,
                "shared": stats.shared,
                "stored": stats.stored,
                "bypass": dict(stats.bypass),
                "refused": dict(stats.refused),
            }
        )
    )


if __name__ == "__main__":
    main()
