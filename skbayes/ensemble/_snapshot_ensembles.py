"""The ensembles of snapshots of one training run: of classifiers and of regressors."""

from ._base import AveragingClassifier, AveragingRegressor
from ._snapshot import SnapshotEnsemble

__all__ = ["SnapshotEnsembleClassifier", "SnapshotEnsembleRegressor"]


class SnapshotEnsembleClassifier(AveragingClassifier, SnapshotEnsemble):
    """The average of copies of one classifier, made in the course of one training run.

    Parameters
    ----------
    estimator : estimator object
        A classifier with `partial_fit` and a parameter that holds its step size, such as
        `SGDClassifier` or `MLPClassifier`, or `MAPClassifier` with a solver object such as `SGD(step_size=0.1)`.
    n_snapshots : int, default=5
        Models in the ensemble, at least 1, and with ``'cyclic_cosine'`` the number of cycles.
    n_epochs : int, default=100
        Passes over the data of the whole run, at least 1.
    schedule : str or callable, default='cyclic_cosine'
        How the step size changes: a name in `skbayes.solvers.SCHEDULES`, or a function of (t, n_steps) like those,
        positive at each step. A function that takes `n_cycles` gets `n_snapshots`.
    step_size : float, default=None
        The largest step size, positive; None for the one that the estimator has. With ``'cyclic_cosine'`` take one that
        is large enough to leave a minimum again.
    step_size_param : str, default='auto'
        The parameter that holds the step size and that `partial_fit` reads at each call. ``'auto'`` takes the
        first number under the names `step_size`, `eta0`, `learning_rate_init` and `learning_rate`, else
        `solver__step_size`.
    batch_size : int, default=None
        Rows for a call of `partial_fit`, at least 1; None gives all of them, and leaves batches to the estimator. The
        step size changes from call to call.
    random_state : int, RandomState instance or None, default=None
        Seed of the order of the rows, and of all that is random in the estimator and has no seed of its own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    rule_ : str
        What is averaged: ``'predict_proba'``, ``'decision_function'``, or ``'vote'`` if the estimator gives
        labels only.
    scales_ : ndarray of shape (n_snapshots,)
        What decisions are divided by: 1.
    estimators_ : list of estimators
        The snapshots, the oldest first.
    weights_ : ndarray of shape (n_snapshots,)
        Equal, of sum 1.
    methods_ : list of str
        What each of them is asked for.
    step_sizes_ : ndarray of shape (n_steps,)
        The step size of each call of `partial_fit`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if these are strings.

    See Also
    --------
    SnapshotEnsembleRegressor : The same for regressors.
    SearchEnsembleClassifier : An ensemble of the candidates of a search.

    Notes
    -----
    The run is divided into `n_snapshots` parts of equal length, and the model is copied at the end of each. With
    ``'cyclic_cosine'`` the step size falls to nearly 0 in each part, so that the model comes to rest, and begins the
    next part at its largest, so that it leaves for another place. What the optimizer of the estimator remembers is kept
    from part to part. An estimator's own schedule (`learning_rate` or `solver__schedule`, if that is a word) is set to
    ``'constant'``, and its averaging of steps (`solver__averaging`) is off.

    References
    ----------
    .. [1] Huang, Li, Pleiss, Liu, Hopcroft, Weinberger (2017). Snapshot ensembles: train 1, get M for free. ICLR.
       arXiv:1704.00109

    Examples
    --------
    >>> from skbayes.ensemble import SnapshotEnsembleClassifier
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neural_network import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> network = MLPClassifier((30,), solver="sgd", learning_rate_init=0.2)
    >>> ensemble = SnapshotEnsembleClassifier(network, n_snapshots=3, n_epochs=30, random_state=0)
    >>> ensemble = ensemble.fit(X[:1000] / 16, y[:1000])
    >>> len(ensemble.estimators_), bool(ensemble.score(X[1000:] / 16, y[1000:]) > 0.9)
    (3, True)
    """


class SnapshotEnsembleRegressor(AveragingRegressor, SnapshotEnsemble):
    """The average of copies of one regressor, made in the course of one training run.

    Parameters
    ----------
    estimator : estimator object
        A regressor with `partial_fit` and a parameter that holds its step size, such as
        `SGDRegressor` or `MLPRegressor`, or `MAPRegressor` with a solver object such as `SGD(step_size=0.1)`.
    n_snapshots : int, default=5
        Models in the ensemble, at least 1, and with ``'cyclic_cosine'`` the number of cycles.
    n_epochs : int, default=100
        Passes over the data of the whole run, at least 1.
    schedule : str or callable, default='cyclic_cosine'
        How the step size changes: a name in `skbayes.solvers.SCHEDULES`, or a function of (t, n_steps) like those,
        positive at each step. A function that takes `n_cycles` gets `n_snapshots`.
    step_size : float, default=None
        The largest step size, positive; None for the one that the estimator has. With ``'cyclic_cosine'`` take one that
        is large enough to leave a minimum again.
    step_size_param : str, default='auto'
        The parameter that holds the step size and that `partial_fit` reads at each call. ``'auto'`` takes the
        first number under the names `step_size`, `eta0`, `learning_rate_init` and `learning_rate`, else
        `solver__step_size`.
    batch_size : int, default=None
        Rows for a call of `partial_fit`, at least 1; None gives all of them, and leaves batches to the estimator. The
        step size changes from call to call.
    random_state : int, RandomState instance or None, default=None
        Seed of the order of the rows, and of all that is random in the estimator and has no seed of its own.

    Attributes
    ----------
    estimators_ : list of estimators
        The snapshots, the oldest first.
    weights_ : ndarray of shape (n_snapshots,)
        Equal, of sum 1.
    methods_ : list of str
        What each of them is asked for.
    step_sizes_ : ndarray of shape (n_steps,)
        The step size of each call of `partial_fit`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if these are strings.
    rule_ : str
        ``'predict'``.
    scales_ : ndarray of shape (n_snapshots,)
        1.

    See Also
    --------
    SnapshotEnsembleClassifier : The same for classifiers.
    SearchEnsembleRegressor : An ensemble of the candidates of a search.

    Notes
    -----
    The run is divided into `n_snapshots` parts of equal length, and the model is copied at the end of each. With
    ``'cyclic_cosine'`` the step size falls to nearly 0 in each part, so that the model comes to rest, and begins the
    next part at its largest, so that it leaves for another place. What the optimizer of the estimator remembers is kept
    from part to part. An estimator's own schedule (`learning_rate` or `solver__schedule`, if that is a word) is set to
    ``'constant'``, and its averaging of steps (`solver__averaging`) is off.

    References
    ----------
    .. [1] Huang, Li, Pleiss, Liu, Hopcroft, Weinberger (2017). Snapshot ensembles: train 1, get M for free. ICLR.
       arXiv:1704.00109

    Examples
    --------
    >>> from skbayes.ensemble import SnapshotEnsembleRegressor
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.linear_model import SGDRegressor
    >>> X, y = make_regression(200, 5, noise=1.0, random_state=0)
    >>> linear = SGDRegressor(eta0=0.05)
    >>> ensemble = SnapshotEnsembleRegressor(linear, n_epochs=20, random_state=0).fit(X, y)
    >>> bool(ensemble.score(X, y) > 0.99)
    True
    """
