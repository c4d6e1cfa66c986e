"""The drop-in inside the real rev."""
