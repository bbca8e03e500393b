"""`python -m quant`: encode a model, look at it, decode it."""

import sys

from quant.cli import main

if __name__ == "__main__":
    sys.exit(main())
