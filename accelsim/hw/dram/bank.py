"""One bank as the controller's queues see it: the bursts that wait for it, in order, and which row is open."""

from __future__ import annotations

from accelsim.hw.dram.timing import NEVER

NO_ROW = -1


class Request:
    """What is accepted and finished as one: a transaction, or what of it lies in one channel. Times are clocks."""

    __slots__ = ("accepted", "arrival", "finished", "is_write", "left", "runs")

    def __init__(self) -> None:
        #: When it reaches the controller.
        self.arrival = 0
        #: When the controller took the first burst; NEVER until then.
        self.accepted = NEVER
        #: When the last data have passed; the latest so far until `left` is 0.
        self.finished = 0
        #: Bursts that are not served yet.
        self.left = 0
        #: The runs that they are in.
        self.runs = 0
        self.is_write = False


class Run:
    """Bursts of one request in one row of one bank: a chunk, or, with others that follow, a group's share of one."""

    __slots__ = ("arrival", "bank", "follows", "is_write", "left", "request", "row")

    def __init__(
        self, arrival: int, bank: Bank, row: int, bursts: int, is_write: bool, request: Request, follows: bool = False
    ) -> None:
        #: When it reaches the controller.
        self.arrival = arrival
        self.bank = bank
        self.row = row
        #: Bursts not served yet.
        self.left = bursts
        self.is_write = is_write
        self.request = request
        #: Whether it is of the same chunk as the run before it.
        self.follows = follows

    def divide(self, bursts: int) -> Run:
        """Keep the first ones, and give the last `bursts` away as a run of their own."""
        self.left -= bursts
        self.request.runs += 1
        return Run(self.arrival, self.bank, self.row, bursts, self.is_write, self.request)


class Bank:
    """A bank of `group`. The first bursts of `runs`, `window` of them, are in the bank's own queue, where row hits go
    first; the others wait for a place in it.
    """

    __slots__ = (
        "activated",
        "current",
        "group",
        "is_opening",
        "left",
        "length",
        "number",
        "opens_at",
        "places",
        "precharge_from",
        "row",
        "row_bursts",
        "runs",
        "window",
    )

    def __init__(self, number: int, group: int, window: int) -> None:
        #: Its place in the order in which banks take turns.
        self.number = number
        self.group, self.window = group, window
        self.runs: list[Run] = []
        #: Bursts in `runs`. They, their requests and `row_bursts` learn of the turns of the current run in `settle`.
        self.length = 0
        #: Bursts that are left of the current run.
        self.left = 0
        #: Places of the window that are not taken by what waits behind the current run: while more bursts than these
        #: are left, another one finds its place with every turn.
        self.places = 0
        self.close(NEVER)

    def close(self, clock: int) -> None:
        """Close the row; the bank is precharged at `clock`."""
        self.row, self.row_bursts = NO_ROW, 0
        self.activated = self.precharge_from = clock
        #: Whether an activate is under way, and when the row is open.
        self.is_opening, self.opens_at = False, NEVER
        #: The run that is being served; None when the bank waits.
        self.current: Run | None = None

    def start(self, run: Run) -> None:
        """Make a run the current one."""
        self.current, self.left = run, run.left
        self.places = self.window - self.length + run.left

    def settle(self) -> None:
        """Take the turns that the current run has had off what there is to do."""
        run = self.current
        assert run is not None
        served = run.left - self.left
        run.left = self.left
        run.request.left -= served
        self.length -= served
        self.row_bursts += served

    def put(self, run: Run) -> int:
        """Take a run; how many of its bursts find no place in the window yet."""
        if self.current is not None:
            self.settle()
            self.places -= run.left
        self.runs.append(run)
        self.length += run.left
        beyond = self.length - self.window
        return 0 if beyond <= 0 else beyond if beyond < run.left else run.left

    def cut(self) -> list[Run]:
        """Take back what waits beyond the window, in order; a run across the edge is divided."""
        if self.current is not None:
            self.settle()
        back: list[Run] = []
        while self.length > self.window:
            last, excess = self.runs[-1], self.length - self.window
            if last.left <= excess:
                self.runs.pop()
            else:
                last = last.divide(excess)
            self.length -= last.left
            back.append(last)
        back.reverse()
        if self.current is not None:
            self.start(self.current)
        return back
