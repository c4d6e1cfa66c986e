"""Tests of the repository context: the judge is always git, run afresh and plainly."""
