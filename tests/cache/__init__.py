"""What must hold with the cache as without it: the same answers, whatever happened to the tree, the cache, the process."""
