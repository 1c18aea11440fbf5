"""How skbayes is asked for what a row of `linear.py` wants, in the unit of `linear_rows.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
from linear_peers import MANY, N_FOLDS, Answer, Solver, answer, given
from linear_rows import N_ALPHAS, Problem

from skbayes import linear_model


def solve(p: Problem, tol: float | None) -> Answer:
    n = p.n_samples
    options: dict[str, Any] = {"fit_intercept": p.fit_intercept, "max_iter": MANY, **given(tol)}
    if p.group_size:
        return _group(p, options)
    if p.family == "poisson":
        model = linear_model.MAPPoissonRegressor(alpha=p.alpha, **options)
    elif p.family != "gaussian":
        # l1_ratio alone says which prior; "lbfgs" is scikit-learn's default and no choice of ours
        model = linear_model.MAPLogisticRegression(
            C=1 / (p.alpha * n), l1_ratio=p.l1_ratio, solver="auto", **options
        )
    elif p.l1_ratio == 0:
        model = linear_model.MAPRidge(p.alpha * n, **given(tol))
    elif p.l1_ratio == 1:
        model = linear_model.MAPLasso(p.alpha, **options)
    else:
        model = linear_model.MAPElasticNet(p.alpha, l1_ratio=p.l1_ratio, **options)
    return answer(model.fit(p.X, p.y))


def _group(p: Problem, options: dict[str, Any]) -> Answer:
    from skbayes.likelihoods import Gaussian
    from skbayes.priors import Group

    # with unit noise the sum of the losses has the prior n alpha |w_g|, and ours is sqrt(size) |w_g| / scale
    groups = np.repeat(np.arange(p.X.shape[1] // p.group_size), p.group_size)
    prior = Group(groups=groups, scale=np.sqrt(p.group_size) / (p.alpha * p.n_samples))
    return answer(linear_model.MAPRegressor(Gaussian(scale=1.0), prior, **options).fit(p.X, p.y))


def path(p: Problem, tol: float | None) -> Answer:
    _, coefs, _ = linear_model.lasso_path(p.X, p.y, alphas=p.alphas, max_iter=MANY, **given(tol))[
        :3
    ]
    return {"coefs": coefs.T, "intercepts": np.zeros(len(p.alphas))}


def search(p: Problem, tol: float | None) -> Answer:
    model = linear_model.MAPLassoCV(alphas=N_ALPHAS, cv=N_FOLDS, n_jobs=p.n_jobs, **given(tol)).fit(
        p.X, p.y
    )
    return answer(model, alpha=model.alpha_)


def loo(p: Problem, tol: float | None) -> Answer:
    model = linear_model.MAPRidgeCV(alphas=p.alphas * p.n_samples).fit(p.X, p.y)
    return answer(model, alpha=model.alpha_)


def evidence(p: Problem, tol: float | None) -> Answer:
    model = linear_model.MAPRidgeCV(tune="evidence").fit(p.X, p.y)
    return answer(model, alpha=model.alpha_)


def ard(p: Problem, tol: float | None) -> Answer:
    model = linear_model.MAPRegressor(prior="normal", tune="ard").fit(p.X, p.y)
    return answer(model, alpha=float(np.count_nonzero(model.coef_)))


OURS: dict[str, Solver] = {
    "solve": solve, "path": path, "cv": search, "loo": loo, "evidence": evidence, "ard": ard,
}  # fmt: skip
