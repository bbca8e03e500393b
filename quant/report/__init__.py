"""What `quant` shows: tables in the terminal, and figures."""
