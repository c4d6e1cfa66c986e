"""What must hold of views of a log: servers take them, what matters is in them, and they follow from the log alone."""
