"""A clock that the test sets: a library, loaded before all others, that shifts what a process is told of the time.

The file system goes by the kernel's clock, which stays right. So a clock that is ahead makes everything look long at rest, and one
that is put back makes what was just written lie in the future. With a clock that is ahead two changes within a tick of the kernel's
clock may have the same time, and nobody could tell them apart; `next_tick` keeps what is asked and the next change apart.
"""

import ctypes
import subprocess
import time
from pathlib import Path

SOURCE = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

long long shifted_by;

int clock_gettime(clockid_t clock, struct timespec *time) {
    int outcome = syscall(SYS_clock_gettime, clock, time);
    if (outcome == 0 && clock == CLOCK_REALTIME) {
        long long sum = time->tv_sec * 1000000000LL + time->tv_nsec + shifted_by;
        time->tv_sec = sum / 1000000000LL;
        time->tv_nsec = sum % 1000000000LL;
    }
    return outcome;
}
"""

COARSE = 5  # CLOCK_REALTIME_COARSE, which the library leaves alone

SECOND = 1_000_000_000
AHEAD = 5 * SECOND
BACK = (0, 0, 0, -1, -SECOND, -3 * SECOND, -3600 * SECOND)
FORTH = (AHEAD, AHEAD, 3600 * SECOND)


def build(folder: Path) -> str:
    """Makes the library; its name is for `LD_PRELOAD`."""
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
    return str(library)


class Clock:
    """The clock of this process, which was started with the library."""

    def __init__(self, library: str) -> None:
        self._shift = ctypes.c_longlong.in_dll(ctypes.CDLL(library), "shifted_by")

    def shift(self, nanoseconds: int) -> None:
        """Puts the clock so far ahead of the kernel's."""
        self._shift.value = nanoseconds

    def now(self) -> int:
        """The kernel's clock as file systems read it, which moves in ticks."""
        return time.clock_gettime_ns(COARSE)

    def next_tick(self, before: int) -> None:
        """Waits until this clock no longer shows what it did."""
        while self.now() == before:
            time.sleep(0.0003)
