"""How each peer of `linear.py` is asked for what a row wants, in its own unit and with its own tolerance.

A solver is a function of (problem, tol) that returns a dict: `coef` and `intercept` for one strength, `coefs` and
`intercepts` for a path, `alpha`, `coef` and `intercept` for a search. `tol=None` is the peer's default tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from linear_rows import N_ALPHAS, Problem
from scipy import sparse
from sklearn import linear_model

Answer = dict[str, Any]
Solver = Callable[[Problem, float | None], Answer]
MANY = 100_000  # iterations: the tolerance decides, not their number
N_FOLDS = 5


def given(tol: float | None) -> dict[str, float]:
    """Return the argument, or nothing where the default is wanted."""
    return {} if tol is None else {"tol": tol}


def answer(model: Any, **more: Any) -> Answer:
    """Read a fitted estimator."""
    coef = np.asarray(model.coef_)
    coef = coef[0] if coef.ndim == 2 and len(coef) == 1 else coef
    return {"coef": coef, "intercept": np.squeeze(np.asarray(model.intercept_)), **more}


# -- scikit-learn


def sklearn_solve(p: Problem, tol: float | None) -> Answer:
    if p.family == "gaussian" and p.l1_ratio == 0:
        return answer(linear_model.Ridge(p.alpha * p.n_samples, **given(tol)).fit(p.X, p.y))
    model = linear_model.ElasticNet(p.alpha, l1_ratio=p.l1_ratio, max_iter=MANY, **given(tol))
    return answer(model.set_params(fit_intercept=p.fit_intercept).fit(p.X, p.y))


def sklearn_solver(name: str) -> Solver:
    """Return the solver of that name in Ridge, LogisticRegression or PoissonRegressor."""

    def solve(p: Problem, tol: float | None) -> Answer:
        if p.family == "gaussian":
            return answer(
                linear_model.Ridge(p.alpha * p.n_samples, solver=name, **given(tol)).fit(p.X, p.y)
            )
        if p.family == "poisson":
            model = linear_model.PoissonRegressor(
                alpha=p.alpha, solver=name, max_iter=MANY, **given(tol)
            )
            return answer(model.fit(p.X, p.y))
        model = linear_model.LogisticRegression(
            C=1 / (p.alpha * p.n_samples),
            l1_ratio=p.l1_ratio,
            solver=name,
            max_iter=MANY,
            **given(tol),
        )
        return answer(model.set_params(fit_intercept=p.fit_intercept, random_state=0).fit(p.X, p.y))

    return solve


def sklearn_path(p: Problem, tol: float | None) -> Answer:
    _, coefs, _ = linear_model.lasso_path(p.X, p.y, alphas=p.alphas, max_iter=MANY, **given(tol))
    return {"coefs": coefs.T, "intercepts": np.zeros(len(p.alphas))}


def sklearn_cv(p: Problem, tol: float | None) -> Answer:
    model = linear_model.LassoCV(alphas=N_ALPHAS, cv=N_FOLDS, n_jobs=p.n_jobs, **given(tol)).fit(
        p.X, p.y
    )
    return answer(model, alpha=model.alpha_)


def sklearn_loo(p: Problem, tol: float | None) -> Answer:
    model = linear_model.RidgeCV(alphas=p.alphas * p.n_samples).fit(p.X, p.y)
    return answer(model, alpha=model.alpha_)


def sklearn_evidence(p: Problem, tol: float | None) -> Answer:
    model = linear_model.BayesianRidge(**given(tol)).fit(p.X, p.y)
    return answer(model, alpha=model.lambda_ / model.alpha_)


def sklearn_ard(p: Problem, tol: float | None) -> Answer:
    model = linear_model.ARDRegression(**given(tol)).fit(p.X, p.y)
    return answer(model, alpha=float(np.count_nonzero(model.coef_)))


# -- celer


def celer_solve(p: Problem, tol: float | None) -> Answer:
    import celer

    if p.family == "logistic":
        # its objective is the sum of the losses and |w|_1 / C
        model = celer.LogisticRegression(C=1 / (p.alpha * p.n_samples), max_iter=1000, **given(tol))
    elif p.group_size:
        model = celer.GroupLasso(groups=p.group_size, alpha=p.alpha, max_iter=1000, **given(tol))
    else:
        model = celer.ElasticNet(p.alpha, l1_ratio=p.l1_ratio, max_iter=1000, **given(tol))
    return answer(model.fit(p.X, p.y))


def celer_path(p: Problem, tol: float | None) -> Answer:
    import celer

    _, coefs, _ = celer.celer_path(p.X, p.y, "lasso", alphas=p.alphas, max_iter=1000, **given(tol))[
        :3
    ]
    return {"coefs": coefs.T, "intercepts": np.zeros(len(p.alphas))}


# -- skglm


def skglm_solve(p: Problem, tol: float | None) -> Answer:
    import skglm

    options: dict[str, Any] = {"fit_intercept": p.fit_intercept, "max_iter": 1000, **given(tol)}
    if p.family == "logistic":
        model = skglm.SparseLogisticRegression(p.alpha, l1_ratio=p.l1_ratio, **options)
    elif p.group_size:
        weights = np.ones(p.X.shape[1] // p.group_size)
        model = skglm.GroupLasso(p.group_size, p.alpha, weights, **options)
    elif p.l1_ratio == 1:
        model = skglm.Lasso(p.alpha, **options)
    else:
        model = skglm.ElasticNet(p.alpha, l1_ratio=p.l1_ratio, **options)
    return answer(model.fit(p.X, p.y))


def skglm_path(p: Problem, tol: float | None) -> Answer:
    import skglm

    model = skglm.Lasso(fit_intercept=False, max_iter=1000, **given(tol))
    coefs = model.path(p.X, p.y, p.alphas)[1]
    return {"coefs": coefs.T, "intercepts": np.zeros(len(p.alphas))}


# -- adelie


def _adelie_model(p: Problem) -> tuple[Any, Any, dict[str, Any]]:
    import adelie

    glm = adelie.glm
    X = adelie.matrix.sparse(p.X) if sparse.issparse(p.X) else p.X
    families = {"gaussian": glm.gaussian, "logistic": glm.binomial, "poisson": glm.poisson}
    options: dict[str, Any] = {"intercept": p.fit_intercept, "progress_bar": False}
    options |= {"alpha": 1.0 if p.group_size else p.l1_ratio, "penalty": np.ones(p.X.shape[1])}
    if p.group_size:
        options["groups"] = np.arange(0, p.X.shape[1], p.group_size)
        options["penalty"] = np.ones(len(options["groups"]))
    if p.family == "softmax":
        return X, glm.multinomial(np.eye(p.y.max() + 1)[p.y]), options
    return X, families[p.family](p.y.astype(float)), options


def _adelie_path(p: Problem, tol: float | None, alphas: np.ndarray) -> Any:
    import adelie

    X, glm, options = _adelie_model(p)
    n_classes = p.y.max() + 1 if p.family == "softmax" else 1
    # its multinomial loss is the mean over samples and classes
    if tol is not None:
        options |= {"tol": tol, **({} if p.family == "gaussian" else {"irls_tol": tol})}
    return adelie.grpnet(X, glm, lmda_path=alphas / n_classes, early_exit=False, **options)


def adelie_solve(p: Problem, tol: float | None) -> Answer:
    state = _adelie_path(p, tol, np.array([p.alpha]))
    coef = state.betas[-1].toarray()[0]
    if p.family == "softmax":
        return {
            "coef": coef.reshape(p.X.shape[1], -1).T,
            "intercept": np.asarray(state.intercepts[-1]),
        }
    return {"coef": coef, "intercept": float(state.intercepts[-1])}


def adelie_path(p: Problem, tol: float | None) -> Answer:
    state = _adelie_path(p, tol, p.alphas)
    return {"coefs": state.betas.toarray(), "intercepts": np.asarray(state.intercepts)}


def adelie_cv(p: Problem, tol: float | None) -> Answer:
    import adelie

    X, glm, options = _adelie_model(p)
    options |= {"min_ratio": 1e-3, "n_folds": N_FOLDS, **given(tol)}
    cv = adelie.cv.cv_grpnet(X, glm, seed=0, lmda_path_size=N_ALPHAS, **options)
    state = cv.fit(X, glm, intercept=True, progress_bar=False)
    return {
        "coef": state.betas[-1].toarray()[0],
        "intercept": float(state.intercepts[-1]),
        "alpha": float(cv.lmdas[cv.best_idx]),
    }


# -- glum


def _glum(p: Problem, tol: float | None, X: Any) -> Answer:
    import glum

    families = {"gaussian": "normal", "logistic": "binomial", "poisson": "poisson"}
    # its loss is half the mean deviance, so that alpha is that of this module in every family
    options = {} if tol is None else {"gradient_tol": tol}
    model = glum.GeneralizedLinearRegressor(
        alpha=p.alpha, l1_ratio=p.l1_ratio, family=families[p.family], max_iter=1000, **options
    )
    return answer(model.fit(X, p.y.astype(float)))


def glum_solve(p: Problem, tol: float | None) -> Answer:
    return _glum(p, tol, p.X.tocsc() if sparse.issparse(p.X) else p.X)


def glum_categorical(p: Problem, tol: float | None) -> Answer:
    # told the codes of the categories, made outside the measured time
    import tabmat

    if "split" not in p.extra:
        p.extra["split"] = tabmat.SplitMatrix(
            [tabmat.CategoricalMatrix(c) for c in p.extra["codes"]]
        )
    return _glum(p, tol, p.extra["split"])


PEERS: dict[str, dict[str, Solver]] = {
    "solve": {
        "sklearn": sklearn_solve,
        **{
            f"sklearn {name}": sklearn_solver(name)
            for name in ("lbfgs", "newton-cholesky", "newton-cg", "liblinear", "saga", "lsqr")
        },
        "celer": celer_solve,
        "skglm": skglm_solve,
        "adelie": adelie_solve,
        "glum": glum_solve,
        "glum categorical": glum_categorical,
    },
    "path": {
        "sklearn": sklearn_path,
        "celer": celer_path,
        "skglm": skglm_path,
        "adelie": adelie_path,
    },
    # celer's LassoCV does not work with scikit-learn 1.9, and skglm has none
    "cv": {"sklearn": sklearn_cv, "adelie": adelie_cv},
    "loo": {"sklearn": sklearn_loo},
    "evidence": {"sklearn": sklearn_evidence},
    "ard": {"sklearn": sklearn_ard},
}
