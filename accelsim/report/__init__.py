"""Reports of a result: in the terminal, as files, and as figures. All numbers come from `summary`."""
