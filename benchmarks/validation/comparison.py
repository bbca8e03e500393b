"""What one comparison found, and how the page shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """A row of the page's first table, and a table of its own (lines of Markdown).

    `errors` are (modelled - reference) / reference, one for each case.
    """

    name: str
    what: str
    against: str
    errors: list[float]
    table: list[str]

    @property
    def summary(self) -> str:
        """The row: what, against what, on how many cases, mean and worst error, command."""
        sizes = [abs(error) for error in self.errors]
        cells = (
            f"[{self.what}](#{self.name})",
            self.against,
            str(len(sizes)),
            percent(sum(sizes) / len(sizes)),
            percent(max(sizes)),
            f"`python -m benchmarks.validation {self.name}`",
        )
        return f"| {' | '.join(cells)} |"


def percent(share: float) -> str:
    """A share as the page writes it."""
    return f"{share:.1%}".replace("%", " %")
