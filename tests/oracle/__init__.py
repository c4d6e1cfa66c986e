"""Independent answers for the tests: the real `rev-agentic`, run live, and a slow reference written from the contract."""

from oracle.comparison import canonical_digest, expected_text, show_difference
from oracle.process import Oracle
from oracle.reference import entry_for, report_for

__all__ = ["Oracle", "canonical_digest", "entry_for", "expected_text", "report_for", "show_difference"]
