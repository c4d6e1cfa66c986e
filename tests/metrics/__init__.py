"""What must hold of metrics: nothing is lost, whatever threads do, and accounts say what was measured."""
