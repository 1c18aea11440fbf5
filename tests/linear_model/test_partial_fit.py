"""partial_fit: the same mode as fit where rows are summed up, near it where steps are made, and what is refused."""

import pickle
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone

from skbayes.exceptions import IncompatibleModelError
from skbayes.likelihoods import Bernoulli, Categorical, Gaussian
from skbayes.linear_model import MAPClassifier, MAPRegressor
from skbayes.linear_model._design import Design
from skbayes.linear_model._objective import LinearObjective
from skbayes.linear_model._sufficient import SufficientRows
from skbayes.priors import (
    ElasticNet,
    Flat,
    Group,
    Horseshoe,
    Laplace,
    Normal,
    Prior,
    StudentT,
)
from skbayes.solvers import SGD, SOLVERS, Adam, StochasticSolver

FAMILY = [name for name, kind in SOLVERS.items() if issubclass(kind, StochasticSolver)]

rng = np.random.default_rng(0)
N, P = 4000, 4
Z = rng.standard_normal((N, P)) @ (np.eye(P) + 0.3 * rng.standard_normal((P, P)))
SPREAD = 10.0 ** np.linspace(-2, 2, P)
X = Z * SPREAD + 5.0 * SPREAD
ETA = 0.3 + Z @ np.array([0.8, -0.5, 0.2, 0.0])
y = ETA + 0.7 * rng.standard_normal(N)
labels = np.where(rng.random(N) < 1 / (1 + np.exp(-ETA)), "yes", "no")
three = np.argmax(np.column_stack([ETA, -ETA, 0 * ETA]) + rng.gumbel(size=(N, 3)), axis=1)
WEIGHT = rng.integers(0, 4, N).astype(float)


def stream(model, data, target, cuts, **params):
    """Fit to the rows between cuts; entries of params are cut too, if they are arrays."""
    for rows in np.split(np.arange(len(target)), cuts):
        part = {k: v[rows] if isinstance(v, np.ndarray) else v for k, v in params.items()}
        cut = data.iloc[rows] if isinstance(data, pd.DataFrame) else data[rows]
        model.partial_fit(cut, target[rows], **part)
    return model


# Sums of rows.


@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 199), max_size=5, unique=True).map(sorted),
    offset=st.sampled_from([0.0, 1e6]),
    seed=st.integers(0, 2**16),
)
@example(cuts=[], offset=0.0, seed=186)  # their roots squared: 189 and a bit
def test_the_sums_do_not_depend_on_how_the_rows_are_cut(cuts, offset, seed):
    # Chan et al.: moments of parts make up the moments of the whole, also for columns 1e6 spreads from zero.
    draw = np.random.default_rng(seed)
    data, target = draw.standard_normal((200, 3)) + offset, draw.standard_normal(200)
    weight = draw.integers(0, 3, 200).astype(float)
    known = SufficientRows.none(3)
    for rows in np.split(np.arange(200), cuts):
        known = known.with_rows(data[rows], target[rows], weight[rows])
    joint = np.column_stack([data, target])
    centred = joint - np.average(joint, axis=0, weights=weight)
    assert known.total == weight.sum()  # of whole numbers: exact in any order
    np.testing.assert_allclose(
        known.root.T @ known.root, centred.T @ (centred * weight[:, None]), atol=1e-7
    )
    some, of_some, weights = known.as_rows()
    joint_again = np.column_stack([some, of_some])
    np.testing.assert_allclose(weights.sum(), weight.sum())
    again = joint_again - np.average(joint_again, axis=0, weights=weights)
    np.testing.assert_allclose(
        again.T @ (again * weights[:, None]), known.root.T @ known.root, atol=1e-6
    )


PRIORS = {
    "flat": Flat(),
    "normal": Normal(loc=0.5, scale=0.2),
    "laplace": Laplace(scale=0.05),
    "elastic_net": ElasticNet(l1_scale=0.1, l2_scale=0.5),
    "student_t": StudentT(df=3.0, scale=0.1),
    "horseshoe": Horseshoe(scale=0.1),
    "group": Group(groups=[0, 0, 1, 1], scale=0.1),
}


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("likelihood", ["gaussian", Gaussian(scale=0.5)])
def test_a_gaussian_stream_ends_at_the_mode_of_all_rows(name, likelihood):
    model = MAPRegressor(likelihood, PRIORS[name])
    whole = clone(model).fit(Z, y)
    parts = stream(model, Z, y, [1, 3, 500, 2900])
    # Two roads, each to the tolerance of its solver.
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=2e-4, atol=2e-5)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=2e-4)
    np.testing.assert_allclose(parts.objective_, whole.objective_, rtol=1e-7)
    np.testing.assert_allclose(parts.noise_scale_, whole.noise_scale_, rtol=1e-5)
    assert parts.n_samples_seen_ == N


def test_weights_offset_bounds_and_sparse_rows_are_summed_up_too():
    model = MAPRegressor(
        "gaussian",
        Normal(scale=0.5),
        bounds=(0.0, np.inf),
        intercept_prior=Normal(scale=2.0),
        solver="lbfgs",
        tol=1e-9,
    )
    offset = Z[:, 0] ** 2
    whole = clone(model).fit(X, y, sample_weight=WEIGHT, offset=offset)
    for data in (X, np.asfortranarray(X), sparse.csr_array(X), sparse.csr_array(X).tocsc()):
        parts = stream(clone(model), data, y, [700, 1800], sample_weight=WEIGHT, offset=offset)
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(parts.objective_, whole.objective_, rtol=1e-8)


def test_several_targets_and_single_precision():
    targets = np.column_stack([y, -2.0 * y, Z[:, 0]])
    model = MAPRegressor(prior=Normal(scale=0.5))
    whole = clone(model).fit(Z, targets)
    parts = stream(clone(model), Z, targets, [1500])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-6, atol=1e-9)
    assert parts.coef_.shape == (3, P)
    single = stream(model, Z.astype(np.float32), y.astype(np.float32), [1500])
    assert single.coef_.dtype == np.float32
    np.testing.assert_allclose(single.coef_, whole.coef_[0], rtol=1e-4, atol=1e-5)


def test_evidence_is_of_all_rows():
    for tune in ("evidence", "ard"):
        model = MAPRegressor(prior="normal", tune=tune)
        whole = clone(model).fit(Z, y)
        parts = stream(model, Z, y, [100, 2000])
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(parts.log_evidence_, whole.log_evidence_, rtol=1e-6)


def test_collinear_and_constant_columns():
    data = np.column_stack([Z, Z[:, 0], np.full(N, 3.0)])
    model = MAPRegressor(Gaussian(scale=0.7), Normal(scale=0.5))
    whole = clone(model).fit(data, y)
    parts = stream(model, data, y, [10, 1000])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-6, atol=1e-8)


# Steps.


def excess(model, data, target, likelihood, prior, weight=None):
    """What the model's log posterior of all rows lacks."""
    n_classes = (
        len(np.atleast_1d(model.intercept_)) if likelihood.__class__ is Categorical else None
    )
    problem = LinearObjective(
        Design(data), target, likelihood, prior, weight=weight, n_classes=n_classes
    )
    w = np.column_stack([np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)]).ravel()
    return problem.value(w)


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize("size", [100, N])
def test_one_pass_of_steps_ends_near_the_mode_of_all_rows(name, size):
    # One pass over n rows leaves an error of the order of the sampling error of n rows: a few nats for 5 parameters,
    # whatever the objective (some 2500).
    prior = Normal(scale=100.0)
    whole = MAPClassifier(prior).fit(X, labels)
    model = MAPClassifier(prior, solver=name)
    stream(model, X, labels, np.arange(size, N, size), classes=["yes", "no"])
    code = (labels == "yes").astype(float)
    assert excess(model, X, code, Bernoulli(), prior) < whole.objective_ + 8.0
    assert model.n_samples_seen_ == N
    assert not hasattr(model, "objective_")
    assert model.score(X, labels) > whole.score(X, labels) - 0.01


def test_softmax_steps():
    prior = Normal(scale=100.0)
    whole = MAPClassifier(prior).fit(X, three)
    model = stream(MAPClassifier(prior), X, three, np.arange(200, N, 200), classes=[0, 1, 2])
    assert excess(model, X, three, Categorical(), prior) < whole.objective_ + 8.0
    # As in fit: but for a sum of 1e-8, which so wide a prior does not tell from 0.
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-7)
    np.testing.assert_allclose(model.predict_proba(X[:5]).sum(axis=1), 1.0)


def test_the_first_rows_are_kept_and_their_mode_is_the_model():
    model = MAPClassifier(Normal(scale=100.0), solver="adam")
    stream(model, X[:300], labels[:300], [1, 50, 51], classes=["yes", "no"])
    whole = MAPClassifier(Normal(scale=100.0)).fit(X[:300], labels[:300])
    np.testing.assert_allclose(model.coef_, whole.coef_, rtol=1e-3, atol=1e-6)
    assert model.n_iter_ == 0


def test_single_rows():
    prior = Normal(scale=100.0)
    whole = MAPClassifier(prior).fit(X[:1500], labels[:1500])
    model = MAPClassifier(prior)
    stream(model, X[:1500], labels[:1500], np.arange(1, 1500, 50), classes=["yes", "no"])
    for i in range(1450, 1500):
        model.partial_fit(X[i : i + 1], labels[i : i + 1])
    code = (labels[:1500] == "yes").astype(float)
    assert excess(model, X[:1500], code, Bernoulli(), prior) < whole.objective_ + 8.0


def test_the_prior_counts_once():
    # A prior worth as much as the data: counted once for each of 40 calls it would pull the coefficients to its mean.
    prior = Normal(scale=0.015)
    whole = MAPRegressor(Gaussian(scale=0.7), prior).fit(Z, y)
    flat = MAPRegressor(Gaussian(scale=0.7), Flat()).fit(Z, y)
    assert abs(whole.coef_[0]) < 0.8 * abs(flat.coef_[0])
    model = MAPRegressor(Gaussian(scale=0.7), prior, solver=SGD(batch_size=20))
    stream(model, Z, y, np.arange(100, N, 100), n_total=N)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=0.01)
    unknown = MAPRegressor(Gaussian(scale=0.7), prior, solver=SGD(batch_size=20))
    stream(unknown, Z, y, np.arange(100, N, 100))
    np.testing.assert_allclose(unknown.coef_, whole.coef_, atol=0.05)


def test_several_passes_with_the_number_of_rows_end_at_the_mode():
    prior = Laplace(scale=0.01)
    whole = MAPClassifier(prior).fit(Z, labels)
    model = MAPClassifier(prior, solver=SGD(batch_size=100))
    for _ in range(15):
        stream(model, Z, labels, np.arange(1000, N, 1000), classes=["yes", "no"], n_total=N)
    code = (labels == "yes").astype(float)
    assert excess(model, Z, code, Bernoulli(), prior) < whole.objective_ + 0.5
    np.testing.assert_array_equal(model.coef_ == 0, whole.coef_ == 0)


def test_the_noise_scale_of_steps_is_that_of_the_residuals():
    whole = MAPRegressor(prior=Flat()).fit(X, y)
    model = stream(MAPRegressor(prior=Flat(), solver="sgd"), X, y, np.arange(250, N, 250))
    # Of the last 4096 rows, here all: with residuals of the time when they came.
    assert model.noise_scale_ == pytest.approx(whole.noise_scale_, rel=0.02)


def test_weights_of_steps_are_multiplicities():
    prior = Normal(scale=100.0)
    twice = np.repeat(np.arange(N), WEIGHT.astype(int))
    whole = MAPClassifier(prior).fit(X[twice], labels[twice])
    model = MAPClassifier(prior)
    stream(model, X, labels, np.arange(500, N, 500), classes=["yes", "no"], sample_weight=WEIGHT)
    code = (labels == "yes").astype(float)
    assert excess(model, X, code, Bernoulli(), prior, WEIGHT) < whole.objective_ + 8.0


def test_class_weights_of_steps():
    by_class = {"yes": 3.0, "no": 0.5}
    weight = np.where(labels == "yes", 3.0, 0.5)
    plain, weighed = MAPClassifier(), MAPClassifier(class_weight=by_class)
    stream(plain, X, labels, [2000], classes=["yes", "no"], sample_weight=weight)
    stream(weighed, X, labels, [2000], classes=["yes", "no"])
    np.testing.assert_allclose(weighed.coef_, plain.coef_, rtol=1e-9)


def test_sparse_and_dense_rows_make_the_same_steps():
    dense = stream(MAPClassifier(), Z, labels, [1500], classes=["yes", "no"])
    for kind in (sparse.csr_array, sparse.csc_array):
        thin = MAPClassifier()
        for rows in (slice(0, 1500), slice(1500, None)):
            thin.partial_fit(kind(Z[rows]), labels[rows], classes=["yes", "no"])
        np.testing.assert_allclose(thin.coef_, dense.coef_, rtol=1e-6)


def test_a_class_that_comes_late():
    early = np.flatnonzero(three != 2)[:1500]
    order = np.concatenate([early, np.setdiff1d(np.arange(N), early)])
    model = MAPClassifier(Normal(scale=1.0))
    stream(model, Z[order], three[order], np.arange(500, N, 100), classes=[0, 1, 2])
    whole = MAPClassifier(Normal(scale=1.0)).fit(Z, three)
    # The steps are averaged over a time in which there was none of it; its probability is behind, but it has one.
    assert model.score(Z, three) > whole.score(Z, three) - 0.05


def test_a_copy_goes_on_as_the_original():
    model = stream(
        MAPClassifier(solver=Adam()), X[:3000], labels[:3000], [1500], classes=["yes", "no"]
    )
    copies = [deepcopy(model), pickle.loads(pickle.dumps(model))]
    model.partial_fit(X[3000:], labels[3000:])
    for copy in copies:
        assert not np.array_equal(copy.coef_, model.coef_)
        copy.partial_fit(X[3000:], labels[3000:])
        np.testing.assert_array_equal(copy.coef_, model.coef_)


def test_the_step_size_is_read_at_each_call():
    model = MAPClassifier(solver=SGD(0.1, averaging=False))
    model.partial_fit(Z, labels, classes=["yes", "no"], n_total=N)
    before = model.coef_.copy()
    model.set_params(solver__step_size=1e-9).partial_fit(Z, labels, n_total=N)
    np.testing.assert_allclose(model.coef_, before, atol=1e-7)
    model.set_params(solver__step_size=0.1).partial_fit(Z, labels, n_total=N)
    assert np.abs(model.coef_ - before).max() > 1e-4


def test_fit_begins_anew():
    model = stream(MAPRegressor(), Z, y, [2000])
    model.fit(Z[:100], y[:100]).partial_fit(Z[:50], y[:50])
    np.testing.assert_allclose(model.coef_, MAPRegressor().fit(Z[:50], y[:50]).coef_, rtol=1e-6)
    assert model.n_samples_seen_ == 50


def test_feature_names_and_priors_by_name():
    frame = pd.DataFrame(Z, columns=list("abcd"))
    model = MAPRegressor(prior=Normal(scale={"a": 0.01, "b": np.inf}))
    whole = clone(model).fit(frame, y)
    parts = stream(model, frame, y, [1000])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-6)
    with pytest.raises(ValueError, match="feature names"):
        parts.partial_fit(frame[list("dcba")], y)


# What is refused.


@pytest.mark.parametrize(
    ("model", "params", "message"),
    [
        (MAPClassifier(), {}, r"MAPClassifier.partial_fit needs classes= in the first call"),
        (MAPClassifier(), {"classes": ["no"]}, r"\['yes'\], which are not among classes=\['no'\]"),
        (
            MAPClassifier(class_weight="balanced"),
            {"classes": ["yes", "no"]},
            r"class_weight='balanced' needs. Give a dict",
        ),
        (
            MAPClassifier(),
            {"classes": ["yes", "no"], "n_total": 0},
            r"n_total must be a positive number of rows, .* got 0",
        ),
    ],
)
def test_wrong_calls(model, params, message):
    with pytest.raises(ValueError, match=message):
        model.partial_fit(Z, labels, **params)


def test_classes_may_not_change():
    model = MAPClassifier().partial_fit(Z, labels, classes=["yes", "no"])
    model.partial_fit(Z, labels, classes=["no", "yes"])
    with pytest.raises(ValueError, match=r"are not those of the first call, \['no', 'yes'\]"):
        model.partial_fit(Z, labels, classes=["no", "yes", "perhaps"])


def test_a_solver_that_needs_all_rows_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'partial_fit'") as raised:
        MAPClassifier(solver="newton").partial_fit(Z, labels, classes=["yes", "no"])
    assert "solver='newton' needs all of them" in str(raised.value.__cause__)
    assert not hasattr(MAPClassifier(solver="newton"), "partial_fit")
    with pytest.raises(IncompatibleModelError, match=r"solver='lbfgs' needs all of them"):
        MAPRegressor("poisson", solver="lbfgs").partial_fit(Z, np.ones(N))


def test_the_way_may_not_change():
    model = MAPRegressor().partial_fit(Z, y)
    with pytest.raises(ValueError, match="began with another solver and now has a stochastic one"):
        model.set_params(solver="sgd").partial_fit(Z, y)
    steps = MAPRegressor(solver="sgd").partial_fit(Z, y)
    with pytest.raises(ValueError, match="began with a stochastic solver and now has another"):
        steps.set_params(solver="auto").partial_fit(Z, y)


def test_targets_are_checked_in_each_call():
    model = MAPRegressor("poisson").partial_fit(Z, np.ones(N))
    with pytest.raises(ValueError, match="poisson"):
        model.partial_fit(Z, -np.ones(N))
    with pytest.raises(ValueError, match="2 columns and had 1"):
        model.partial_fit(Z, np.ones((N, 2)))
    with pytest.raises(ValueError, match="3 features"):
        model.partial_fit(Z[:, :3], np.ones(N))


def test_a_prior_without_a_proximal_operator_is_refused():
    class Kinked(Prior):
        is_smooth = False

        def for_features(self, names, n_features):
            return self

        def log_density(self, w):
            return -float(np.sqrt(np.abs(w)).sum())

    with pytest.raises(IncompatibleModelError, match=r"Kinked.*SGD"):
        MAPClassifier(Kinked(), solver=SGD()).partial_fit(
            Z, labels, classes=["yes", "no"], n_total=N
        )
