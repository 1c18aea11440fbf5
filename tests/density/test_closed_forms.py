"""Formulas against the search for the same maximum, against scipy, and against their own definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skbayes.density import DistributionEstimator
from skbayes.density._closed_forms import CLOSED_FORMS, closed_form
from skbayes.density._family import family_of
from skbayes.density._observations import observations_of
from skbayes.density._problem import Problem
from skbayes.density._search import search
from skbayes.solvers import Newton

# Family, parameters to draw from, what is fixed: one row for each formula and for its patterns of fixed parameters.
ROWS = [
    ("norm", {"loc": 3.0, "scale": 2.0}, {}),
    ("norm", {"loc": 3.0, "scale": 2.0}, {"loc": 2.5}),
    ("norm", {"loc": 3.0, "scale": 2.0}, {"scale": 1.5}),
    ("expon", {"loc": 1.0, "scale": 2.0}, {}),
    ("expon", {"loc": 1.0, "scale": 2.0}, {"loc": 0.5}),
    ("expon", {"loc": 1.0, "scale": 2.0}, {"scale": 1.0}),
    ("laplace", {"loc": 3.0, "scale": 2.0}, {"loc": 2.5}),
    ("uniform", {"loc": 3.0, "scale": 2.0}, {}),
    ("uniform", {"loc": 3.0, "scale": 2.0}, {"loc": 2.0}),
    ("lognorm", {"s": 0.5, "scale": 2.0}, {"loc": 0.0}),
    ("lognorm", {"s": 0.5, "scale": 2.0}, {"loc": 0.0, "scale": 1.0}),
    ("lognorm", {"s": 0.5, "scale": 2.0}, {"loc": 0.0, "s": 0.4}),
    ("pareto", {"b": 3.0, "scale": 2.0}, {"loc": 0.0}),
    ("pareto", {"b": 3.0, "scale": 2.0}, {"loc": 0.0, "scale": 1.5}),
    ("pareto", {"b": 3.0, "scale": 2.0}, {"loc": 0.0, "b": 2.0}),
    ("powerlaw", {"a": 3.0, "scale": 2.0}, {"loc": 0.0}),
    ("powerlaw", {"a": 3.0, "scale": 2.0}, {"loc": 0.0, "scale": 2.5}),
    ("powerlaw", {"a": 3.0, "scale": 2.0}, {"loc": 0.0, "a": 2.0}),
    ("invgauss", {"mu": 1.5, "scale": 2.0}, {"loc": 0.0}),
    ("rayleigh", {"scale": 2.0}, {"loc": 0.0}),
    ("maxwell", {"scale": 2.0}, {"loc": 0.0}),
    ("halfnorm", {"loc": 1.0, "scale": 2.0}, {}),
    ("halfnorm", {"loc": 1.0, "scale": 2.0}, {"loc": 0.5}),
    ("gamma", {"a": 2.5, "scale": 2.0}, {"loc": 0.0}),
    ("gamma", {"a": 2.5, "scale": 2.0}, {"loc": 0.0, "a": 2.0}),
    ("weibull_min", {"c": 1.5, "scale": 2.0}, {"loc": 0.0, "c": 1.3}),
    ("levy", {"scale": 2.0}, {"loc": 0.0}),
    ("loguniform", {"a": 1.0, "b": 10.0}, {"loc": 0.0, "scale": 1.0}),
    ("poisson", {"mu": 3.5}, {"loc": 0}),
    ("poisson", {"mu": 3.5, "loc": 2}, {"loc": 1}),
    ("geom", {"p": 0.3}, {"loc": 0}),
    ("bernoulli", {"p": 0.3}, {"loc": 0}),
    ("binom", {"n": 7, "p": 0.3}, {"n": 7, "loc": 0}),
    ("nbinom", {"n": 4.0, "p": 0.4}, {"n": 3.5, "loc": 0}),
    ("randint", {"low": 2, "high": 9}, {"loc": 0}),
    ("dlaplace", {"a": 0.8}, {"loc": 0}),
    ("planck", {"lambda_": 0.5}, {"loc": 0}),
]
IDS = [f"{name}-{'-'.join(fixed)}" for name, _, fixed in ROWS]
# Edges in the shapes themselves, where no coordinate is a gap; and whole numbers: no search to compare with.
NO_SEARCH = {"loguniform", "randint"}


def drawn(name, truth, n=80, seed=0):
    return getattr(stats, name).rvs(**truth, size=n, random_state=seed).astype(float)


def test_every_formula_has_a_row():
    assert {type(getattr(stats, name)) for name, _, _ in ROWS} == set(CLOSED_FORMS)


@pytest.mark.parametrize(("name", "truth", "fixed"), ROWS, ids=IDS)
def test_the_formula_is_where_a_search_ends(name, truth, fixed):
    # Two roads to one maximum, with weights.
    if name in NO_SEARCH:
        return
    x = drawn(name, truth)
    weight = np.random.default_rng(1).integers(1, 4, x.size).astype(float)
    family = family_of(name)
    formula = {**closed_form(family.dist, x, weight, fixed), **fixed}
    problem = Problem(family, observations_of(x, weight), fixed, {}, {}, Newton(tol=1e-10))
    found = search(problem)
    by_formula = np.array([formula[key] for key in family.names])
    # 1e-6: a search sees its maximum to the root of the rounding of the likelihood.
    np.testing.assert_allclose(found.theta, by_formula, rtol=1e-6, atol=1e-7)
    value = -float(family.log_density(x, by_formula[None, :])[0] @ weight)
    assert value <= found.value + 1e-9 * abs(value)


@pytest.mark.parametrize(("name", "truth", "fixed"), ROWS, ids=IDS)
def test_no_parameters_nearby_are_likelier(name, truth, fixed):
    x, family = drawn(name, truth), family_of(name)
    model = DistributionEstimator(name, fixed=fixed).fit(x[:, None])
    best = np.array([model.params_[key] for key in family.names], dtype=float)
    free = [i for i, key in enumerate(family.names) if key not in fixed]
    rng = np.random.default_rng(2)
    for size in (1e-3, 1e-2, 0.1):
        moved = np.tile(best, (100, 1))
        if name == "randint":
            moved[:, free] += rng.integers(-1, 2, (100, len(free)))
        else:
            moved[:, free] *= np.exp(size * rng.standard_normal((100, len(free))))
        values = family.log_density(x, moved).sum(axis=1)
        assert values.max() <= model.log_likelihood_ + 1e-9 * abs(model.log_likelihood_)


@pytest.mark.parametrize(("name", "truth", "fixed"), ROWS, ids=IDS)
def test_a_weight_of_two_is_the_row_twice_and_of_zero_no_row(name, truth, fixed):
    x = drawn(name, truth)[:, None]
    weight = np.random.default_rng(3).integers(0, 4, len(x))
    weighted = DistributionEstimator(name, fixed=fixed).fit(x, sample_weight=weight)
    repeated = DistributionEstimator(name, fixed=fixed).fit(np.repeat(x, weight, axis=0))
    for key, value in repeated.params_.items():
        assert weighted.params_[key] == pytest.approx(value, rel=1e-10, abs=1e-12)
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-10)
    assert weighted.bic_ == pytest.approx(repeated.bic_, rel=1e-10)


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=20),
    st.data(),
)
def test_the_weighted_median_is_that_of_repeated_values(values, data):
    from skbayes.density._closed_forms import _median

    weight = data.draw(st.lists(st.integers(1, 4), min_size=len(values), max_size=len(values)))
    x, w = np.array(values), np.array(weight, dtype=float)
    assert _median(x, w) == pytest.approx(np.median(np.repeat(x, weight)), abs=1e-12)


def test_a_distribution_of_the_users_own_never_takes_the_formula_of_its_name():
    class Mine(stats.rv_continuous):
        def _pdf(self, x):
            return np.exp(-2.0 * np.abs(x))

    mine = Mine(name="norm")
    assert closed_form(mine, np.array([1.0, 2.0]), np.ones(2), {}) is None


def test_estimates_of_well_known_data():
    # 1, 2, 6: mean 3, mean square deviation 14/3; the numbers by hand.
    X = [[1.0], [2.0], [6.0]]
    normal = DistributionEstimator().fit(X)
    assert normal.params_ == pytest.approx({"loc": 3.0, "scale": np.sqrt(14.0 / 3.0)})
    assert normal.log_likelihood_ == pytest.approx(-1.5 * (np.log(2 * np.pi * 14.0 / 3.0) + 1.0))
    assert normal.aic_ == pytest.approx(4.0 - 2.0 * normal.log_likelihood_)
    assert normal.bic_ == pytest.approx(2.0 * np.log(3.0) - 2.0 * normal.log_likelihood_)
    assert DistributionEstimator("expon").fit(X).params_ == {"loc": 1.0, "scale": 2.0}
    assert DistributionEstimator("laplace").fit(X).params_ == pytest.approx(
        {"loc": 2.0, "scale": 5.0 / 3.0}
    )
    assert DistributionEstimator("poisson").fit(X).params_ == {"mu": 3.0, "loc": 0}
