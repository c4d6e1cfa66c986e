"""What must hold of replies that are kept: the right one or none, one call for all who ask, whatever dies or is damaged."""
