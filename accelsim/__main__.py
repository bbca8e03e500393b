"""`python -m accelsim`: the command line of the simulator."""

import sys

from accelsim.cli import main

if __name__ == "__main__":
    sys.exit(main())
