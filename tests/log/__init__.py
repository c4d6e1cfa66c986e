"""What must hold of a log of messages: it owns them, names them exactly, and is found again as it was left."""
