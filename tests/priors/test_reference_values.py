"""One row for each registered prior: a log density from a closed form, and its gradient."""

import math

import numpy as np
import pytest

from skbayes.priors import (
    PRIORS,
    Dropout,
    ElasticNet,
    Flat,
    Gamma,
    Group,
    HalfCauchy,
    Horseshoe,
    Laplace,
    LogNormal,
    Normal,
    StudentT,
)

LOG_2PI = math.log(2.0 * math.pi)

ROWS = {
    "flat": (Flat(), [3.0, -1.0], 0.0),
    # t = (3 − 1)/2 = 1 and (0 − 1)/2 = −1/2
    "normal": (Normal(loc=1.0, scale=2.0), [3.0, 0.0], -0.625 - 2 * math.log(2.0) - LOG_2PI),
    # |3 − 1|/2 + |0 − 1|/2 = 3/2, and twice log 4
    "laplace": (Laplace(loc=1.0, scale=2.0), [3.0, 0.0], -1.5 - 2.0 * math.log(4.0)),
    # ∫ exp(−|w| − w²/2) dw = 2 √e ∫_1^∞ exp(−t²/2) dt = 2 √(2πe) (1 − Φ(1)), 1 − Φ(1) = 0.158655253931457
    "elastic_net": (
        ElasticNet(l1_scale=1.0, l2_scale=1.0),
        [2.0],
        -4.0 - math.log(2.0 * math.sqrt(2.0 * math.pi * math.e) * 0.158655253931457),
    ),
    # one degree of freedom is Cauchy: 1 / (π s (1 + t²)) with t = 2, s = 1/2
    "student_t": (StudentT(df=1.0, loc=1.0, scale=0.5), [2.0], -math.log(2.5 * math.pi)),
    # Two points of one density: its constant is tested by integration. u = 1: t = (1 + 3)/4 = 1, so φ = 1/2 + log 2.
    "horseshoe": (
        Horseshoe(scale=2.0),
        [2.0],
        Horseshoe(scale=2.0).log_density([0.0]) - 0.5 - math.log(2.0),
    ),
    # A pair at distance 5, rate √2: the plane's ∫ 2π r exp(−√2 r) dr = π; and 1/2b exp(−|2|/b), b = 1.
    "group": (
        Group(groups=["a", "b", "a"]),
        [3.0, 2.0, 4.0],
        -5.0 * math.sqrt(2.0) - math.log(math.pi) - 2.0 - math.log(2.0),
    ),
    # β^k w^(k−1) exp(−β w) / Γ(k) = 8 · 4 · exp(−4) / 2
    "gamma": (Gamma(shape=3.0, rate=2.0), [2.0], math.log(16.0) - 4.0),
    # w = e² and loc = 1, scale = 2: t = 1/2, so −2 − log 2 − log √2π − 1/8
    "log_normal": (
        LogNormal(loc=1.0, scale=2.0),
        [math.e**2],
        -2.0 - math.log(2.0) - 0.5 * math.log(2.0 * math.pi) - 0.125,
    ),
    # 2 / (π s (1 + 3²)), s = 2
    "half_cauchy": (HalfCauchy(scale=2.0), [6.0], -math.log(10.0 * math.pi)),
    # δ / (1 − δ) = 1/4, times 16 and 4: precisions 4 and 1; −½ (4 · 1 + 1 · 4) and ½ (log 4 + log 1) − log 2π
    "dropout": (
        Dropout(rate=0.2, information=[16.0, 4.0]),
        [1.0, -2.0],
        -4.0 + math.log(2.0) - LOG_2PI,
    ),
}


def test_every_registered_prior_has_a_reference_row():
    assert ROWS.keys() == PRIORS.keys()


@pytest.mark.parametrize("name", PRIORS)
def test_log_density_has_its_reference_value(name):
    prior, w, expected = ROWS[name]
    assert prior.log_density(w) == pytest.approx(expected, rel=1e-12)
    assert type(prior) is PRIORS[name]


@pytest.mark.parametrize(
    "name", [name for name, prior in PRIORS.items() if hasattr(prior, "gradient")]
)
def test_gradient_matches_finite_differences(name):
    prior, w, _ = ROWS[name]
    w, h = np.asarray(w), 1e-5
    for j, unit in enumerate(np.eye(w.size)):
        slope = (prior.log_density(w + h * unit) - prior.log_density(w - h * unit)) / (2 * h)
        # Central differences err by h² times the third derivative, and by rounding over h.
        assert prior.gradient(w)[j] == pytest.approx(slope, rel=1e-7, abs=1e-10)
