"""The command line of `quant`.

Exit codes as `accelsim` has them: 0 done; 1 the output could not be written; 2 the input is wrong; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from quant.errors import QuantError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (by default the process's own) and return its exit code."""
    import typer

    from quant.cli.app import app

    try:
        return app(args=arguments, standalone_mode=False) or DONE
    except typer.TyperException as error:
        return _fail(error.format_message(), error.exit_code)
    except QuantError as error:
        return _fail(str(error), WRONG_INPUT)
    except OSError as error:
        return _fail(str(error), FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)


def _fail(message: str, status: int) -> int:
    one_line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
    print(f"quant: {one_line}", file=sys.stderr)
    return status
