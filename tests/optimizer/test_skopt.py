"""scikit-optimize's arguments and its view of a search."""

import numpy as np
import pytest

from skbayes.acquisition import (
    ExpectedImprovement,
    LogExpectedImprovement,
    PerSecond,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from skbayes.optimizer import History, Trial, as_callbacks, optimizer_options, search_state


def test_the_table_of_arguments():
    options = optimizer_options(
        {
            "base_estimator": "ET",
            "n_random_starts": 4,
            "initial_point_generator": "lhs",
            "acq_func": "LCB",
            "acq_func_kwargs": {"kappa": 2.5, "xi": 0.1},
            "acq_optimizer": "sampling",
            "n_jobs": 3,
            "random_state": 7,
        }
    )
    acquisition = options.pop("acquisition")
    assert isinstance(acquisition, UpperConfidenceBound)
    assert acquisition.kappa == 2.5
    assert options == {
        "surrogate": "extra_trees", "n_initial_points": 4, "initial_design": "latin_hypercube",
        "random_state": 7,
    }  # fmt: skip
    assert optimizer_options(None) == {}
    assert optimizer_options({"acq_func": "gp_hedge"}) == {"acquisition": "auto"}
    assert optimizer_options({"acq_func": "MES"}) == {"acquisition": "mes"}
    xi = optimizer_options({"acq_func": "EI", "acq_func_kwargs": {"xi": 0.2}})["acquisition"]
    assert isinstance(xi, ExpectedImprovement)
    assert xi.margin == 0.2


def test_an_infinite_kappa_ranks_by_uncertainty_alone():
    options = optimizer_options({"acq_func": "LCB", "acq_func_kwargs": {"kappa": "inf"}})
    value = options["acquisition"].value(np.array([5.0, 0.0]), np.array([1.0, 1.1]), 0.0)
    assert np.isfinite(value).all()
    assert value[1] > value[0]


@pytest.mark.parametrize(
    ("name", "divided"), [("EIps", LogExpectedImprovement), ("PIps", ProbabilityOfImprovement)]
)
def test_the_ps_forms_are_per_second(name, divided):
    options = optimizer_options({"acq_func": name, "acq_func_kwargs": {"xi": 0.2}})
    acquisition = options["acquisition"]
    assert isinstance(acquisition, PerSecond)
    assert acquisition.cost_exponent == 1.0
    assert isinstance(acquisition.acquisition, divided)
    assert acquisition.acquisition.margin == 0.2


def test_what_weighs_is_taken_as_it_is():
    ours = {"failures": "weigh", "prior_weight": 3.0, "random_fraction": 0.1}
    assert optimizer_options(ours) == ours


def test_a_space_constraint_gets_the_values_by_sorted_name():
    constraint = optimizer_options({"space_constraint": lambda x: x[0] < x[1]})["constraint"]
    assert constraint({"b": 2, "a": 1})
    assert not constraint({"a": 3, "b": 2})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"no_such": 1}, "no_such"),
        ({"base_estimator": "GBRT"}, "GBRT"),
        ({"base_estimator": object()}, "another library"),
        ({"acq_func": "no"}, "acq_func='no'"),
        ({"acq_func_kwargs": {"kappa": "large"}}, "kappa='large'"),
        ({"acq_func_kwargs": {"xi": -1}}, "xi=-1"),
        ({"initial_point_generator": []}, "initial_point_generator"),
    ],
)
def test_what_is_unknown_is_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        optimizer_options(kwargs)


def test_the_state_is_negated_sorted_and_complete():
    history = History(
        (
            Trial(0, {"b": 1}, 0.2),
            Trial(1, {"a": "x", "b": 2}, 0.7),
            Trial(2, {"b": 3}, np.nan, "failed"),
        )
    )
    state = search_state(history, names={"c", "b", "a"})
    assert state.names == ["a", "b", "c"]
    assert state.x_iters == [[None, 1, None], ["x", 2, None], [None, 3, None]]
    np.testing.assert_array_equal(state.func_vals, [-0.2, -0.7, np.nan])
    assert (state.x, state.fun) == (["x", 2, None], -0.7)
    assert (state.params, state.score) == ({"a": "x", "b": 2}, 0.7)
    assert search_state(history).names == ["a", "b"]
    assert search_state(History()).x is None


def test_callbacks_are_callables():
    assert as_callbacks(None) == []
    assert as_callbacks(print) == [print]
    assert as_callbacks([print, len]) == [print, len]
    with pytest.raises(TypeError, match="got 3"):
        as_callbacks([print, 3])
