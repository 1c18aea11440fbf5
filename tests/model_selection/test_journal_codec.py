"""Parameters in a journal: plain values as they are, objects by their position, and back to the user's own."""

import json
import math
import threading
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.svm import SVC

from skbayes.exceptions import JournalError
from skbayes.model_selection._journal_codec import (
    codec_of_candidates,
    codec_of_lists,
    codec_of_spaces,
    readable,
)
from skbayes.space import Categorical, as_space


def double(x):
    return 2 * x


class Locked:
    """Cannot be pickled: two of them have one fingerprint."""

    def __init__(self):
        self.lock = threading.Lock()


OBJECTS = [
    Locked(), Locked(),
    SVC(), SVC(C=2), LogisticRegression(), (50, 50), (50,), double, abs, np.arange(3), Fraction(1, 3), {"a": 1},
    {"choice": 0}, [1, 2], b"x", lambda x: x + 1, lambda x: x + 2, SVC, np.datetime64("2020-01-01"), 1 + 2j,
]  # fmt: skip
PLAIN = [None, True, 1, 1.0, 0.1 + 0.2, "1", "", 10**20, math.nan, math.inf, -math.inf]
GRID = {"a": [*OBJECTS, *PLAIN]}


def as_written(view):
    """Return what a JSON file would give back."""
    return json.loads(json.dumps(view, allow_nan=False))


@pytest.mark.parametrize(
    "codec",
    [
        codec_of_spaces("search_spaces", [as_space({"a": Categorical(GRID["a"])})]),
        codec_of_lists("param_grid", GRID),
        codec_of_candidates("candidates", list(ParameterGrid(GRID))),
    ],
    ids=["spaces", "lists", "candidates"],
)
@pytest.mark.parametrize("k", range(len(GRID["a"])))
def test_a_choice_comes_back_as_the_users_own_object(codec, k):
    value, is_plain = GRID["a"][k], k >= len(OBJECTS)
    back = codec.decode(as_written(codec.encode({"a": value})))["a"]
    if is_plain:
        assert type(back) is type(value)
        assert back == value or (back != back and value != value)
    else:
        assert back is value


def test_the_views_of_all_choices_differ():
    codec = codec_of_lists("param_grid", GRID)
    views = [json.dumps(codec.encode({"a": value}), sort_keys=True) for value in GRID["a"]]
    assert len(set(views)) == len(views)


def test_scalars_of_numpy_are_plain():
    values, names = np.array([0.01, 0.1, 1.0]), np.array(["a", "b"])
    codec = codec_of_lists("param_grid", {"C": values, "k": names})
    view = codec.encode({"C": values[1], "k": names[0], "n": np.int64(3)})
    assert view == {"C": 0.1, "k": "a", "n": 3}
    assert [type(value) for value in view.values()] == [float, str, int]


def test_a_copy_is_its_original():
    # As after the clone of a search, or in another process.
    codec = codec_of_lists("param_grid", {"clf": [SVC(), SVC(C=2)]})
    assert codec.encode({"clf": SVC(C=2)})["clf"]["choice"] == 1


def test_positions_run_through_all_spaces_and_branches():
    first, second, third = SVC(), SVC(C=2), SVC(C=3)
    branches = as_space([{"clf": [first], "n": (1, 5)}, {"clf": [second, first]}])
    codec = codec_of_spaces("search_spaces", [branches, as_space({"clf": [third]})])
    for k, svc in enumerate([first, second, third]):
        assert codec.encode({"clf": svc})["clf"]["choice"] == k
        assert codec.decode({"clf": {"choice": k}})["clf"] is svc


def test_what_a_distribution_draws_is_found_again_by_content():
    class Layers:
        def rvs(self, random_state=None):
            return (random_state.randint(9),)

    codec = codec_of_lists("param_distributions", {"layers": Layers(), "C": stats.uniform()})
    again = codec_of_lists("param_distributions", {"layers": Layers(), "C": stats.uniform()})
    assert codec.encode({"layers": (3,)}) == again.encode({"layers": (3,)})
    assert codec.encode({"layers": (3,)}) != codec.encode({"layers": (4,)})
    with pytest.raises(
        JournalError, match=r"layers='<.*: \(3,\)>'.*Give the param_distributions of the search"
    ):
        codec.decode(codec.encode({"layers": (3,)}))


@pytest.mark.parametrize(
    "value", [{"choice": 2}, {"choice": -1}, {"choice": "0"}, {"choice": None}, {}]
)
def test_a_position_that_does_not_exist_is_an_error(value):
    codec = codec_of_lists("param_grid", {"clf": [SVC(), SVC(C=2)]})
    with pytest.raises(JournalError, match="param_grid has 2 objects for clf"):
        codec.decode({"clf": value})


def test_addresses_play_no_part():
    codec = codec_of_lists("param_grid", {})
    view = codec.encode({"a": object()})
    assert view == codec.encode({"a": object()})
    assert " at 0x" not in json.dumps(view)


def test_the_readable_view():
    codec = codec_of_lists("param_grid", {"clf": [SVC(), SVC(C=2)]})
    view = codec.encode({"clf": SVC(C=2), "gap": math.inf, "C": 0.5})
    assert {name: readable(value) for name, value in view.items()} == {
        "clf": "<1: SVC(C=2)>", "gap": math.inf, "C": 0.5,
    }  # fmt: skip


def test_plain_candidates_may_come_and_go():
    few = codec_of_candidates("candidates", [{"C": 1.0}])
    many = codec_of_candidates("candidates", [{"C": 1.0}, {"C": 2.0, "kernel": "rbf"}])
    assert few.content == many.content
    assert codec_of_candidates("candidates", [{"clf": SVC()}]).content != few.content
