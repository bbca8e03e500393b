"""The payload: what it refuses, and how it reads."""

import pytest

from accelsim.errors import SimulationError
from accelsim.tlm import Command, Status, Transaction


def test_a_new_transaction_is_unstamped_and_incomplete() -> None:
    read = Transaction(Command.READ, 0x40, 64, "dma")
    assert (read.issue_cycle, read.complete_cycle, read.status, read.data) == (-1, -1, Status.INCOMPLETE, None)
    assert str(read) == "read of 64 bytes at 0x40 by dma"
    with pytest.raises(SimulationError, match="has not completed"):
        _ = read.latency_cycles


def test_latency_is_completion_minus_issue() -> None:
    assert Transaction(Command.READ, 0, 1, "dma", issue_cycle=3, complete_cycle=11).latency_cycles == 11 - 3


@pytest.mark.parametrize(("address", "size"), [(-1, 4), (0, 0), (0, -4)])
def test_addresses_and_sizes_are_checked(address: int, size: int) -> None:
    with pytest.raises(SimulationError, match=f"dma: no transaction of {size} bytes at {address}"):
        Transaction(Command.READ, address, size, "dma")


def test_data_is_as_long_as_the_transaction() -> None:
    with pytest.raises(SimulationError, match="a transaction of 4 bytes carries 3 bytes of data"):
        Transaction(Command.WRITE, 0, 4, "dma", data=b"abc")


def test_two_transactions_with_equal_fields_are_two_transactions() -> None:
    assert Transaction(Command.READ, 0, 1, "dma") != Transaction(Command.READ, 0, 1, "dma")


def test_there_is_no_dict_per_transaction() -> None:
    assert not hasattr(Transaction(Command.READ, 0, 1, "dma"), "__dict__")
