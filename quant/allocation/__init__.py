"""Which number format each layer gets, and the file that says so."""
