"""A fingerprint is the same for equal content, in every process, and another for other content."""

import copy
import functools
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, get_scorer, make_scorer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skbayes.evaluation import fingerprint

try:
    import pandas as pd
except ImportError:  # an extra
    pd = None

X, y = load_iris(return_X_y=True)


def a_scorer(estimator, X, y):
    return estimator.score(X, y) + 1


def with_default(power=2):
    return lambda value: value**power


# Each entry: two ways to the same content. All entries differ from one another.
PAIRS = {
    "none": (lambda: None, lambda: None),
    "true": (lambda: True, lambda: True),
    "one": (lambda: 1, lambda: int("1")),
    "one point zero": (lambda: 1.0, lambda: float("1")),
    "text one": (lambda: "1", lambda: str(1)),
    "bytes": (lambda: b"1", lambda: bytes([49])),
    "a large number": (lambda: 10**30, lambda: int("1" + "0" * 30)),
    "array": (lambda: X, lambda: np.asfortranarray(X)),
    "float32": (lambda: X.astype(np.float32), lambda: X.astype(np.float32)[:, ::-1][:, ::-1]),
    "reshaped": (lambda: X.reshape(-1, 2), lambda: X.copy().reshape(300, 2)),
    "list of rows": (lambda: X.tolist(), lambda: [list(row) for row in X.tolist()]),
    "masked": (lambda: np.ma.masked_less(X, 1), lambda: np.ma.masked_array(X.copy(), X < 1)),
    "objects": (lambda: np.array(["a", None, 1], object), lambda: np.array(["a", None, 1.0, 1], object)[[0, 1, 3]]),
    "structured": (lambda: np.zeros(2, [("a", "i4"), ("b", "f8")]), lambda: np.zeros(2, [("a", "i4"), ("b", "f8")])),
    "csr": (lambda: sp.csr_matrix(X), lambda: _with_caches(sp.csr_matrix(X))),
    "csr in any order": (lambda: sp.csr_matrix(np.array([[1.0, 2.0, 0.0]])),
                         lambda: sp.csr_matrix(([2.0, 0.5, 0.5], [1, 0, 0], [0, 3]), shape=(1, 3))),
    "csc": (lambda: sp.csc_matrix(X), lambda: sp.csr_matrix(X).tocsc()),
    "dict": (lambda: {"a": 1, "b": 2}, lambda: {"b": 2, "a": 1}),
    "set": (lambda: {"alpha", "beta", "gamma"}, lambda: {"gamma", "alpha", "beta"}),
    "tuple": (lambda: ((50, 50), (50, 50)), lambda: tuple([(50, 50)] * 2)),
    "list": (lambda: [[50, 50], [50, 50]], lambda: [[50, 50]] * 2),
    "svc": (lambda: SVC(), lambda: copy.deepcopy(SVC())),
    "svc of another C": (lambda: SVC(C=2), lambda: SVC().set_params(C=2)),
    "pipeline": (lambda: make_pipeline(StandardScaler(), SVC()), lambda: make_pipeline(StandardScaler(), SVC())),
    "forest": (lambda: RandomForestClassifier(random_state=np.random.RandomState(3)),
               lambda: RandomForestClassifier(random_state=np.random.RandomState(3))),
    "scorer": (lambda: get_scorer("accuracy"), lambda: make_scorer(accuracy_score)),
    "another scorer": (lambda: make_scorer(f1_score, average="macro"), lambda: make_scorer(f1_score, average="macro")),
    "function": (lambda: a_scorer, lambda: a_scorer),
    "lambda": (lambda: lambda e, X, y: 0.5, lambda: lambda e, X, y: 0.5),
    "another lambda": (lambda: lambda e, X, y: 0.25, lambda: lambda e, X, y: 0.25),
    "a closure": (lambda: with_default(2), lambda: with_default()),
    "another closure": (lambda: with_default(3), lambda: with_default(power=3)),
    "partial": (lambda: functools.partial(a_scorer, y=1), lambda: functools.partial(a_scorer, y=1)),
    "transformer": (lambda: FunctionTransformer(np.log1p), lambda: FunctionTransformer(np.log1p)),
    "distribution": (lambda: stats.loguniform(1, 10), lambda: _after_draws(stats.loguniform(1, 10))),
    "another distribution": (lambda: stats.loguniform(1, 20), lambda: stats.loguniform(1, 20)),
    "class": (lambda: SVC, lambda: SVC),
    "folds": (lambda: list(StratifiedKFold(3).split(X, y)), lambda: list(StratifiedKFold(3).split(X, y))),
    "generator of numbers": (lambda: np.random.default_rng(4), lambda: np.random.default_rng(4)),
    "method": (lambda: SVC(C=7).fit, lambda: SVC(C=7).fit),
}  # fmt: skip
if pd is not None:
    PAIRS |= {
        "frame": (lambda: pd.DataFrame(X, columns=list("abcd")), lambda: _by_column(X, "abcd")),
        "frame of other names": (lambda: pd.DataFrame(X, columns=list("abce")), lambda: _by_column(X, "abce")),
        "series": (lambda: pd.Series(y), lambda: pd.Series(list(y))),
        "categories": (lambda: pd.Series(["a", "b"], dtype="category"),
                       lambda: pd.Series(["a", "b"]).astype("category")),
    }  # fmt: skip


def _with_caches(matrix):
    assert matrix.has_canonical_format  # scipy remembers the answer in the matrix
    return matrix


def _by_column(X, names):
    return pd.DataFrame({name: X[:, j] for j, name in enumerate(names)})


def _after_draws(distribution):
    np.random.RandomState(0)
    distribution.rvs(3)  # moves numpy's global generator, which the distribution holds
    return distribution


@pytest.mark.parametrize("kind", PAIRS)
def test_equal_content_has_one_fingerprint(kind):
    first, second = PAIRS[kind]
    assert fingerprint(first()) == fingerprint(second())


def test_other_content_has_another_fingerprint():
    digests = {kind: fingerprint(make()) for kind, (make, _) in PAIRS.items()}
    assert len(set(digests.values())) == len(digests)
    assert not any(digest.startswith("~") for digest in digests.values())


@given(k=st.integers(0, X.size - 1), factor=st.sampled_from([np.nextafter(1, 2), -1.0, 2.0]))
def test_any_number_counts(k, factor):
    changed = X.copy()
    changed.flat[k] *= factor
    assert fingerprint(changed) != fingerprint(X)
    assert fingerprint(sp.csr_matrix(changed)) != fingerprint(sp.csr_matrix(X))


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(a=nested, b=nested)
def test_containers_are_equal_exactly_if_they_look_equal(a, b):
    # The repr tells types and every digit; only the order in a dict plays no part.
    assert fingerprint(a) == fingerprint(copy.deepcopy(a))
    assert (fingerprint(a) == fingerprint(b)) == (_in_order(a) == _in_order(b))


def _in_order(value):
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{k!r}:{_in_order(v)}" for k, v in value.items())) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({','.join(map(_in_order, value))})"
    return repr(value)


def test_what_stands_where_counts():
    assert (
        len({fingerprint(each) for each in ([1, [2]], [[1], 2], [1, 2], [[1, 2]], [12], (1, 2))})
        == 6
    )
    assert fingerprint(["a", "bc"]) != fingerprint(["ab", "c"])


def test_a_memory_map_is_its_array(tmp_path):
    large = np.random.default_rng(0).normal(size=(300, 10_000))  # more than one piece
    np.save(tmp_path / "X.npy", large)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert fingerprint(mapped) == fingerprint(large)
    large[-1, -1] += 1
    assert fingerprint(mapped) != fingerprint(large)


def test_a_circle_ends():
    circle = [1]
    circle.append(circle)
    other = [1]
    other.append(other)
    assert fingerprint(circle) == fingerprint(other) != fingerprint([1, [1]])


class Locked:
    """Cannot be pickled."""

    def __init__(self, lock=None):
        self.lock = lock or threading.Lock()


def test_what_cannot_be_looked_into_counts_by_name_and_says_so():
    assert fingerprint(Locked()) == fingerprint(Locked())  # no address
    assert fingerprint(Locked()).startswith("~")
    assert fingerprint([SVC(), Locked()]).startswith("~")
    assert fingerprint([SVC(), Locked()]) != fingerprint([SVC(C=3), Locked()])


def test_callbacks_of_an_estimator_are_no_content():
    with_callbacks = LogisticRegression()
    with_callbacks._skl_callbacks = [threading.Lock()]
    assert fingerprint(with_callbacks) == fingerprint(LogisticRegression())


ELSEWHERE = """
    import sys
    sys.path.insert(0, sys.argv[1])
    from test_fingerprint import PAIRS, fingerprint
    for kind, (make, _) in PAIRS.items():
        print(kind, fingerprint(make()), sep="\\t")
"""


@functools.cache
def elsewhere(seed):
    """Fingerprints from a process with other hashes of strings and other addresses."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ELSEWHERE), os.path.dirname(__file__)],
        capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(line.split("\t") for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", PAIRS)
def test_two_processes_find_the_same(kind):
    assert elsewhere("0")[kind] == elsewhere("77")[kind]


# Names of functions hold their module, which pytest imports under another name.
BY_MODULE = {"function", "lambda", "another lambda", "a closure", "another closure", "partial"}


@pytest.mark.parametrize("kind", sorted(PAIRS.keys() - BY_MODULE))
def test_this_process_finds_the_same(kind):
    assert elsewhere("0")[kind] == fingerprint(PAIRS[kind][0]())
