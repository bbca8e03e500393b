"""The payload that travels from an initiator to a target and back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from accelsim.errors import SimulationError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Bytes, or an array with a row for each byte, which holds that byte of several images.
Data: TypeAlias = "bytes | npt.NDArray[np.uint8]"

#: Value of a cycle stamp that has not been set yet.
UNSTAMPED = -1


class Command(Enum):
    """What the target is asked to do."""

    READ = "read"
    WRITE = "write"


class Status(Enum):
    """How a transaction ended. A target sets an error; a transaction that returns without one is OK."""

    INCOMPLETE = "incomplete"
    OK = "ok"
    ADDRESS_ERROR = "address error"
    COMMAND_ERROR = "command error"


@dataclass(slots=True, eq=False)
class Transaction:
    """One request and its response; the same object goes all the way there and back.

    command:     READ or WRITE.
    address:     first byte, >= 0.
    size_bytes:  length, > 0.
    initiator:   who asks, for arbitration, statistics and logs: usually the path of a module.
    data:        None in a run that is only timed. In a functional one the `size_bytes` bytes to write, or, after a
                 read, the bytes read.
    delay_cycles: what is left of the way to the target when it is called (the timing annotation of TLM-2.0): it begins
                 so much later. A hop that only delays adds to it instead of waiting, which costs no event.
    issue_cycle, complete_cycle: stamped by the first socket that the transaction leaves through.
    status:      INCOMPLETE until it has come back.
    """

    command: Command
    address: int
    size_bytes: int
    initiator: str
    data: Data | None = None
    delay_cycles: int = 0
    issue_cycle: int = UNSTAMPED
    complete_cycle: int = UNSTAMPED
    status: Status = Status.INCOMPLETE

    def __post_init__(self) -> None:
        if self.address < 0 or self.size_bytes <= 0:
            raise SimulationError(f"{self.initiator}: no transaction of {self.size_bytes} bytes at {self.address}")
        if self.data is not None and len(self.data) != self.size_bytes:
            raise SimulationError(
                f"{self.initiator}: a transaction of {self.size_bytes} bytes carries {len(self.data)} bytes of data"
            )

    @property
    def latency_cycles(self) -> int:
        """Cycles from issue to completion; raises SimulationError when it has not completed."""
        if self.complete_cycle == UNSTAMPED:
            raise SimulationError(f"{self} has not completed")
        return self.complete_cycle - self.issue_cycle

    def __str__(self) -> str:
        return f"{self.command.value} of {self.size_bytes} bytes at {self.address:#x} by {self.initiator}"
