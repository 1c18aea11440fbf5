"""A search with a journal goes on where it was killed: nothing repeated, nothing lost, the same result."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from collections import Counter
from contextlib import suppress

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import KFold, ParameterGrid, cross_val_score
from sklearn.svm import SVC

from skbayes import BayesSearchCV, Categorical, GridSearchCV, ManualSearchCV, RandomizedSearchCV
from skbayes.evaluation import read_journal
from skbayes.exceptions import JournalError
from skbayes.model_selection import load_history

RNG = np.random.RandomState(0)
X, y = RNG.normal(size=(24, 3)), np.repeat([0, 1], 12)
FOLDS = KFold(3, shuffle=True, random_state=1)


class Logged(ClassifierMixin, BaseEstimator):
    """Writes down every fit, and has a score that any change of data or parameters moves."""

    gate = None  # a pipe, of which each fit takes a byte before it begins

    def __init__(self, C=1.0, part=None, log=None, seconds=0.0):
        self.C = C
        self.part = part
        self.log = log
        self.seconds = seconds

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.gate is not None:
            os.read(self.gate, 1)
        time.sleep(self.seconds)
        self.mean_ = X.mean()
        with open(self.log, "ab", buffering=0) as file:
            file.write(f"{os.getpid()} {self.C!r} {self.part!r} {self.mean_!r}\n".encode())
        if self.C > 5:
            raise ValueError("C is too large")
        return self

    def predict(self, X):
        return np.zeros(len(X), int)

    def score(self, X, y):
        power = 2.0 if self.part is None else 1.5
        return float(-(np.abs(np.log(self.C) - 0.3 - 10 * self.mean_) ** power) - X.std())


def largest(estimator, X, y):
    return {"a": estimator.score(X, y), "b": float(X.max())}


SPACE = {"C": (0.1, 10.0, "log-uniform"), "part": Categorical([None, SVC(), SVC(C=2), (1, 2)])}
GRID = {"C": [0.3, 1.0, 6.0], "part": [None, (1, 2)]}
SEARCHES = {
    "bayes": lambda e, **o: BayesSearchCV(e, SPACE, n_iter=8, random_state=3, **o),
    "bayes in waves": lambda e, **o: BayesSearchCV(e, SPACE, n_iter=9, n_points=3, random_state=3, **o),
    "bayes, two spaces": lambda e, **o: BayesSearchCV(
        e, [({"C": (0.1, 1.0)}, 4), ({"C": (1.0, 4.0), "part": [SVC(), None]}, 4)], random_state=3, **o
    ),
    "bayes, racing": lambda e, **o: BayesSearchCV(e, SPACE, n_iter=8, racing=True, random_state=3, **o),
    "grid": lambda e, **o: GridSearchCV(e, GRID, **o),
    "random": lambda e, **o: RandomizedSearchCV(e, {**GRID, "seconds": [0.0, 0.001]}, n_iter=6, random_state=3, **o),
    "manual": lambda e, **o: ManualSearchCV(e, [{"C": 0.5}, {"C": 2.0, "part": SVC()}, {"C": 0.5}], **o),
    "several metrics": lambda e, **o: GridSearchCV(
        e, GRID, scoring=largest, refit="a", return_train_score=True, **o
    ),
}  # fmt: skip


# A third of the space makes the fit fail, so that failures are journalled too.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:.*non-finite:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*the others are idle:UserWarning"),
]


def run(kind, folder, **options):
    """Fit a search in a folder with its own journal and log of fits."""
    options = {"cv": FOLDS, "journal": folder / "search.jsonl", **options}
    seconds = options.pop("seconds", 0.0)
    estimator = Logged(log=str(folder / "fits.txt"), seconds=seconds)
    return SEARCHES[kind](estimator, **options).fit(X, y)


def fits(folder):
    """The fits so far, in order; the refit is the only one on all data."""
    path = folder / "fits.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [key for line in lines if not (key := line.split(" ", 1)[1]).endswith(repr(X.mean()))]


def recorded(folder):
    """The (candidate, fold) in the journal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, candidates = read_journal(folder / "search.jsonl")
    return {(c.number, fold) for c in candidates for fold in c.folds}


def check_same(search, expected):
    """Compare all results but the times."""
    ours, theirs = search.cv_results_, expected.cv_results_
    assert ours.keys() == theirs.keys()
    for name in ours:
        if "time" not in name and name != "params":
            assert repr(np.ma.asarray(ours[name]).tolist()) == repr(
                np.ma.asarray(theirs[name]).tolist()
            ), name
    assert repr(ours["params"]) == repr(theirs["params"])
    assert search.best_index_ == expected.best_index_
    assert search.best_params_ == expected.best_params_ or repr(search.best_params_) == repr(
        expected.best_params_
    )
    assert search.stopped_by_ == expected.stopped_by_


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Every kind of search with a journal, not interrupted."""
    done = {}

    def finish(kind):
        if kind not in done:
            folder = tmp_path_factory.mktemp("finished")
            done[kind] = folder, run(kind, folder)
        return done[kind]

    return finish


# --- a journal changes nothing, and is complete --------------------------------------------------------------------


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_journal_does_not_change_the_search(kind, finished, tmp_path):
    _, with_journal = finished(kind)
    without = run(kind, tmp_path, journal=None)
    ours = {
        k: v
        for k, v in with_journal.cv_results_.items()
        if k not in ("status", "n_splits_evaluated")
    }
    for name in ours:
        if "time" not in name:
            assert repr(ours[name]) == repr(without.cv_results_[name]), name


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_finished_search_runs_again_without_a_fit(kind, finished, tmp_path):
    folder, expected = finished(kind)
    n_fits, n_lines = len(fits(folder)), (folder / "search.jsonl").read_bytes().count(b"\n")
    check_same(run(kind, folder), expected)
    assert len(fits(folder)) == n_fits
    assert (folder / "search.jsonl").read_bytes().count(b"\n") == n_lines


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("kind", SEARCHES)
def test_from_any_line_it_goes_on_to_the_same_result(kind, n_jobs, finished, tmp_path):
    folder, expected = finished(kind)
    whole = (folder / "search.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    n_units = len(lines) - 1
    log = (folder / "fits.txt").read_bytes()
    random.seed(f"{kind}{n_jobs}")
    for n_kept in sorted(random.sample(range(n_units), 3)):
        torn = lines[n_kept + 1][: random.randrange(1, 50)]
        (folder / "search.jsonl").write_bytes(b"".join(lines[: n_kept + 1]) + torn)
        (folder / "fits.txt").write_bytes(b"")
        with (
            pytest.warns(UserWarning, match="is torn"),
            parallel_config("threading", n_jobs=n_jobs),
        ):
            search = run(kind, folder)
        check_same(search, expected)
        # Folds of one candidate may be in another order in the journal of two workers; their number is the same.
        assert len(fits(folder)) == n_units - n_kept
        assert len(recorded(folder)) == n_units
    (folder / "search.jsonl").write_bytes(whole)
    (folder / "fits.txt").write_bytes(log)


def test_more_candidates_continue_the_search(tmp_path):
    SPACE_ONLY = {"C": (0.1, 4.0, "log-uniform")}

    def search(n_iter, folder):
        folder.mkdir(exist_ok=True)
        estimator = Logged(log=str(folder / "fits.txt"))
        return BayesSearchCV(
            estimator, SPACE_ONLY, n_iter=n_iter, cv=FOLDS, random_state=0, journal=folder / "search.jsonl"
        ).fit(X, y)  # fmt: skip

    search(4, tmp_path / "a")
    longer = search(7, tmp_path / "a")
    check_same(longer, search(7, tmp_path / "b"))
    assert len(fits(tmp_path / "a")) == 7 * 3
    shorter = search(5, tmp_path / "a")
    assert len(shorter.cv_results_["params"]) == 5
    assert len(fits(tmp_path / "a")) == 7 * 3


def test_without_a_seed_the_journal_keeps_the_one_that_was_drawn(tmp_path):
    for kind in (BayesSearchCV, RandomizedSearchCV):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        space = {"C": [k / 20 for k in range(1, 60)]}
        searches = [
            kind(
                Logged(log=str(folder / "fits.txt")),
                space,
                n_iter=4,
                cv=FOLDS,
                journal=folder / "search.jsonl",
            )
            for _ in range(2)
        ]
        first, second = (search.fit(X, y) for search in searches)
        check_same(second, first)
        assert len(fits(folder)) == 4 * 3


def test_other_settings_go_on_from_what_is_known(tmp_path):
    def search(**options):
        estimator = Logged(log=str(tmp_path / "fits.txt"))
        return BayesSearchCV(
            estimator, {"C": (0.1, 4.0)}, cv=FOLDS, journal=tmp_path / "search.jsonl", **options
        ).fit(X, y)  # fmt: skip

    first = search(n_iter=5, random_state=0)
    second = search(n_iter=7, random_state=1, acquisition="ucb")
    assert [p["C"] for p in second.cv_results_["params"][:5]] == [
        p["C"] for p in first.cv_results_["params"]
    ]
    assert len(fits(tmp_path)) == 7 * 3


def test_asynchronous_search_goes_on_from_what_is_known(tmp_path):
    def search(n_iter):
        estimator = Logged(log=str(tmp_path / "fits.txt"), seconds=0.001)
        with parallel_config("threading", n_jobs=3):
            return BayesSearchCV(
                estimator, SPACE, n_iter=n_iter, cv=FOLDS, asynchronous=True, random_state=0,
                journal=tmp_path / "search.jsonl",
            ).fit(X, y)  # fmt: skip

    def scores(search):
        columns = [search.cv_results_[f"split{k}_test_score"] for k in range(3)]
        return Counter(
            zip(
                map(repr, search.cv_results_["params"]),
                *(map(repr, c) for c in columns),
                strict=True,
            )
        )

    first = search(5)
    lines = (tmp_path / "search.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "search.jsonl").write_bytes(b"".join(lines[:-4]))
    second = search(8)
    assert len(fits(tmp_path)) == 8 * 3 + 4
    assert (
        sum((scores(first) & scores(second)).values()) >= 4
    )  # one may have been lost with all of its folds
    assert len(second.cv_results_["params"]) == 8


# --- killed ---------------------------------------------------------------------------------------------------------


def kill_after(n_fits, delay, n_begun, kind, folder, **options):
    """Fit in a forked process that begins `n_begun` fits, and kill it some seconds after `n_fits` have ended."""
    reader, writer = os.pipe()
    os.write(writer, b"." * (n_begun - len(fits(folder))))
    child = os.fork()
    if child == 0:
        try:
            warnings.simplefilter("ignore")
            Logged.gate = reader
            run(kind, folder, **options)
        finally:
            os._exit(0)
    while len(fits(folder)) < n_fits:
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
        time.sleep(0.001)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    os.close(reader)
    os.close(writer)


def check_resumed(kind, folder, expected, n_jobs=1, n_kills=1):
    journal = folder / "search.jsonl"
    before = recorded(folder) if journal.exists() and b"\n" in journal.read_bytes() else set()
    n_fits = len(fits(folder))
    with warnings.catch_warnings(), parallel_config("threading", n_jobs=n_jobs):
        warnings.filterwarnings("ignore", message=".*is torn|.*is empty")
        check_same(run(kind, folder, seconds=0.003), expected)
    after = recorded(folder)
    assert before <= after
    # What was in the journal was not fitted again, and all else was: once.
    assert len(fits(folder)) - n_fits == len(after - before)
    # At the kill each worker had one fit running, and perhaps one whose result was on its way.
    assert len(fits(folder)) - len(after) <= 2 * n_jobs * n_kills


def kill_and_resume(kind, folder, n_times, n_jobs, seed):
    moments = random.Random(seed)
    expected = run(kind, _made(folder / "whole"), seconds=0.003)
    n_units = len(recorded(folder / "whole"))
    for k in range(n_times):
        place = _made(folder / str(k))
        with parallel_config("threading", n_jobs=n_jobs):
            # Anywhere in the search, and anywhere in the fit, in its record, or in what is thought in between.
            n_fits, delay = moments.randrange(n_units), moments.uniform(0, 0.01)
            # Not all and the refit too: the search must not be over.
            n_begun = min(n_fits + n_jobs, n_units)
            kill_after(n_fits, delay, n_begun, kind, place, seconds=0.003)
        check_resumed(kind, place, expected, n_jobs)


def _made(folder):
    folder.mkdir()
    return folder


needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="forks a worker, which Windows cannot"
)


@needs_fork
@pytest.mark.parametrize("kind", ["bayes", "grid"])
def test_killed_and_resumed(kind, tmp_path):
    kill_and_resume(kind, tmp_path, 3, 1, 1)


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("kind", "n_times"),
    [
        ("bayes in waves", 50),
        ("bayes, racing", 20),
        ("random", 20),
        ("grid", 50),
        ("several metrics", 20),
    ],
)
def test_killed_at_random_moments(kind, n_times, n_jobs, tmp_path):
    kill_and_resume(kind, tmp_path, n_times, n_jobs, 2)


@needs_fork
def test_killed_again_and_again(tmp_path):
    folder = _made(tmp_path / "a")
    expected = run("bayes", _made(tmp_path / "b"), seconds=0.003)
    for n_fits in (2, 3, 9, 10, 20):
        kill_after(n_fits, 0.001, n_fits + 2, "bayes", folder, seconds=0.003)
    check_resumed("bayes", folder, expected, n_kills=5)


SCRIPT = f"""
    import sys, warnings
    from pathlib import Path
    sys.path.insert(0, {os.path.dirname(__file__)!r})
    warnings.simplefilter("ignore")
    import test_journal
    if __name__ == "__main__":
        search = test_journal.run("grid", Path(sys.argv[1]), seconds=0.2, n_jobs=2)
        print([(k, v) for k, v in search.cv_results_.items() if "time" not in k])
"""


def script(folder):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )


@needs_fork
@pytest.mark.slow
def test_killed_with_worker_processes(tmp_path):
    # The workers outlive the search for a moment; neither they nor the lock are in the way of the next one.
    expected = script(_made(tmp_path / "whole")).communicate()[0]
    folder = _made(tmp_path / "a")
    process = script(folder)
    while process.poll() is None and len(fits(folder)) < 6:
        time.sleep(0.05)
    process.kill()
    process.wait()
    try:
        before = recorded(folder)
        assert before
        assert script(folder).communicate()[0] == expected != ""
        # Workers end what they were given even when nobody waits for it; what was recorded runs once all the same.
        n_fits = Counter(fits(folder))
        candidates, folds = list(ParameterGrid(GRID)), list(FOLDS.split(X))
        for number, fold in before:
            params, mean = candidates[number], X[folds[fold][0]].mean()
            assert n_fits[f"{params['C']!r} {params['part']!r} {mean!r}"] == 1
    finally:
        process.stdout.close()
        with suppress(ProcessLookupError):  # idle workers would stay for minutes
            os.killpg(process.pid, signal.SIGKILL)


# --- of something else ---------------------------------------------------------------------------------------------


def grid(folder, estimator=None, param_grid=None, **options):
    estimator = estimator or Logged(log=str(folder / "fits.txt"))
    options = {"cv": FOLDS, "journal": folder / "search.jsonl", **options}
    return GridSearchCV(estimator, param_grid or {"C": [0.5, 2.0]}, **options)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s, d: s.fit(X + 1e-9, y), "the data X differs"),
        (lambda s, d: s.fit(X, y[::-1]), "the target y differs"),
        (lambda s, d: s.set_params(cv=4).fit(X, y), "the folds differ"),
        (
            lambda s, d: s.set_params(cv=KFold(3, shuffle=True)).fit(X, y),
            "folds.*a fixed random_state",
        ),
        (lambda s, d: s.set_params(scoring="accuracy").fit(X, y), "the scorers differ"),
        (lambda s, d: s.set_params(estimator__C=7.0).fit(X, y), "estimator differ"),
        (
            lambda s, d: s.set_params(param_grid={"C": [0.5, 3.0]}).fit(X, y),
            "the param_grid differs",
        ),
        (
            lambda s, d: s.set_params(cv=4).fit(X[:20], y[:20]),
            "the data X, the target y and the folds differ",
        ),
        (lambda s, d: run("bayes", d), "the search .GridSearchCV there, BayesSearchCV here."),
    ],
)
def test_a_journal_of_something_else_is_refused(change, words, tmp_path):
    grid(tmp_path).fit(X, y)
    before, n_fits = (tmp_path / "search.jsonl").read_bytes(), len(fits(tmp_path))
    with pytest.raises(JournalError, match=words):
        change(grid(tmp_path), tmp_path)
    assert (tmp_path / "search.jsonl").read_bytes() == before
    assert len(fits(tmp_path)) == n_fits


def test_what_only_says_how_it_is_run_may_change(tmp_path):
    first = grid(tmp_path).fit(X, y)
    with parallel_config("threading"):
        again = grid(
            tmp_path, n_jobs=2, verbose=1, refit=False, pre_dispatch=1, time_budget=100.0
        ).fit(X, y)
    assert list(again.cv_results_["mean_test_score"]) == list(first.cv_results_["mean_test_score"])
    assert len(fits(tmp_path)) == 6


def test_training_scores_are_made_up_for(tmp_path):
    grid(tmp_path).fit(X, y)
    search = grid(tmp_path, return_train_score=True).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_train_score"]).all()
    assert len(fits(tmp_path)) == 12
    grid(tmp_path, return_train_score=True).fit(X, y)
    assert len(fits(tmp_path)) == 12


def test_what_failed_counts_as_the_error_score_of_this_run(tmp_path):
    options = {"param_grid": {"C": [0.5, 6.0]}}
    assert np.isnan(grid(tmp_path, **options).fit(X, y).cv_results_["mean_test_score"][1])
    assert (
        grid(tmp_path, **options, error_score=-9.0).fit(X, y).cv_results_["mean_test_score"][1]
        == -9.0
    )
    with pytest.raises(ValueError, match="C is too large"):
        grid(tmp_path, **options, error_score="raise").fit(X, y)


def test_a_running_search_refuses_a_second_one(tmp_path):
    refused = []

    def second(state):
        with pytest.raises(JournalError, match="in use by another search"):
            grid(tmp_path).fit(X, y)
        refused.append(True)

    grid(tmp_path).fit(X, y, callback=second)
    assert refused
    assert len(fits(tmp_path)) == 6


def test_a_search_that_raises_lets_the_journal_go(tmp_path):
    def stop(state):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        grid(tmp_path).fit(X, y, callback=stop)
    grid(tmp_path).fit(X, y)
    assert len(fits(tmp_path)) == 6


def test_nested_searches_share_a_directory(tmp_path):
    search = grid(tmp_path, journal=tmp_path / "journals")
    (tmp_path / "journals").mkdir()
    first = cross_val_score(search, X, y, cv=KFold(3))
    assert len(list((tmp_path / "journals").iterdir())) == 3
    n_fits = len(fits(tmp_path))
    assert list(cross_val_score(clone(search), X, y, cv=KFold(3))) == list(first)
    assert len(fits(tmp_path)) == n_fits + 3  # the refits: on the outer training data


def test_metadata_belong_to_it(tmp_path):
    def weighted(weight):
        search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=FOLDS, journal=tmp_path / "search.jsonl")
        return search.fit(X, y, sample_weight=weight)

    weighted(np.ones(len(y)))
    with pytest.raises(JournalError, match="the metadata differ"):
        weighted(np.arange(len(y)) + 1.0)


# --- as a history ---------------------------------------------------------------------------------------------------


def test_a_journal_is_loaded_as_the_history_of_its_search(tmp_path):
    search = run("bayes", tmp_path)
    history = load_history(tmp_path / "search.jsonl", SPACE)
    assert history.origin == search.history_.origin is not None
    assert len(history) == len(search.history_)
    for ours, theirs in zip(history, search.history_, strict=True):
        assert repr(ours) == repr(theirs)
    for trial in history:
        assert any(trial.params["part"] is choice for choice in SPACE["part"].categories)


def test_without_the_space_objects_are_texts(tmp_path):
    run("manual", tmp_path)
    history = load_history(str(tmp_path / "search.jsonl"))
    assert [trial.params for trial in history] == [
        {"C": 0.5},
        {"C": 2.0, "part": "<0: SVC()>"},
        {"C": 0.5},
    ]


def test_a_candidate_that_lacks_folds_is_pruned(tmp_path):
    run("grid", tmp_path)
    path = tmp_path / "search.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:6]))
    first, second = load_history(path)
    assert (first.status, second.status) == ("complete", "pruned")
    assert np.isfinite(first.score)
    assert np.isnan(second.score)
    assert [np.isfinite(score) for score in second.fold_scores] == [True, True, False]


def test_a_warm_start_from_a_journal_is_one_from_the_search(tmp_path):
    first = run("bayes", tmp_path)

    def warm(history):
        estimator = Logged(log=str(tmp_path / "fits.txt"))
        search = BayesSearchCV(
            estimator, SPACE, n_iter=4, cv=FOLDS, random_state=5, history=history
        )
        return search.fit(X, y)

    check_same(warm(load_history(tmp_path / "search.jsonl", SPACE)), warm(first))


def test_objects_that_the_space_has_not_are_an_error(tmp_path):
    run("bayes", tmp_path)
    with pytest.raises(JournalError, match=r"1 objects for part.*Give the space of the search"):
        load_history(tmp_path / "search.jsonl", {"C": (0.1, 10.0), "part": [None, SVC()]})


def test_no_journal_no_history(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_history(tmp_path / "search.jsonl")
    (tmp_path / "diary.txt").write_text("my diary")
    with pytest.raises(JournalError, match="is no journal"):
        load_history(tmp_path / "diary.txt")
