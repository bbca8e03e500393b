"""Expressions of a space file: Python's arithmetic and nothing else, checked against Python's own evaluation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accelsim.errors import InputError
from accelsim.explore.sweeps.expression import MAX_CHARACTERS, parse_expression

PATHS = {"array.rows": "array.rows", "rows": "array.rows", "cols": "array.cols", "lanes": "decoder.lanes"}
VALUES = {"array.rows": 12, "array.cols": 5, "decoder.lanes": None}


def value(text: str) -> object:
    return parse_expression(text, "space.yaml:3", PATHS).value(VALUES)


def message(text: str) -> str:
    with pytest.raises(InputError) as error:
        value(text)
    return str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "rows * cols <= 60",
        "rows // 5 + rows % 5 - 2 ** 3",
        "min(rows, cols, 7) / 2",
        "3 < cols < rows and not cols == 4",
        "-rows + 1.5",
        "rows > 100 or cols != 5",
        "max(rows, cols) ** 2",
        "'ws' == 'os'",
    ],
)
def test_it_is_pythons_arithmetic(text: str) -> None:
    assert value(text) == eval(text, {}, {"rows": 12, "cols": 5, "min": min, "max": max})


numbers = st.integers(-50, 50).map(str) | st.sampled_from(["rows", "cols"])
terms = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "<=", "=="]), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=6,
)


@given(terms)
def test_random_expressions_agree_with_python(text: str) -> None:
    if len(text) <= MAX_CHARACTERS:
        assert value(text) == eval(text, {}, {"rows": 12, "cols": 5})


def test_paths_may_be_written_in_full_and_are_collected() -> None:
    expression = parse_expression("array.rows == 2 * cols", "here", PATHS)
    assert expression.names == {"array.rows", "array.cols"}
    assert expression.holds({"array.rows": 4, "array.cols": 2})


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "rows.__class__",
        "[rows]",
        "lambda: rows",
        "(rows := 3)",
        "f'{rows}'",
        "rows[0]",
        "open('x')",
        "{1: 2}",
        "rows if cols else 1",
        "min(rows)",
        "min(*rows)",
        "rows @ cols",
        "1j",
        "rows;cols",
        "",
        "~1",
    ],
)
def test_anything_else_is_refused_with_its_place(text: str) -> None:
    assert message(text).startswith("space.yaml:3: ")


@pytest.mark.parametrize(
    "text", ["2 ** 999999999", "rows ** 65", "2.0 ** 64 ** 2", "'a' * 999", "9" * 399, "1e400", "(-8) ** 0.5"]
)
def test_nothing_grows_without_bound(text: str) -> None:
    assert message(text).startswith("space.yaml:3: ")


def test_limits_on_length_and_depth() -> None:
    assert "characters" in message("1+" * MAX_CHARACTERS + "1")
    assert "nested too deep" in message("-" * 60 + "1")


def test_messages_say_what_is_wrong() -> None:
    assert message("rosw * 2") == "space.yaml:3: no field 'rosw'; did you mean 'rows'?"
    assert "rows / (cols - 5) has no value with array.cols = 5, array.rows = 12: division by zero" in message(
        "rows / (cols - 5)"
    )
    assert "lanes * 2 has no value with decoder.lanes = None" in message("lanes * 2")


def test_a_number_is_no_condition() -> None:
    with pytest.raises(InputError, match="rows is 12, not a condition"):
        parse_expression("rows", "here", PATHS).holds(VALUES)
