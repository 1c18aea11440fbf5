"""What holds for every marginal acquisition at every posterior."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from skbayes.acquisition import (
    ACQUISITIONS,
    ExpectedImprovement,
    LogExpectedImprovement,
    MarginalAcquisition,
    PerSecond,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)

MARGINAL = [cls for cls in ACQUISITIONS.values() if issubclass(cls, MarginalAcquisition)]
MARGINAL_PARTS = [cls() for cls in MARGINAL] + [
    ExpectedImprovement(margin=0.3),
    LogExpectedImprovement(margin=0.3),
    ProbabilityOfImprovement(margin=0.3),
    UpperConfidenceBound(kappa=0.5),
]
means = st.floats(-5, 5)
stds = st.floats(0.01, 5)


@pytest.mark.parametrize("acquisition", MARGINAL_PARTS, ids=repr)
@given(mean=means, std=st.floats(0.1, 5), incumbent=means)
def test_partials_match_central_differences(acquisition, mean, std, incumbent):
    step = 1e-5 * std
    _, d_mean, d_std = acquisition.value_and_partials(mean, std, incumbent)
    by_mean = np.subtract(
        acquisition.value(mean + step, std, incumbent),
        acquisition.value(mean - step, std, incumbent),
    ) / (2 * step)
    by_std = np.subtract(
        acquisition.value(mean, std + step, incumbent),
        acquisition.value(mean, std - step, incumbent),
    ) / (2 * step)
    # Differences lose eps·|value| / step to rounding and step² to curvature.
    rounding = 1e-15 * (1 + abs(acquisition.value(mean, std, incumbent))) / step
    assert d_mean == pytest.approx(by_mean, rel=1e-5, abs=1e-7 + rounding)
    assert d_std == pytest.approx(by_std, rel=1e-5, abs=1e-7 + rounding)


@given(mean=means, std=stds, incumbent=means)
def test_ei_is_at_least_the_improvement_of_the_mean(mean, std, incumbent):  # Jensen
    assert ExpectedImprovement().value(mean, std, incumbent) >= max(mean - incumbent, 0.0) - 1e-12


@given(mean=means, std=stds, more=st.floats(0.01, 5), incumbent=means)
def test_ei_grows_with_std(mean, std, more, incumbent):  # the partial is φ(u) > 0
    small, large = ExpectedImprovement().value(mean, np.array([std, std + more]), incumbent)
    assert large >= small


@given(mean=means, more=st.floats(0.01, 5), std=stds, incumbent=means)
def test_log_ei_grows_with_the_mean_however_hopeless(mean, more, std, incumbent):
    acquisition = LogExpectedImprovement()
    low, high = acquisition.value(np.array([mean, mean + more]) - 1e3, std, incumbent)
    assert np.isfinite(low)
    assert high > low


@given(mean=means, std=stds, incumbent=means, margin=st.floats(0, 2))
def test_log_ei_is_the_logarithm_of_ei(mean, std, incumbent, margin):
    ei = ExpectedImprovement(margin).value(mean, std, incumbent)
    log_ei = LogExpectedImprovement(margin).value(mean, std, incumbent)
    if ei > 0:  # below, EI has underflowed
        # exp turns an absolute error of 1e-13 · |log EI| into a relative one.
        assert np.exp(log_ei) == pytest.approx(ei, rel=1e-13 * (1 + abs(log_ei)), abs=1e-307)


@given(mean=means, std=stds, incumbent=means, margin=st.floats(0, 2))
def test_a_margin_is_a_higher_incumbent(mean, std, incumbent, margin):
    for cls in (ExpectedImprovement, LogExpectedImprovement, ProbabilityOfImprovement):
        assert cls(margin).value(mean, std, incumbent) == cls().value(mean, std, incumbent + margin)


@pytest.mark.parametrize("acquisition", MARGINAL_PARTS, ids=repr)
def test_arrays_give_what_scalars_give(acquisition):
    mean, std = np.array([-3.0, 0.0, 0.2, 60.0, -60.0]), np.array([0.0, 0.0, 0.5, 1.0, 1.0])
    together = acquisition.value_and_partials(mean, std, 0.1)
    for i in range(mean.size):
        alone = acquisition.value_and_partials(mean[i], std[i], 0.1)
        # numpy's vector and scalar exp may differ in the last bits
        np.testing.assert_allclose([part[i] for part in together], alone, rtol=1e-12)
        assert all(np.ndim(part) == 0 for part in alone)


@pytest.mark.parametrize("acquisition", MARGINAL_PARTS, ids=repr)
@pytest.mark.parametrize("std", [0.0, 5e-324, 1e-200])
@pytest.mark.parametrize("mean", [-1e100, -1.0, 0.0, 1.0, 1e100])
def test_a_certain_score_gives_the_limit_without_warnings(acquisition, mean, std):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, d_mean, d_std = acquisition.value_and_partials(mean, std, 0.0)
    improvement = mean - getattr(acquisition, "margin", 0.0)
    limits = {
        ExpectedImprovement: max(improvement, 0.0),
        LogExpectedImprovement: np.log(improvement) if improvement > 0 else -np.inf,
        ProbabilityOfImprovement: float(improvement > 0),
        UpperConfidenceBound: mean,
    }
    limits[PerSecond] = limits[LogExpectedImprovement]  # its default; the seconds come in later
    assert value == pytest.approx(limits[type(acquisition)], rel=1e-12)
    assert np.isfinite([d_mean, d_std]).all()


@pytest.mark.parametrize("part", ACQUISITIONS.values())
def test_parts_are_parameter_objects(part):
    acquisition = part()
    for name in acquisition.get_params():
        changed = clone(acquisition).set_params(**{name: 0.25})
        assert changed.get_params()[name] == 0.25
        assert part(**{name: 0.25}).get_params() == changed.get_params()
