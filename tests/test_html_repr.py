"""What a notebook shows of an estimator or a part: scikit-learn's page, with links to our documentation."""

import html
import importlib
import inspect
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.stats import norm
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from skbayes import (
    BayesSearchCV,
    Categorical,
    GridSearchCV,
    Integer,
    MAPLogisticRegressionCV,
    MAPRegressor,
    Real,
)
from skbayes._sklearn import DOCUMENTATION
from skbayes.ensemble import (
    SearchEnsembleClassifier,
    SearchEnsembleRegressor,
    SnapshotEnsembleClassifier,
    SnapshotEnsembleRegressor,
)
from skbayes.model_selection import HalvingBayesSearchCV, ManualSearchCV, RandomizedSearchCV
from skbayes.priors import Informed, Laplace, Normal, Prior
from skbayes.space import Distribution
from tests.test_docs import API

X, CLASSES = load_iris(return_X_y=True)
ROWS = np.arange(0, 150, 2)
X, CLASSES = X[ROWS], CLASSES[ROWS]
RNG = np.random.default_rng(0)
NUMBERS = np.exp(0.3 * X[:, 0] + 0.1 * RNG.standard_normal(len(X)))
COUNTS = RNG.poisson(NUMBERS).astype(float)
GRID = {"C": [0.1, 1.0]}

# Parts that cannot be made without being told something.
MADE = {
    BayesSearchCV: BayesSearchCV(SVC(), {"C": (0.1, 10.0)}, n_iter=2, random_state=0, cv=2),
    GridSearchCV: GridSearchCV(SVC(), GRID, cv=2),
    HalvingBayesSearchCV: HalvingBayesSearchCV(
        SVC(), {"C": (0.1, 10.0)}, n_iter=3, random_state=0, cv=2
    ),
    ManualSearchCV: ManualSearchCV(SVC(), [{"C": 1.0}], cv=2),
    RandomizedSearchCV: RandomizedSearchCV(SVC(), GRID, n_iter=1, random_state=0, cv=2),
    SearchEnsembleClassifier: SearchEnsembleClassifier(
        GridSearchCV(SVC(), GRID, cv=2, keep_predictions=True)
    ),
    SearchEnsembleRegressor: SearchEnsembleRegressor(
        GridSearchCV(SVR(), GRID, cv=2, keep_predictions=True)
    ),
    SnapshotEnsembleClassifier: SnapshotEnsembleClassifier(
        SGDClassifier(loss="log_loss"), n_snapshots=2, n_epochs=4, step_size=0.01, random_state=0
    ),
    SnapshotEnsembleRegressor: SnapshotEnsembleRegressor(
        SGDRegressor(), n_snapshots=2, n_epochs=4, step_size=0.01, random_state=0
    ),
    Informed: Informed(np.zeros(2), np.eye(2)),
    Real: Real(0.0, 1.0),
    Integer: Integer(1, 9),
    Categorical: Categorical(["a", "b"]),
    Distribution: Distribution(norm()),
    # With what its defaults will be in later releases of scikit-learn.
    MAPLogisticRegressionCV: MAPLogisticRegressionCV(
        l1_ratios=(0.0,), scoring="neg_log_loss", use_legacy_attributes=False
    ),
}


ROOMS = ("acquisition", "density", "ensemble", "evaluation", "likelihoods", "linear_model", "model_selection",
         "optimizer", "priors", "solvers", "space", "surrogates")  # fmt: skip


def public_parts() -> list[type]:
    rooms = [importlib.import_module(f"skbayes.{room}") for room in ROOMS]
    found = [getattr(room, name) for room in rooms for name in room.__all__]
    return [each for each in found if inspect.isclass(each) and issubclass(each, BaseEstimator)]


PARTS = public_parts()
CONCRETE = [part for part in PARTS if not inspect.isabstract(part)]


def made(part: type) -> BaseEstimator:
    return clone(MADE[part]) if part in MADE else part()


def target(part: type) -> np.ndarray:
    """Return a y that an estimator can be fitted to."""
    if "MultiTask" in part.__name__:
        return np.column_stack([NUMBERS, COUNTS])
    if "Poisson" in part.__name__:
        return COUNTS
    is_regressor = re.search("Regress|Lasso|Ridge|Net", part.__name__)
    return (
        NUMBERS
        if is_regressor and "Classifier" not in part.__name__ and "Logistic" not in part.__name__
        else CLASSES
    )


def page(estimator: BaseEstimator) -> str:
    return estimator._repr_mimebundle_()["text/html"]


def links(text: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', text)]


def pages_of_ours(text: str) -> set[tuple[str, str]]:
    """Return (room, name) of the pages of our documentation that are linked."""
    found = set()
    for link in links(text):
        if link.startswith(DOCUMENTATION):
            room, name = re.fullmatch(
                r"/api/(skbayes\.\w+)\.(\w+)\.html(?:#.*)?", link.removeprefix(DOCUMENTATION)
            ).groups()
            found.add((room, name))
    return found


def test_nearly_everything_public_is_drawn():
    # A guard of the tests below, which say nothing of what is not found.
    assert {part.__module__.split(".")[1] for part in CONCRETE} == set(ROOMS)
    assert len(CONCRETE) > 75


@pytest.mark.parametrize("part", CONCRETE, ids=lambda part: part.__name__)
def test_the_page_of_a_part_leads_to_its_documentation(part):
    text = page(made(part))
    room = ".".join(part.__module__.split(".")[:2])
    assert (room, part.__name__) in pages_of_ours(text)
    assert all(name in API[room] for room, name in pages_of_ours(text))
    assert part.__name__ in text


FITTED = [
    part
    for part in CONCRETE
    if {"predict", "score"} & set(dir(part)) and not part.__module__.startswith("skbayes.surrogates")
]  # fmt: skip


@pytest.mark.parametrize("part", FITTED, ids=lambda part: part.__name__)
def test_a_fitted_estimator_is_drawn_as_fitted_and_leads_to_its_documentation(part):
    estimator = made(part).fit(X, target(part))
    text = page(estimator)
    assert "<span>Fitted</span>" in text
    assert (".".join(part.__module__.split(".")[:2]), part.__name__) in pages_of_ours(text)


@pytest.mark.parametrize(
    "part", [part for part in FITTED if getattr(part, "_lazy_attributes", None)], ids=lambda part: part.__name__
)  # fmt: skip
def test_drawing_asks_for_nothing_that_is_computed_on_demand(part, monkeypatch):
    estimator, asked = made(part).fit(X, target(part)), []
    for name in part._lazy_attributes:
        monkeypatch.setattr(
            part, name, property(lambda self, name=name: asked.append(name)), raising=False
        )
    page(estimator)
    assert not asked


def test_a_part_inside_an_estimator_inside_a_search_has_its_own_link():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), MAPRegressor(prior=Laplace())), {"mapregressor__prior": [Normal()]}
    )  # fmt: skip
    assert pages_of_ours(page(search)) >= {
        ("skbayes.model_selection", "GridSearchCV"),
        ("skbayes.linear_model", "MAPRegressor"),
    }
    assert any(
        "scikit-learn.org" in link and "StandardScaler" in link for link in links(page(search))
    )


class TheirPrior(Laplace):
    """Somebody else's."""


class _Hidden(Laplace):
    pass


_Hidden.__module__ = "skbayes.priors._laplace"


@pytest.mark.parametrize("part", [TheirPrior(), _Hidden()], ids=["theirs", "private"])
def test_what_has_no_page_in_our_documentation_has_no_link(part):
    assert isinstance(part, Prior)
    assert not pages_of_ours(page(part))
    assert "?<span>" not in page(part)


class Tags(HTMLParser):
    """The elements of a page, and what could run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts, self.handlers, self.tags = 0, [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [value for name, value in attrs if name.startswith("on")]


class Named(SVC):
    """A classifier with a text that is not checked."""

    def __init__(self, name="", C=1.0):
        super().__init__(C=C)
        self.name = name


HOSTILE = "</pre></td></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


@pytest.mark.parametrize(
    "make",
    [
        lambda text: MAPRegressor(prior=text),
        lambda text: Normal(loc={text: 1.0}),
        lambda text: Categorical([text, "b"]),
        lambda text: GridSearchCV(SVC(), {text: [1.0]}, scoring=text),
        lambda text: GridSearchCV(Named(), {"name": [text]}, cv=2).fit(X, CLASSES),
    ],
    ids=["parameter", "name of a feature", "choice", "search", "fitted search"],
)  # fmt: skip
def test_texts_of_the_user_are_escaped(make):
    hostile, tame = Tags(page(make(HOSTILE))), Tags(page(make("tame")))
    assert hostile.tags.count("script") == tame.tags.count("script")
    assert hostile.tags.count("img") == tame.tags.count("img") == 0
    assert not [code for code in hostile.handlers if code and "alert" in code]


def test_without_diagrams_the_text_alone_is_shown():
    with config_context(display="text"):
        assert "text/html" not in Laplace()._repr_mimebundle_()
