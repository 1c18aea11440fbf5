"""The ensembles of a search: of classifiers and of regressors."""

from ._base import AveragingClassifier, AveragingRegressor
from ._search_ensemble import SearchEnsemble

__all__ = ["SearchEnsembleClassifier", "SearchEnsembleRegressor"]


class SearchEnsembleClassifier(AveragingClassifier, SearchEnsemble):
    """A weighted average of the classifiers that a search has tried.

    `fit` searches, chooses candidates by what they predict for the test parts of the folds, and fits these to all
    data. `from_search` starts from a search that is fitted already.

    Parameters
    ----------
    search : search object
        `BayesSearchCV`, `GridSearchCV`, `RandomizedSearchCV` or `ManualSearchCV` over classifiers, unfitted; it is
        cloned, and told to keep the predictions in memory if it keeps none.
    size : int, default=25
        Candidates in the ensemble, at least 1; the greedy selection may count one several times.
    selection : {'greedy', 'top_k'}, default='greedy'
        ``'greedy'``: add again and again the candidate with which the average scores best. ``'top_k'``: the
        `size` best candidates with equal weights.
    n_initial : int, default=1
        The greedy selection begins with so many of the best candidates, at least 1. More of them fit the
        ensemble less to the folds.
    n_bags : int, default=None
        Greedy ensembles chosen from random parts of the candidates, of which the mean is taken; None for one of all.
        More of them fit the ensemble less to the folds.
    bag_fraction : float, default=0.5
        Size of such a part, as a share of the candidates, above 0 and at most 1.
    scoring : str or callable, default=None
        The metric of the selection, one that can be computed from predictions; None for that of the search.
    n_jobs : int, default=None
        Chosen candidates fitted side by side, through joblib. The search has its own `n_jobs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the bags. The search has its own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    rule_ : str
        What is averaged: ``'predict_proba'``; ``'decision_function'``, of each candidate divided by its root mean
        square over the out-of-fold rows; or ``'vote'``, if the candidates give labels only or different things.
    estimators_ : list of estimators
        The chosen candidates, fitted to all data, the heaviest first.
    weights_ : ndarray of shape (n_chosen,)
        How often each was chosen, as a share; the sum is 1.
    candidates_ : ndarray of shape (n_chosen,)
        Their rows in ``search_.cv_results_``.
    params_ : list of dicts
        Their parameters.
    methods_ : list of str
        What each of them is asked for.
    scales_ : ndarray of shape (n_chosen,)
        What their decisions are divided by; 1 for anything else.
    selection_score_ : float
        Score of the ensemble on the rows by which it was chosen, as the search computes it: per fold, then the mean.
        It flatters the ensemble, as `best_score_` does the best candidate.
    score_path_ : ndarray
        This score after each step of the selection, or after each bag.
    search_ : search object
        The fitted search, with `predictions_`.
    n_features_in_ : int
        Number of features, if the candidates know it.
    feature_names_in_ : ndarray of str
        Names of the features, if the candidates know them.

    See Also
    --------
    SearchEnsembleRegressor : The same for regressors.
    SnapshotEnsembleClassifier : An ensemble from one training run.

    Notes
    -----
    A greedy ensemble of m candidates k_1 ... k_m predicts (p_{k_1} + ... + p_{k_m}) / m. Step m + 1 adds the k
    that maximises the score of (m · average + p_k) / (m + 1). Of all steps from `n_initial` on the best is kept, so the
    ensemble may be smaller than `size`. Only candidates that were evaluated on all folds take part.

    The metric sees averaged probabilities, decisions, votes or values, and labels that follow from these. A metric
    that looks at anything else of the model cannot be computed.

    References
    ----------
    .. [1] Caruana, Niculescu-Mizil, Crew, Ksikes (2004). Ensemble selection from libraries of models. ICML.
       doi:10.1145/1015330.1015432

    Examples
    --------
    >>> from skbayes import BayesSearchCV
    >>> from skbayes.ensemble import SearchEnsembleClassifier
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> ranges = {"max_depth": (1, 6), "max_features": (1, 13), "splitter": ["best", "random"]}
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> search = BayesSearchCV(tree, ranges, n_iter=15, scoring="neg_log_loss", random_state=0)
    >>> ensemble = SearchEnsembleClassifier(search, size=10).fit(X, y)
    >>> len(ensemble.estimators_) > 1, round(float(ensemble.weights_.sum()), 6)
    (True, 1.0)
    >>> bool(ensemble.selection_score_ > ensemble.search_.best_score_)
    True
    """


class SearchEnsembleRegressor(AveragingRegressor, SearchEnsemble):
    """A weighted average of the regressors that a search has tried.

    `fit` searches, chooses candidates by what they predict for the test parts of the folds, and fits these to all
    data. `from_search` starts from a search that is fitted already.

    Parameters
    ----------
    search : search object
        `BayesSearchCV`, `GridSearchCV`, `RandomizedSearchCV` or `ManualSearchCV` over regressors, unfitted; it is
        cloned, and told to keep the predictions in memory if it keeps none.
    size : int, default=25
        Candidates in the ensemble, at least 1; the greedy selection may count one several times.
    selection : {'greedy', 'top_k'}, default='greedy'
        ``'greedy'``: add again and again the candidate with which the average scores best. ``'top_k'``: the
        `size` best candidates with equal weights.
    n_initial : int, default=1
        The greedy selection begins with so many of the best candidates, at least 1. More of them fit the
        ensemble less to the folds.
    n_bags : int, default=None
        Greedy ensembles chosen from random parts of the candidates, of which the mean is taken; None for one of all.
        More of them fit the ensemble less to the folds.
    bag_fraction : float, default=0.5
        Size of such a part, as a share of the candidates, above 0 and at most 1.
    scoring : str or callable, default=None
        The metric of the selection, one that can be computed from predictions; None for that of the search.
    n_jobs : int, default=None
        Chosen candidates fitted side by side, through joblib. The search has its own `n_jobs`.
    random_state : int, RandomState instance or None, default=None
        Seed of the bags. The search has its own.

    Attributes
    ----------
    estimators_ : list of estimators
        The chosen candidates, fitted to all data, the heaviest first.
    weights_ : ndarray of shape (n_chosen,)
        How often each was chosen, as a share; the sum is 1.
    candidates_ : ndarray of shape (n_chosen,)
        Their rows in ``search_.cv_results_``.
    params_ : list of dicts
        Their parameters.
    methods_ : list of str
        What each of them is asked for.
    scales_ : ndarray of shape (n_chosen,)
        What their decisions are divided by; 1 for anything else.
    selection_score_ : float
        Score of the ensemble on the rows by which it was chosen, as the search computes it: per fold, then the mean.
        It flatters the ensemble, as `best_score_` does the best candidate.
    score_path_ : ndarray
        This score after each step of the selection, or after each bag.
    search_ : search object
        The fitted search, with `predictions_`.
    n_features_in_ : int
        Number of features, if the candidates know it.
    feature_names_in_ : ndarray of str
        Names of the features, if the candidates know them.
    rule_ : str
        ``'predict'``.

    See Also
    --------
    SearchEnsembleClassifier : The same for classifiers.
    SnapshotEnsembleRegressor : An ensemble from one training run.

    Notes
    -----
    A greedy ensemble of m candidates k_1 ... k_m predicts (p_{k_1} + ... + p_{k_m}) / m. Step m + 1 adds the k
    that maximises the score of (m · average + p_k) / (m + 1). Of all steps from `n_initial` on the best is kept, so the
    ensemble may be smaller than `size`. Only candidates that were evaluated on all folds take part.

    The metric sees averaged probabilities, decisions, votes or values, and labels that follow from these. A metric
    that looks at anything else of the model cannot be computed.

    References
    ----------
    .. [1] Caruana, Niculescu-Mizil, Crew, Ksikes (2004). Ensemble selection from libraries of models. ICML.
       doi:10.1145/1015330.1015432

    Examples
    --------
    >>> from skbayes import RandomizedSearchCV
    >>> from skbayes.ensemble import SearchEnsembleRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> lists = {"n_neighbors": list(range(1, 40)), "p": [1, 2]}
    >>> search = RandomizedSearchCV(KNeighborsRegressor(), lists, n_iter=20, random_state=0)
    >>> search = search.set_params(keep_predictions=True).fit(X, y)
    >>> ensemble = SearchEnsembleRegressor.from_search(search, X, y, size=10)
    >>> bool(ensemble.selection_score_ >= search.best_score_)
    True
    """
