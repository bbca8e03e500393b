"""The DRAM. `module.py` is the block on the socket; behind it each channel says when a request is done: `channel.py`,
from its banks (`bank.py`), their turns on the bus (`data_bus.py`) and the controller's queues (`admission.py`).
`fine.py` is the same block in step with the rest: `detail: fine`.
"""

from accelsim.hw.dram.fine import FineDram
from accelsim.hw.dram.module import Dram, DramSetup

__all__ = ["Dram", "DramSetup", "FineDram"]
