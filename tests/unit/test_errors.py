"""The error tree: what a message says, and that it survives being made again."""

import pickle

import pytest
from simpy import Environment

from accelsim.errors import InputError, MappingError, nearest_name

ERROR = MappingError("net.yaml:3", "found 'rowz'", "rows, cols", "rows")
MESSAGE = "net.yaml:3: found 'rowz'; did you mean 'rows'? (allowed: rows, cols)"


def test_the_message_says_where_what_and_what_is_allowed() -> None:
    assert str(ERROR) == MESSAGE
    assert str(InputError("net.yaml", "is empty")) == "net.yaml: is empty"


def test_it_reaches_another_process_whole() -> None:
    again = pickle.loads(pickle.dumps(ERROR))
    assert (type(again), str(again), again.nearest) == (MappingError, MESSAGE, "rows")


def test_it_leaves_a_simpy_process_whole() -> None:
    """SimPy raises a copy of what a process raised, made of its class and its arguments."""

    def process(env: Environment):
        yield env.timeout(1)
        raise ERROR

    env = Environment()
    env.process(process(env))
    with pytest.raises(MappingError) as raised:
        env.run()
    assert str(raised.value) == MESSAGE


def test_nearest_name_gives_nothing_rather_than_something_far() -> None:
    assert nearest_name("rowz", ["rows", "cols"]) == "rows"
    assert nearest_name("xyz", ["rows", "cols"]) is None
