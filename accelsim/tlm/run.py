"""Running a started tree of modules to its end, and explaining it when there is none."""

from __future__ import annotations

from simpy import Environment

from accelsim.errors import SimulationError
from accelsim.tlm.cycles import now_cycle
from accelsim.tlm.module import Module, RunningProcess
from accelsim.tlm.waiting import describe_wait


def run_until_idle(env: Environment, root: Module) -> int:
    """Run until nothing is left to happen; returns the cycle of the last event.

    Raises SimulationError when `root` has not been started, and, as a deadlock, when processes of the tree have not
    finished: the message names each of them and what it waits for. The check costs nothing while the run goes on.
    """
    if root.running is None:
        raise SimulationError(f"{root.path}: start() it before it is run")
    env.run()
    alive = [entry for module in root.walk() for entry in module.running or () if entry.process.is_alive]
    blocked = [entry for entry in alive if not entry.is_daemon]
    if blocked:
        # A daemon that is stuck is often the cause, so all of them are shown, idle ones included.
        lines = [_describe(entry) for entry in blocked + [entry for entry in alive if entry.is_daemon]]
        raise SimulationError(
            f"deadlock at cycle {now_cycle(env)}: nothing is left to happen, but {len(blocked)} "
            f"process{'es have' if len(blocked) > 1 else ' has'} not finished\n" + "\n".join(lines)
        )
    return now_cycle(env)


def _describe(entry: RunningProcess) -> str:
    kind = " (daemon)" if entry.is_daemon else ""
    return f"  {entry.path}{kind} waits for {describe_wait(entry.process.target)}"
