"""Looks whether the drop-in fits the rev that is installed: what `rev-accel doctor` does.

`installations` finds interpreters that have rev, `examination` has each of them run `probe`, which compares rev's
functions with those of the drop-in (`checks`), and `findings` is what came of it.
"""
