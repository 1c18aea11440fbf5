"""One reference value for each registered acquisition, from a closed form, with its source."""

import numpy as np
import pytest

from skbayes.acquisition import (
    ACQUISITIONS,
    AcquisitionContext,
    ExpectedImprovement,
    JointAcquisition,
    KnowledgeGradient,
    LogExpectedImprovement,
    MaxValueEntropySearch,
    PerSecond,
    Portfolio,
    ProbabilityOfImprovement,
    ThompsonSampling,
    UpperConfidenceBound,
)
from skbayes.posteriors import GaussianPosterior

POINT = {"mean": -0.5, "std": 1.0, "incumbent": 0.0}
ROWS = {
    # u = −1/2: log(φ(½) − ½ Φ(−½)); this and the next two by mpmath 1.4.1 at 30 digits
    "log_ei": (LogExpectedImprovement(), POINT, -1.62051626438731991926),
    # φ(½) − ½ Φ(−½)
    "ei": (ExpectedImprovement(), POINT, 0.19779655740130602959),
    # Φ(−½)
    "pi": (ProbabilityOfImprovement(), POINT, 0.30853753872598689636),
    # −½ + 1.96 · 1
    "ucb": (UpperConfidenceBound(), POINT, 1.46),
    # Before seconds are known, log EI
    "log_ei_per_second": (PerSecond(), POINT, -1.62051626438731991926),
    # A draw from a certain posterior is its mean.
    "thompson": (ThompsonSampling(), {"mean": -0.5, "std": 0.0, "incumbent": 0.0}, -0.5),
    # The median of one score, −½, is below the incumbent, so the maximum is 0 + 0.01 std and
    # γ = 0.51: γ φ(γ) / (2 Φ(γ)) − log Φ(γ), by the series of Φ at 60 digits
    "mes": (MaxValueEntropySearch(n_max_values=1), POINT, 0.49240957382563418804),
    # Of one point alone the mean after the evaluation is expected to be the mean.
    "kg": (KnowledgeGradient(), POINT, 0.0),
    # It has no other member to draw.
    "portfolio": (Portfolio([ExpectedImprovement()]), POINT, 0.19779655740130602959),
}

# u, log h(u), Φ(u) / h(u) with h(u) = φ(u) + u Φ(u): mpmath 1.4.1 at 60 digits, from 1e4 on by
# the asymptotic series at 200 digits. Each branch and both sides of each seam.
TAIL = [
    (5.0, 1.6094379231264313851, 0.19999994053122004649),
    (0.0, -0.91893853320467274178, 1.2533141373155002512),
    (-0.5, -1.6205162643873199193, 1.5598731483480796712),
    (-1.0, -2.4851210257126413368, 1.9042712333296918229),
    (-1.5, -3.5299359208057098515, 2.2795806941564461644),
    (-3.0, -7.8696860596030285171, 3.5323375176251605167),
    (-10.0, -55.553122036122355927, 10.194383033412553306),
    (-38.0, -730.19618340211373916, 38.052522760041328294),
    (-49.0, -1209.2038267923771488, 49.04076547545036074),
    (-51.0, -1309.2837416530380221, 51.039170576073500214),
    (-100.0, -5010.1295788002497923, 100.01999400419586505),
    (-1e4, -50000019.339619307157, 10000.000199999994),
    (-1e6, -500000000028.54995965, 1000000.000002),
    (-1e8, -5000000000000037.7603, 100000000.00000002),
]


def test_every_registered_acquisition_has_a_reference_row():
    assert ROWS.keys() == ACQUISITIONS.keys()


@pytest.mark.parametrize("name", ROWS)
def test_registry_name_belongs_to_the_class_of_its_row(name):
    assert type(ROWS[name][0]) is ACQUISITIONS[name]


@pytest.mark.parametrize("name", ROWS)
def test_reference_value(name):
    acquisition, at, expected = ROWS[name]
    if isinstance(acquisition, JointAcquisition):
        posterior = GaussianPosterior(
            np.array([at["mean"]]), np.array([at["std"]]), np.array([[at["std"] ** 2]])
        )
        context = AcquisitionContext(at["incumbent"], np.random.default_rng(0))
        value = acquisition.value(posterior, context)[0]
    else:
        value = acquisition.value(**at)
    assert value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("u", "log_h", "ratio"), TAIL)
def test_log_ei_far_into_the_tail(u, log_h, ratio):
    std = 2.0
    value, d_mean, d_std = LogExpectedImprovement().value_and_partials(u * std, std, 0.0)
    # Up to 2500 roundings are lost by cancellation just above u = −50 (rel. to a ratio near 1).
    assert value == pytest.approx(log_h + np.log(std), rel=1e-13)
    assert d_mean == pytest.approx(ratio / std, rel=1e-11)
    # ∂/∂std of log std + log h(improvement / std) = (1 − u Φ/h) / std; its relative error is
    # that of `ratio` times u², so the closed form is only a reference where u² is small.
    if abs(u) < 100:
        assert d_std == pytest.approx((1 - u * ratio) / std, rel=1e-8)


@pytest.mark.parametrize(("u", "log_h"), [(u, log_h) for u, log_h, _ in TAIL if u > -37])
def test_ei_far_into_the_tail(u, log_h):
    # relative error of exp(x) is the absolute error of x, at most 730 roundings here
    assert ExpectedImprovement().value(u, 1.0, 0.0) == pytest.approx(np.exp(log_h), rel=1e-12)


def test_thompson_picks_each_point_with_its_probability_of_being_best():
    mean, std = np.array([0.0, 0.5]), np.array([1.0, 0.5])
    posterior = GaussianPosterior(mean, std, np.diag(std**2))
    context = AcquisitionContext(0.0, np.random.default_rng(0))
    wins = np.mean([ThompsonSampling().value(posterior, context).argmax() for _ in range(4000)])
    # P(second is best) = Φ(0.5 / √1.25) = 0.67264 (closed form); 4 standard errors of 4000 draws
    assert wins == pytest.approx(0.67264, abs=4 * np.sqrt(0.67 * 0.33 / 4000))
