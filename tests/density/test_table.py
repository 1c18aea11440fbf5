"""The table of a likelihood: densities, product, logarithm; numbers by hand."""

import math

import numpy as np
import pytest

from skbayes.density import DistributionEstimator

X = [[1.0], [2.0], [3.0]]


def test_a_table_of_three_points():
    table = DistributionEstimator().fit(X).likelihood({"loc": 2.0, "scale": 1.0})
    # φ(1), φ(0), φ(1)
    heights = np.array([math.exp(-0.5), 1.0, math.exp(-0.5)]) / math.sqrt(2 * math.pi)
    np.testing.assert_allclose(table.density, heights, rtol=1e-14)
    assert table.likelihood == pytest.approx(heights.prod())
    assert table.log_likelihood == pytest.approx(math.log(heights.prod()))
    assert table.params == {"loc": 2.0, "scale": 1.0}
    assert str(table).splitlines()[-2:] == ["product 0.02336", "log     -3.757"]
    frame = table.to_frame()
    assert frame.columns.tolist() == ["x", "density", "log_density"]
    np.testing.assert_allclose(frame["density"], heights)


def test_the_estimate_is_the_default_and_fills_what_is_not_named():
    model = DistributionEstimator().fit(X)
    assert model.likelihood().log_likelihood == pytest.approx(model.log_likelihood_)
    assert model.likelihood({"loc": 0.0}).params == {"loc": 0.0, "scale": model.params_["scale"]}
    assert model.likelihood({"loc": 0.0}).log_likelihood < model.log_likelihood_


def test_other_points_and_several_columns():
    model = DistributionEstimator().fit(np.column_stack([np.arange(5.0), np.arange(5.0) ** 2]))
    new = [[1.0, 2.0], [0.5, 3.0]]
    table = model.likelihood(X=new)
    np.testing.assert_allclose(table.log_density, model.score_samples(new), rtol=1e-13)
    one = model.likelihood({"scale": 2.0}, new)
    two = model.likelihood([{"scale": 2.0}, {"scale": 2.0}], new)
    assert one.log_likelihood == two.log_likelihood
    assert one.to_frame().columns.tolist() == ["x0", "x1", "density", "log_density"]


def test_a_product_too_small_for_a_number_has_a_logarithm():
    x = np.linspace(-3, 3, 1000)[:, None]
    table = DistributionEstimator().fit(x).likelihood()
    assert table.likelihood == 0.0
    assert -3000.0 < table.log_likelihood < -1000.0
    assert "(1000 points)" in str(table)
    assert len(str(table).splitlines()) == 14  # head, ten rows, dots, product, logarithm


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mu": 0.0}, "norm does not have"),
        ({"scale": 0.0}, r"scale.*\(0, inf\)"),
        ([{}, {}], "1 columns; got 2 dicts"),
    ],
)
def test_wrong_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        DistributionEstimator().fit(X).likelihood(params)
