"""Two initiators share one memory through a round-robin arbiter; prints the timed log of what they had to wait.

Each read needs 4 + 64 / 16 = 8 cycles of the memory. From the second read on, each waits for one of the other's.
"""

from simpy import Environment

from accelsim.tlm import Command, Module, RoundRobin, SimpleMemory, TrafficPlayer, Transaction, run_until_idle

env = Environment()
system = Module(env, "system")
memory = SimpleMemory(env, "memory", system, arbiter=RoundRobin(2), ports=2, latency_cycles=4, bytes_per_cycle=16)
reads = {name: [Transaction(Command.READ, 64 * i, 64, name) for i in range(3)] for name in ("cpu", "dma")}
for port, (name, transactions) in zip(memory.ports, reads.items(), strict=True):
    TrafficPlayer(env, name, system, transactions=transactions).socket.bind(port)
system.start()
print(f"idle at cycle {run_until_idle(env, system)}")
for read in sorted(reads["cpu"] + reads["dma"], key=lambda read: read.complete_cycle):
    print(f"{read.issue_cycle:3} -> {read.complete_cycle:3}  {read}, waited {read.latency_cycles - 8}")
