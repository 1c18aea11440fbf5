"""Whether the pages for people who come from Optuna and Hyperopt say the truth about these two.

    python benchmarks/coming_from.py optuna        # optuna; with optuna-integration its OptunaSearchCV too
    python benchmarks/coming_from.py hyperopt      # hyperopt

Each line is a statement of docs/from_optuna.rst or docs/from_hyperopt.rst, and what the released package does. The
functions that convert a study or trials are taken from the pages themselves. The last line counts what does not hold;
the script ends with an error then.
"""

import doctest
import logging
import math
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

DOCS = Path(__file__).parents[1] / "docs"
X, Y = load_iris(return_X_y=True)
FAILED: list[str] = []


def says(statement: str, holds: Any, seen: Any = "") -> None:
    """Print a statement and whether it holds."""
    print(f"{'holds' if holds else 'FALSE'}  {statement}  {seen}")
    if not holds:
        FAILED.append(statement)


def function_of_page(page: str, name: str) -> Callable[..., Any]:
    """Run the examples of a page up to the function `name`, and return it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    scope: dict[str, Any] = {"np": np}
    for example in doctest.DocTestParser().get_examples(text):
        if example.source.startswith(("from skbayes", "STATUS", f"def {name}")):
            exec(example.source, scope)
        if name in scope:
            return scope[name]  # type: ignore[no-any-return]
    raise KeyError(name)


def raises(call: Callable[[], Any]) -> str:
    """Return the name of the exception that a call raises, or an empty string."""
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return ""


def optuna_spaces(optuna: Any) -> None:
    """Check the table of spaces."""

    def seen(suggest: Callable[[Any], Any], n: int = 120) -> set[Any]:
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        values = []
        study.optimize(lambda trial: float(values.append(suggest(trial)) or 0.0), n_trials=n)
        return set(values)

    says("suggest_int: both ends", seen(lambda t: t.suggest_int("n", 1, 4)) == {1, 2, 3, 4})
    says(
        "suggest_float with a step: five values",
        seen(lambda t: t.suggest_float("x", 0.0, 1.0, step=0.25)) == {0.0, 0.25, 0.5, 0.75, 1.0},
    )
    says(
        "suggest_int with a step", seen(lambda t: t.suggest_int("n", 0, 20, step=10)) == {0, 10, 20}
    )
    choices = [None, StandardScaler(), (50, 50)]
    with tempfile.TemporaryDirectory() as folder:
        backend = optuna.storages.journal.JournalFileBackend(str(Path(folder) / "journal"))
        study = optuna.create_study(storage=optuna.storages.JournalStorage(backend))
        error = raises(
            lambda: study.optimize(
                lambda t: float(t.suggest_categorical("k", choices) is None), n_trials=3
            )
        )
    says("estimators as choices: not with a storage", error == "TypeError", error)


def branch(trial: Any) -> float:
    """Return a score of a space with a condition."""
    if trial.suggest_categorical("kernel", ["rbf", "poly"]) == "rbf":
        return -(math.log10(trial.suggest_float("gamma", 1e-4, 10.0, log=True)) ** 2)
    return -float(trial.suggest_int("degree", 2, 5))


def optuna_samplers(optuna: Any) -> None:
    """Check what is said of samplers, failures and reproducibility."""
    kinds = {"TPESampler": optuna.samplers.TPESampler, "GPSampler": optuna.samplers.GPSampler}
    heard: dict[str, int] = {}
    for name, kind in kinds.items():
        records: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record, records=records: records.append(record.getMessage())  # type: ignore[method-assign]
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        logging.getLogger("optuna").addHandler(handler)
        study = optuna.create_study(direction="maximize", sampler=kind(seed=0))
        study.optimize(branch, n_trials=20)
        logging.getLogger("optuna").removeHandler(handler)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        heard[name] = sum("RandomSampler" in record for record in records)
    says("GPSampler draws conditional parameters at random, and says so", heard["GPSampler"], heard)
    says("TPESampler does not", heard["TPESampler"] == 0)
    for name, kind in kinds.items():
        study = optuna.create_study(sampler=kind(seed=0))
        study.optimize(
            lambda t: float(t.suggest_categorical("k", ["a", "b", "c"]) == "a"), n_trials=12
        )
        found = Counter(trial.params["k"] for trial in study.trials)
        says(f"{name} repeats points", len(study.trials) == 12 and len(found) == 3, dict(found))

    def fails(trial: Any) -> float:
        x = trial.suggest_float("x", 0.0, 1.0)
        if trial.number == 3:
            raise ValueError("no")
        return float(x)

    study = optuna.create_study()
    error = raises(lambda: study.optimize(fails, n_trials=6))
    says("an exception ends optimize", error == "ValueError" and len(study.trials) == 4)
    study = optuna.create_study()
    study.optimize(fails, n_trials=6, catch=(ValueError,))
    says("with catch= it goes on", len(study.trials) == 6)

    def draws(n_jobs: int) -> list[float]:
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
        study.optimize(
            lambda t: (t.suggest_float("x", 0.0, 1.0) - 0.3) ** 2, n_trials=30, n_jobs=n_jobs
        )
        return sorted(trial.params["x"] for trial in study.trials)

    says("the same twice with one thread", draws(1) == draws(1))
    says("not the same with two threads", draws(2) != draws(1))


def optuna_defaults(optuna: Any) -> None:
    """Check defaults, and names that the tables take for granted."""
    study = optuna.create_study()
    says("the default pruner is MedianPruner", type(study.pruner).__name__ == "MedianPruner")
    says("the default sampler is TPESampler", type(study.sampler).__name__ == "TPESampler")
    text = optuna.importance.get_param_importances.__doc__
    says("importances: PED-ANOVA by default", "PedAnovaImportanceEvaluator` by" in text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        from optuna.terminator import Terminator

        Terminator()
    told = " ".join(str(warning.message) for warning in caught)
    says("the terminator is deprecated, removal in 6", "removed in v6.0.0" in told)
    import optuna.visualization as visualization

    named = set(re.findall(r"``(plot_\w+)``", (DOCS / "from_optuna.rst").read_text()))
    known = {name for name in visualization.__all__ if name.startswith("plot_")}
    says("every plot of theirs is in the table", known - named == {"plot_terminator_improvement"})
    says("every plot of the table is theirs", named <= known, named - known)


def optuna_study(optuna: Any) -> None:
    """Continue a real study."""
    from skbayes import BayesSearchCV
    from skbayes.optimizer import EarlierSearch

    def objective(trial: Any) -> float:
        C = trial.suggest_float("C", 1e-3, 1e3, log=True)
        kernel = trial.suggest_categorical("kernel", ["rbf", "poly"])
        if trial.number == 2:
            raise optuna.TrialPruned
        if trial.number == 4:
            return float("nan")
        return float(SVC(C=C, kernel=kernel).fit(X[::2], Y[::2]).score(X[1::2], Y[1::2]))

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=15)
    history = function_of_page("from_optuna.rst", "history_of")(study)
    says("a study becomes a History", len(history) == 15)
    says("its best trial is the incumbent", history.incumbent.params == study.best_params)
    statuses = Counter(trial.status for trial in history)
    says("statuses", statuses == {"complete": 13, "pruned": 1, "failed": 1}, dict(statuses))
    space = {"C": (1e-3, 1e3, "log-uniform"), "kernel": ["rbf", "poly"]}
    earlier = EarlierSearch(history, same_objective=True)
    search = BayesSearchCV(SVC(), space, n_iter=6, cv=3, history=earlier, random_state=0).fit(X, Y)
    old = [trial.params for trial in history]
    says("nothing is tried again", not any(p in old for p in search.cv_results_["params"]))


def optuna_search_cv(optuna: Any) -> None:
    """Check the table of OptunaSearchCV."""
    try:
        from optuna_integration.sklearn import OptunaSearchCV
    except ImportError:
        print("-----  OptunaSearchCV was not checked: optuna-integration is not installed")
        return
    from scipy.stats import loguniform
    from sklearn.base import is_classifier

    kinds = optuna.distributions
    space = {"C": kinds.FloatDistribution(1e-3, 1e3, log=True)}
    search = OptunaSearchCV(SVC(), space, n_trials=4, cv=3, random_state=0).fit(X, Y)
    columns = set(search.cv_results_)
    says("cv_results_ without params and ranks", not columns & {"params", "rank_test_score"})
    says("ten trials by default", OptunaSearchCV(SVC(), space).n_trials == 10)
    says("not known as a classifier", not is_classifier(search))
    scoring = ["accuracy", "f1_macro"]
    several = OptunaSearchCV(SVC(), space, n_trials=2, cv=3, scoring=scoring)
    says("one metric", raises(lambda: several.fit(X, Y)) != "")
    for given in ([0.1, 1.0], loguniform(0.1, 1.0)):
        other = OptunaSearchCV(SVC(), {"C": given}, n_trials=2, cv=3)
        says("Optuna's distributions only", raises(lambda other=other: other.fit(X, Y)) != "")


def optuna_claims() -> None:
    """Check docs/from_optuna.rst."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")  # notes on experimental parts
    print("Optuna", optuna.__version__)
    for check in (optuna_spaces, optuna_samplers, optuna_defaults, optuna_study, optuna_search_cv):
        check(optuna)


def hyperopt_spaces(hyperopt: Any, fmin: Callable[..., Any]) -> None:
    """Check the table of spaces."""
    hp, rand = hyperopt.hp, hyperopt.rand

    def seen(expression: Any, n: int = 300) -> list[Any]:
        values: list[Any] = []
        fmin(lambda value: float(values.append(value) or 0.0), expression, rand.suggest, n)
        return values

    draws = np.log10(seen(hp.loguniform("x", math.log(1e-3), math.log(1e3))))
    says("loguniform takes logarithms", -3 <= draws.min() < -2.5 and 2.5 < draws.max() <= 3)
    counts = Counter(seen(hp.quniform("n", 1, 5, 1)))
    says("quniform gives floats", all(isinstance(value, float) for value in counts))
    ends, middle = counts[1.0] + counts[5.0], sum(counts[k] for k in (2.0, 3.0, 4.0))
    says("its ends have half of the probability", 0.2 < ends / middle < 0.5, dict(counts))
    whole = Counter(seen(hp.uniformint("n", 1, 5)))
    says(
        "uniformint: 1 to 5, int", set(whole) == {1, 2, 3, 4, 5} and type(next(iter(whole))) is int
    )
    says("randint(5): 0 to 4", set(seen(hp.randint("n", 5))) == {0, 1, 2, 3, 4})
    twice = hp.choice("m", [{"C": hp.uniform("C", 0, 1)}, {"C": hp.uniform("C", 0, 1)}])
    error = raises(lambda: fmin(lambda p: p["C"], twice, rand.suggest, 2))
    says("a label twice is refused", error == "DuplicateLabel", error)


def hyperopt_fmin(hyperopt: Any, fmin: Callable[..., Any]) -> None:
    """Check what is said of fmin."""
    hp, tpe, rand = hyperopt.hp, hyperopt.tpe, hyperopt.rand
    space = {"k": hp.choice("k", ["a", "b"]), "n": hp.uniformint("n", 1, 5)}
    best = fmin(lambda p: float(p["k"] == "a") + p["n"], space, tpe.suggest, 30)
    says("best has positions, as numpy scalars", isinstance(best["k"], np.integer), best)
    says("and floats for integers", isinstance(best["n"], float))
    trials = hyperopt.Trials()
    fmin(lambda v: float(v == "a"), hp.choice("k", ["a", "b", "c"]), tpe.suggest, 12, trials=trials)
    says("twelve evaluations of three choices", len(trials.trials) == 12)
    more = hyperopt.Trials()
    for n in (5, 8):
        fmin(lambda x: x, hp.uniform("x", 0, 1), rand.suggest, n, trials=more)
    says("max_evals is the sum", len(more.trials) == 8)
    points: list[Any] = []
    fmin(
        lambda p: float(points.append(p["k"]) or 0.0), {"k": hp.choice("k", ["a", "b"])},
        rand.suggest, 3, points_to_evaluate=[{"k": 1}],
    )  # fmt: skip
    says("points_to_evaluate by position", points[0] == "b", points)
    says("they come on top of max_evals", len(points) == 4, len(points))


def hyperopt_failures(hyperopt: Any, fmin: Callable[..., Any]) -> None:
    """Check what is said of failures."""
    space, tpe = hyperopt.hp.uniform("x", 0, 1), hyperopt.tpe
    trials = hyperopt.Trials()

    def fails(x: float) -> float:
        if x > 0.5:
            raise ValueError("no")
        return x

    logging.getLogger("hyperopt").setLevel(logging.CRITICAL)
    says("an exception ends fmin", raises(lambda: fmin(fails, space, tpe.suggest, 20)) != "")
    fmin(fails, space, tpe.suggest, 20, trials=trials, catch_eval_exceptions=True)
    says("caught, the trial is gone", len(trials.trials) < 20, len(trials.trials))
    later = {}
    for name, bad in (("STATUS_FAIL", {"status": "fail"}), ("NaN", math.nan)):
        trials = hyperopt.Trials()
        fmin(lambda x, bad=bad: bad if x > 0.5 else 1.0 - x, space, tpe.suggest, 80, trials=trials)
        says(f"{name} is kept", len(trials.trials) == 80)
        later[name] = sum(trial["misc"]["vals"]["x"][0] > 0.5 for trial in trials.trials[20:])
    says(
        "TPE goes less often where STATUS_FAIL was than where NaN was",
        1.5 * later["STATUS_FAIL"] < later["NaN"],
        later,
    )


def hyperopt_trials(hyperopt: Any, fmin: Callable[..., Any]) -> None:
    """Continue real trials."""
    from skbayes import BayesSearchCV

    hp = hyperopt.hp
    space = {
        "C": hp.loguniform("C", math.log(1e-3), math.log(1e3)),
        "kernel": hp.choice("kernel", ["rbf", "poly"]),
    }

    def loss(params: dict[str, Any]) -> dict[str, Any]:
        if params["C"] > 500:
            return {"status": hyperopt.STATUS_FAIL}
        model = SVC(**params).fit(X[::2], Y[::2])
        return {"loss": -float(model.score(X[1::2], Y[1::2])), "status": hyperopt.STATUS_OK}

    trials = hyperopt.Trials()
    best = fmin(loss, space, hyperopt.tpe.suggest, 25, trials=trials)
    convert = function_of_page("from_hyperopt.rst", "history_of")
    history = convert(trials, lambda values: hyperopt.space_eval(space, values))
    says("Trials become a History", len(history) == 25)
    says(
        "its best trial is the incumbent",
        history.incumbent.params == hyperopt.space_eval(space, best),
        history.incumbent.params,
    )
    ours = {"C": (1e-3, 1e3, "log-uniform"), "kernel": ["rbf", "poly"]}
    search = BayesSearchCV(SVC(), ours, n_iter=6, cv=3, history=history, random_state=0).fit(X, Y)
    says("a search starts from it", history.incumbent.params in search.cv_results_["params"][:2])


def hyperopt_claims() -> None:
    """Check docs/from_hyperopt.rst."""
    import hyperopt

    print("Hyperopt", hyperopt.__version__)

    def fmin(fn: Any, space: Any, algo: Any, max_evals: int, **options: Any) -> Any:
        seed = np.random.default_rng(0)
        return hyperopt.fmin(
            fn,
            space,
            algo,
            max_evals,
            rstate=seed,
            verbose=False,
            show_progressbar=False,
            **options,
        )

    for check in (hyperopt_spaces, hyperopt_fmin, hyperopt_failures, hyperopt_trials):
        check(hyperopt, fmin)


if __name__ == "__main__":
    {"optuna": optuna_claims, "hyperopt": hyperopt_claims}[sys.argv[1]]()
    print(f"{len(FAILED)} statements do not hold {FAILED or ''}")
    sys.exit(bool(FAILED))
