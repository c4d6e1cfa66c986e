"""`python -m rev_accel` is the command `rev-accel`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
