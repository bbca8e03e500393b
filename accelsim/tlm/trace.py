"""What happened when, as integers: cheap to record, easy to select from, and with a digest to compare runs by."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from accelsim.errors import SimulationError, nearest_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIELDS = 5


class TraceRecord(NamedTuple):
    """One thing that happened: when, where, what, and two integers whose meaning the event fixes."""

    cycle: int
    source: str
    event: str
    a: int
    b: int


class Trace:
    """A growing list of records of five integers: cycle, source id, event id, a, b.

    Sources (module paths) and events (names) are interned once, when a module is built: `source` and `event` give the
    ids that `record` takes. Two runs that did the same have the same digest, in any process and with any hash seed.
    """

    def __init__(self) -> None:
        self._words = array("q")
        self._sources: dict[str, int] = {}
        self._events: dict[str, int] = {}

    def source(self, path: str) -> int:
        """The id of a source, the same for the same path."""
        return self._sources.setdefault(path, len(self._sources))

    def event(self, name: str) -> int:
        """The id of an event, the same for the same name."""
        return self._events.setdefault(name, len(self._events))

    @property
    def sources(self) -> tuple[str, ...]:
        """Source paths; a source id is an index into them."""
        return tuple(self._sources)

    @property
    def events(self) -> tuple[str, ...]:
        """Event names; an event id is an index into them."""
        return tuple(self._events)

    def record(self, cycle: int, source_id: int, event_id: int, a: int = 0, b: int = 0) -> None:
        """Append a record. Nothing is checked here: this is called for every transaction."""
        self._words.extend((cycle, source_id, event_id, a, b))

    def digest(self) -> str:
        """SHA-256, in hexadecimal, over the names of sources and events and all records."""
        state = sha256()
        for names in (self._sources, self._events):
            state.update(len(names).to_bytes(8, "little"))
            for name in names:
                encoded = name.encode()
                state.update(len(encoded).to_bytes(8, "little") + encoded)
        words = self._words
        if sys.byteorder == "big":
            words = array("q", words)
            words.byteswap()
        state.update(words)
        return state.hexdigest()

    def rows(self, event: str | None = None) -> NDArray[np.int64]:
        """A copy of the records, or of those of one event, as int64 [records, 5]: cycle, source id, event id, a, b.

        Raises SimulationError for an event that is not in the trace.
        """
        # Only figures need arrays, and a run without figures should not pay for the import.
        import numpy as np

        rows: NDArray[np.int64] = np.array(self._words, dtype=np.int64).reshape(-1, _FIELDS)
        if event is None:
            return rows
        if event not in self._events:
            nearest = nearest_name(event, self._events)
            hint = f"; did you mean {nearest!r}?" if nearest else ""
            raise SimulationError(f"no event {event!r} in the trace{hint} (there are: {', '.join(self._events)})")
        selected: NDArray[np.int64] = rows[rows[:, 2] == self._events[event]]
        return selected

    def __len__(self) -> int:
        return len(self._words) // _FIELDS

    def __iter__(self) -> Iterator[TraceRecord]:
        sources, events = self.sources, self.events
        words = iter(self._words)
        for cycle, source, event, a, b in zip(words, words, words, words, words, strict=True):
            yield TraceRecord(cycle, sources[source], events[event], a, b)
