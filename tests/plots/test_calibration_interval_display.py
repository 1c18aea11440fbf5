"""CalibrationIntervalDisplay: its numbers without matplotlib, and what is drawn of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skbayes.likelihoods import Gaussian
from skbayes.linear_model import MAPClassifier, MAPPoissonRegressor, MAPRegressor, MAPRidge
from skbayes.plots import CalibrationIntervalDisplay, calibration_interval_data

X, y = load_diabetes(return_X_y=True)
SEEN, NEW = slice(0, 300), slice(300, None)


@pytest.fixture(scope="module")
def ridge():
    return MAPRidge(0.1).fit(X[SEEN], y[SEEN])


def test_coverage_is_the_part_inside(ridge):
    data = calibration_interval_data(ridge, X[NEW], y[NEW], levels=[0.9, 0.5])
    assert data["levels"].tolist() == [0.5, 0.9]
    for level, coverage, width in zip(
        data["levels"], data["coverage"][0], data["widths"][0], strict=True
    ):
        lower, upper = ridge.predict_interval(X[NEW], level)
        assert coverage == np.mean((lower <= y[NEW]) & (y[NEW] <= upper))
        assert width == pytest.approx(np.mean(upper - lower))
    assert data["n_samples"] == 142


def test_the_band_is_binomial(ridge):
    data = calibration_interval_data(ridge, X[NEW], y[NEW], levels=[0.5], band=0.9)
    # At least 90 % of the probability is between its ends, and not with one success less on both sides.
    low, high = (round(float(data[end][0]) * 142) for end in ("band_lower", "band_upper"))
    inside = stats.binom(142, 0.5)
    assert inside.cdf(high) - inside.cdf(low - 1) >= 0.9
    assert inside.cdf(high - 1) - inside.cdf(low) < 0.9


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31 - 1))
def test_intervals_within_each_other_cover_more_and_more(seed):
    rng = np.random.default_rng(seed)
    observed, half = rng.normal(size=50), np.sort(rng.exponential(size=4))[:, None] * np.ones(50)
    data = _data_of(observed, -half, half, np.array([0.2, 0.5, 0.7, 0.9]))
    assert (np.diff(data["coverage"][0]) >= 0.0).all()
    assert (data["band_lower"] <= data["levels"]).all()
    assert (data["levels"] <= data["band_upper"]).all()


def test_a_model_that_is_right_stays_in_the_band_about_as_often_as_it_says():
    # The truth itself predicts: each data set is in the band with 95 % or, for whole numbers, somewhat more. Of 400
    # the standard error is a per cent, and four of these are allowed.
    rng = np.random.default_rng(0)
    levels = np.array([0.2, 0.5, 0.8])
    ends = stats.norm.ppf(0.5 + 0.5 * levels)[:, None] * np.ones(80)
    inside = np.zeros(3)
    for _ in range(400):
        observed = rng.normal(size=80)
        data = _data_of(observed, -ends, ends, levels)
        inside += (data["band_lower"] <= data["coverage"][0]) & (
            data["coverage"][0] <= data["band_upper"]
        )
    assert (inside / 400 > 0.95 - 0.04).all()
    assert (inside / 400 < 0.975 + 0.04).all()


def _data_of(observed, lower, upper, levels):
    from skbayes.plots._calibration_data import coverage_data

    return coverage_data({"": (observed, lower, upper)}, levels, None, 0.95)


def test_a_weight_of_two_is_a_row_twice(ridge):
    weight = np.random.default_rng(0).integers(0, 3, size=142)
    weighted = calibration_interval_data(ridge, X[NEW], y[NEW], sample_weight=weight)
    repeated = calibration_interval_data(
        ridge, np.repeat(X[NEW], weight, axis=0), np.repeat(y[NEW], weight)
    )
    np.testing.assert_allclose(weighted["coverage"], repeated["coverage"])
    np.testing.assert_allclose(weighted["widths"], repeated["widths"])
    assert weighted["n_samples"] == np.count_nonzero(weight)
    # But tells less: of equal weights as much as there are rows, of others less.
    equal = calibration_interval_data(ridge, X[NEW], y[NEW], sample_weight=np.full(142, 7.0))
    plain = calibration_interval_data(ridge, X[NEW], y[NEW])
    np.testing.assert_allclose(equal["band_lower"], plain["band_lower"])
    assert weighted["band_lower"][10] < plain["band_lower"][10]


def test_several_models_targets_and_pipelines(ridge):
    pipeline = make_pipeline(StandardScaler(), MAPRidge(0.1)).fit(X[SEEN], y[SEEN])
    data = calibration_interval_data({"a": ridge, "b": pipeline}, X[NEW], y[NEW], levels=[0.8])
    assert data["labels"] == ["a", "b"]
    lower, upper = pipeline[-1].predict_interval(pipeline[0].transform(X[NEW]), 0.8)
    assert data["coverage"][1, 0] == np.mean((lower <= y[NEW]) & (y[NEW] <= upper))
    both = np.column_stack([y, 2.0 * y])
    two = MAPRidge(0.1).fit(X[SEEN], both[SEEN])
    data = calibration_interval_data(two, X[NEW], both[NEW], levels=[0.8])
    assert data["labels"] == ["target 0", "target 1"]
    np.testing.assert_allclose(data["widths"][1], 2.0 * data["widths"][0])


class Known:
    """A regressor that knows the means of counts, which are its only feature."""

    def predict_interval(self, X, level):
        tail = 0.5 - 0.5 * level
        return tuple(stats.poisson.ppf(q, X[:, 0]) for q in (tail, 1.0 - tail))

    def interval_probability(self, X, lower, upper):
        inside = stats.poisson(X[:, 0])
        return inside.cdf(upper) - inside.cdf(lower - 1.0)


def test_intervals_of_counts_are_expected_to_contain_more_than_their_level():
    rng = np.random.default_rng(0)
    means = np.exp(0.5 + 0.3 * rng.normal(size=(4000, 1)))
    counts = rng.poisson(means[:, 0])
    data = calibration_interval_data(Known(), means, counts, levels=[0.01, 0.5, 0.9])
    # What is expected is the mean of the intervals' own probabilities, here of the distribution that is true ...
    for level, expected in zip(data["levels"], data["expected"][0], strict=True):
        ends = Known().predict_interval(means, level)
        each = Known().interval_probability(means, *ends)
        assert expected == pytest.approx(each.mean(), rel=1e-12)
        assert expected > level + 0.02
    # ... and it comes true: four standard errors of 4,000 rows.
    np.testing.assert_allclose(data["coverage"], data["expected"], atol=4 * np.sqrt(0.25 / 4000))
    inside = stats.binom(4000, data["expected"][0])
    np.testing.assert_allclose(data["band_lower"], inside.ppf(0.025) / 4000)
    np.testing.assert_allclose(data["band_upper"], inside.ppf(0.975) / 4000)
    # A weight of two is a row twice.
    weight = rng.integers(0, 3, size=4000)
    weighted = calibration_interval_data(Known(), means, counts, sample_weight=weight)
    rows = np.repeat(np.arange(4000), weight)
    repeated = calibration_interval_data(Known(), means[rows], counts[rows])
    np.testing.assert_allclose(weighted["expected"], repeated["expected"])


def test_models_of_ours_expect_it_of_counts_and_the_level_of_all_else(ridge):
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(1200, 2))
    counts = rng.poisson(np.exp(0.5 + 0.3 * Z[:, 0]))
    model = MAPPoissonRegressor(alpha=0.0).fit(Z[:1000], counts[:1000])
    data = calibration_interval_data(model, Z[1000:], counts[1000:])
    lower, upper = model.predict_interval(Z[1000:], 0.5)
    at = list(data["levels"]).index(0.5)
    probability = model.interval_probability(Z[1000:], lower, upper).mean()
    assert data["expected"][0, at] == pytest.approx(probability)
    assert (data["expected"][0] > data["levels"]).all()
    continuous = calibration_interval_data(ridge, X[NEW], y[NEW])
    np.testing.assert_array_equal(continuous["expected"], [continuous["levels"]])
    # Beside each other each has its own band; models that expect the same have one.
    plain = MAPRidge(1.0).fit(Z[:1000], counts[:1000])
    both = calibration_interval_data({"a": model, "b": plain}, Z[1000:], counts[1000:])
    np.testing.assert_array_equal(both["band_lower"][0], data["band_lower"])
    assert both["band_upper"].shape == (2, 21)
    assert data["band_lower"].shape == continuous["band_lower"].shape == (21,)


def test_where_the_coverage_of_counts_is_expected_is_a_line_of_its_own():
    levels, means = [0.1, 0.5, 0.9], np.full((50, 1), 1.5)
    counts = np.random.default_rng(0).poisson(means[:, 0])

    class Continuous(Known):
        def predict_interval(self, X, level):
            lower, upper = super().predict_interval(X, level)
            return lower - 0.25, upper + 0.25

    models = {"counts": Known(), "numbers": Continuous()}
    make = CalibrationIntervalDisplay.from_estimator
    alone = make(models["counts"], means, counts, levels=levels)
    (line,) = alone.expected_
    np.testing.assert_allclose(line.get_ydata(), 100.0 * alone.expected[0])
    assert line.get_label() == "calibrated, of whole numbers"
    told = f"{100 * alone.expected[0, 2]:.3g} % expected"
    assert told in alone.lines_[0].get_label()
    assert len(alone.bands_) == 1
    both = make(models, means, counts, levels=levels)
    assert len(both.expected_) == 1
    assert both.expected_[0].get_color() == both.lines_[0].get_color()
    assert both.bands_[0] is both.band_
    for band, lower in zip(both.bands_, both.band_lower, strict=True):
        assert band.get_paths()[0].vertices[:, 1].min() == pytest.approx(100.0 * lower.min())
    assert make(models["numbers"], means, counts, levels=levels).expected_ == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"levels": [0.0, 0.5]}, "both excluded; got"),
        ({"band": 1.0}, "both excluded; got 1.0"),
        ({"sample_weight": [1.0]}, "each of 142 rows"),
        ({"sample_weight": np.zeros(142)}, "not all zero"),
        ({"y": y[:5]}, r"of shape \(142, 1\); got shape \(5,\)"),
    ],
)
def test_wrong_arguments(ridge, arguments, message):
    given_y = arguments.pop("y", y[NEW])
    with pytest.raises(ValueError, match=message):
        calibration_interval_data(ridge, X[NEW], given_y, **arguments)


def test_wrong_models_and_predictions(ridge):
    with pytest.raises(TypeError, match="got Ridge, which has none"):
        calibration_interval_data(Ridge().fit(X, y), X, y)
    with pytest.raises(ValueError, match="At most 10 series"):
        calibration_interval_data({str(k): ridge for k in range(11)}, X[NEW], y[NEW])
    make = CalibrationIntervalDisplay.from_predictions
    with pytest.raises(ValueError, match=r"\(1, 2\); got \(1, 3\) and \(1, 2\)"):
        make([1.0, 2.0], [[0.0, 0.0, 0.0]], [[3.0, 3.0]], levels=[0.5])
    with pytest.raises(ValueError, match="got NaN"):
        make([1.0, 2.0], [[np.nan, 0.0]], [[3.0, 3.0]], levels=[0.5])
    with pytest.raises(ValueError, match="to ascend"):
        make([1.0], [[0.0], [0.5]], [[3.0], [2.0]], levels=[0.9, 0.5])


def test_an_infinite_interval_contains_everything():
    data = _data_of(
        np.array([1.0, 2.0]), np.full((1, 2), -np.inf), np.full((1, 2), np.inf), np.array([0.5])
    )
    assert data["coverage"][0, 0] == 1.0
    assert data["widths"][0, 0] == np.inf


def test_what_is_drawn(ridge):
    narrow = MAPRegressor(Gaussian(scale=20.0)).fit(X[SEEN], y[SEEN])
    display = CalibrationIntervalDisplay.from_estimator(
        {"ridge": ridge, "$narrow$": narrow},
        X[NEW],
        y[NEW],
        line_kw={"lw": 3},
        band_kw={"fc": "pink"},
    )
    for line, coverage in zip(display.lines_, display.coverage, strict=True):
        np.testing.assert_allclose(line.get_ydata(), 100.0 * coverage)
        np.testing.assert_allclose(line.get_xdata(), 100.0 * display.levels)
        assert line.get_linewidth() == 3
    assert (display.coverage[1] < display.band_lower)[5:-1].all()  # and that is seen
    at = list(display.levels).index(0.9)
    told = display.lines_[0].get_label()
    assert told.startswith(
        f"ridge: {100 * display.coverage[0, at]:.3g} % inside the 90 % intervals"
    )
    corners = display.band_.get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(100.0 * display.band_upper.max())
    assert display.ax_.get_ylabel() == "inside their interval (% of 142 rows)"
    display.figure_.canvas.draw()


def test_one_level_one_row_many_models_and_an_axes_of_ones_own(ridge):
    from matplotlib import pyplot

    _, axes = pyplot.subplots(1, 2)
    data = calibration_interval_data(ridge, X[NEW][:1], y[NEW][:1], levels=[0.9])
    display = pickle.loads(pickle.dumps(CalibrationIntervalDisplay(**data)))
    assert display.plot(axes[0]) is display
    assert display.ax_ is axes[0]
    assert np.ptp(display.band_.get_paths()[0].vertices[:, 0]) > 0.0
    models = {f"model {k}": ridge for k in range(9)}
    many = CalibrationIntervalDisplay.from_estimator(models, X[NEW], y[NEW], ax=axes[1])
    assert many.ax_.get_legend().get_title().get_text() == "inside the 90 % intervals"
    styles = {(line.get_color(), line.get_marker()) for line in many.lines_}
    assert len(styles) == 9


def test_the_ends_belong_to_the_interval():
    # Of counts they are whole numbers, and have probabilities.
    display = CalibrationIntervalDisplay.from_predictions(
        [1, 2, 3, 4], [[1, 0, 4, 0]], [[5, 2, 5, 3]], levels=[0.5]
    )
    assert display.coverage[0, 0] == 0.5


def test_a_classifier_is_refused_before_its_labels_are():
    labels = np.where(y[SEEN] > 140.0, "high", "low")
    model = MAPClassifier().fit(X[SEEN], labels)
    with pytest.raises(TypeError, match=r"predict_interval.*got MAPClassifier"):
        calibration_interval_data(model, X[SEEN], labels)
