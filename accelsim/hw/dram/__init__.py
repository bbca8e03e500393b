"""The DRAM. `module.py` is the block on the socket; behind it each channel answers, in closed form, when a chunk of
bursts is done: `channel.py`, from the state of its banks (`bank.py`) and of the controller's queue (`queue.py`).
`fine.py` is the same block burst by burst: `queued_channel.py`, `queued_bank.py` and `admission.py`.
"""

from accelsim.hw.dram.fine import FineDram
from accelsim.hw.dram.module import Dram

__all__ = ["Dram", "FineDram"]
