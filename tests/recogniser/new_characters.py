"""Print the ranges of characters that have a name, but not in this Python, as `characters.rs` wants them.

usage: python3.11 new_characters.py NAMES

NAMES is the output of `cargo run -p rev-accel-harness -- characters`: one hexadecimal code for each character that
the recogniser's table of names has.
"""

import sys
import unicodedata
from pathlib import Path


def main(names: str) -> None:
    codes = [int(line, 16) for line in Path(names).read_text().split()]
    new = [code for code in codes if not unicodedata.name(chr(code), "")]
    ranges: list[list[int]] = []
    for code in new:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    print(f"const NEW: [(u32, u32); {len(ranges)}] = [")
    for first, last in ranges:
        print(f"    (0x{first:x}, 0x{last:x}),")
    print("];")


if __name__ == "__main__":
    main(sys.argv[1])
