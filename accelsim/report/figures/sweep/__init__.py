"""The figures of a sweep: they take plain numbers and names, one file each."""
