"""What must hold for any input, file system and moment: a result or a status, never a crash or a hang."""
