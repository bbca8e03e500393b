"""Number formats and, later, encoded layers and bit allocation. Stands on its own: it never imports the simulator."""
