"""Step-size schedules against their closed forms, worked out by hand."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skbayes import solvers
from skbayes.solvers import SCHEDULES

HALF, TENTH = np.sqrt(0.5), 0.1
# name: (arguments, t, n_steps, factors)
ROWS = {
    "constant": ({}, [0, 3, 9], 10, [1.0, 1.0, 1.0]),
    # 0.01^(1/2) = 0.1, 0.01^(1/4) = sqrt(0.1)
    "exponential": ({"final": 0.01}, [0, 5, 10], 20, [1.0, np.sqrt(TENTH), TENTH]),
    # three levels of three steps
    "step": ({"drop": 0.5}, range(9), 9, [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]),
    # 4^(−1/2), 100^(−1/2)
    "inverse_scaling": ({"power": 0.5}, [0, 3, 99], 7, [1.0, 0.5, TENTH]),
    # (1 + cos 60°)/2, (1 + cos 90°)/2, (1 + cos 120°)/2
    "cosine": ({}, [0, 2, 3, 4], 6, [1.0, 0.75, 0.5, 0.25]),
    # cycles of 3, 2 and 2 steps: 7/3 and 14/3 rounded up are 3 and 5
    "cyclic_cosine": ({"n_cycles": 3}, range(7), 7, [1, 0.75, 0.25, 1, 0.5, 1, 0.5]),
}


def test_every_schedule_has_a_row_and_is_public():
    assert ROWS.keys() == SCHEDULES.keys()
    assert SCHEDULES.keys() <= set(solvers.__all__)


@pytest.mark.parametrize("name", ROWS)
def test_closed_form(name):
    arguments, t, n_steps, factors = ROWS[name]
    got = SCHEDULES[name](list(t), n_steps, **arguments)
    np.testing.assert_allclose(got, factors, rtol=1e-14)
    one_by_one = [SCHEDULES[name](step, n_steps, **arguments) for step in t]
    np.testing.assert_array_equal(got, one_by_one)


@pytest.mark.parametrize("name", ROWS)
@given(n_steps=st.integers(5, 10_000))
def test_begins_at_one_and_stays_above_zero(name, n_steps):
    # by definition, and because step sizes of 0 are refused by those who are given them
    factors = SCHEDULES[name](np.arange(n_steps), n_steps)
    assert factors[0] == 1.0
    assert np.all((factors > 0.0) & (factors <= 1.0))


@pytest.mark.parametrize("name", sorted(ROWS.keys() - {"cyclic_cosine"}))
@given(n_steps=st.integers(1, 1000))
def test_never_grows(name, n_steps):
    assert np.all(np.diff(SCHEDULES[name](np.arange(n_steps), n_steps)) <= 0.0)


@given(n_cycles=st.integers(1, 9), length=st.integers(1, 50))
def test_cycles_are_cosines(n_cycles, length):
    got = SCHEDULES["cyclic_cosine"](
        np.arange(n_cycles * length), n_cycles * length, n_cycles=n_cycles
    )
    np.testing.assert_array_equal(
        got, np.tile(SCHEDULES["cosine"](np.arange(length), length), n_cycles)
    )


@given(n_cycles=st.integers(1, 20), more=st.integers(0, 200))
def test_there_are_as_many_restarts_as_cycles_and_their_lengths_differ_by_one_at_most(
    n_cycles, more
):
    n_steps = n_cycles + more
    factors = SCHEDULES["cyclic_cosine"](np.arange(n_steps), n_steps, n_cycles=n_cycles)
    begins = np.flatnonzero(factors == 1.0)
    assert len(begins) == n_cycles
    assert np.ptp(np.diff(np.append(begins, n_steps))) <= 1


def test_all_take_the_step_and_the_number_of_steps_first():
    for schedule in SCHEDULES.values():
        assert list(inspect.signature(schedule).parameters)[:2] == ["t", "n_steps"]
