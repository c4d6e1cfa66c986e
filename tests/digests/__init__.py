"""Digests: a second implementation from the format's description, vectors, and random values."""
