"""`python -m accelsim`: the command line of the simulator."""

from accelsim.cli import entry_point

if __name__ == "__main__":
    entry_point()
