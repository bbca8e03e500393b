"""Which number format each layer gets: the file that says so, and the searches that choose (`docs/allocation.md`)."""
