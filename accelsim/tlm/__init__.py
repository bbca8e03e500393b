"""Transaction-level modelling on SimPy, in the manner of SystemC TLM-2.0: a small library of its own.

Modules form a tree and meet at sockets; transactions travel through the sockets in blocking calls that take simulated
time, counted in whole cycles. See `docs/tlm.md`.
"""

from accelsim.tlm.arbiter import Arbiter, FixedPriority, OldestFirst, Request, RoundRobin, Weighted
from accelsim.tlm.credit import CreditPool
from accelsim.tlm.cycles import CycleEnvironment, EndOfCycle, now_cycle
from accelsim.tlm.fifo import Fifo
from accelsim.tlm.models import SimpleMemory, TrafficPlayer
from accelsim.tlm.module import Module
from accelsim.tlm.monitor import Monitor, Rules
from accelsim.tlm.resource import ArbitratedResource
from accelsim.tlm.run import run_until_idle
from accelsim.tlm.socket import InitiatorSocket, TargetSocket
from accelsim.tlm.statistics import BusyTime, Counter, Histogram, Statistics, collect
from accelsim.tlm.trace import Trace, TraceRecord
from accelsim.tlm.transaction import Command, Data, Status, Transaction
from accelsim.tlm.waiting import NamedEvent

__all__ = [
    "Arbiter",
    "ArbitratedResource",
    "BusyTime",
    "Command",
    "Counter",
    "CreditPool",
    "CycleEnvironment",
    "Data",
    "EndOfCycle",
    "Fifo",
    "FixedPriority",
    "Histogram",
    "InitiatorSocket",
    "Module",
    "Monitor",
    "NamedEvent",
    "OldestFirst",
    "Request",
    "RoundRobin",
    "Rules",
    "SimpleMemory",
    "Statistics",
    "Status",
    "TargetSocket",
    "Trace",
    "TraceRecord",
    "TrafficPlayer",
    "Transaction",
    "Weighted",
    "collect",
    "now_cycle",
    "run_until_idle",
]
