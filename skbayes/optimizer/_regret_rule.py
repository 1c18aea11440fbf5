"""The stopping rule that compares what is left to gain with what cross-validation can tell apart."""

from math import sqrt

import numpy as np

from ..exceptions import IncompatibleModelError
from ._checks import check_count
from ._stopping import Progress, StoppingRule, check_number
from ._trial import Trial

__all__ = ["RegretBound", "standard_error"]


class RegretBound(StoppingRule):
    """End the search when less is left to gain than cross-validation can tell apart.

    The model bounds from above how much better than the best evaluated candidate any candidate can
    be. Once that is less than the standard error of the best candidate's own score, a further gain
    would be chance as likely as not.

    Parameters
    ----------
    threshold : float, default=None
        End when the bound is at most this; in the unit of the score, non-negative. None: the
        standard error of the incumbent's score, from its folds, of which there must be two.
    min_trials : int, default=20
        Number of trials before the model's bound is trusted; at least 1.
    kappa : float, default=3.0
        Width of the bound in posterior standard deviations; non-negative, larger ends later. Of 100
        random functions of two parameters the default's bound holds for 96 after 20 trials, that of
        1.96 for 83 (``benchmarks/stopping.py``).

    See Also
    --------
    NoImprovement : Needs no model.
    skbayes.Optimizer.regret_bound : The bound itself.

    Notes
    -----
    Ends if r <= SE with the regret bound r = max over the space of the upper confidence bound −
    max over the evaluated points of the lower one, and with s the standard deviation of the
    incumbent's K fold scores SE² = (1/K + n_test/n_train) s², where the second term is for the
    overlap of the training sets [2]_. Reference [1]_ widens its bounds slowly with the number of
    trials; here `kappa` stays.

    References
    ----------
    .. [1] Makarova, Shen, Perrone, Klein, Faddoul, Krause, Seeger, Archambeau (2022). Automatic
       termination for hyperparameter optimization. AutoML Conference. PMLR 188.
    .. [2] Nadeau, Bengio (2003). Inference for the generalization error. Machine Learning 52,
       239-281. DOI 10.1023/A:1024068626366

    Examples
    --------
    >>> from skbayes.optimizer import RegretBound, minimize
    >>> result = minimize(
    ...     lambda p: (p["x"] - 1.0) ** 2,
    ...     {"x": (-5.0, 5.0)},
    ...     stopping=RegretBound(threshold=0.5),
    ...     random_state=0,
    ... )
    >>> result.stopped_by, result.fun < 0.5, result.nfev < 50
    ('regret_bound', True, True)
    """

    name = "regret_bound"
    needs_model = True

    def __init__(
        self, threshold: float | None = None, min_trials: int = 20, kappa: float = 3.0
    ) -> None:
        self.threshold = threshold
        self.min_trials = min_trials
        self.kappa = kappa

    @property
    def needs_folds(self) -> bool:
        """Whether the rule needs the fold scores of a cross-validation: without a threshold."""
        return self.threshold is None

    def check(self) -> None:
        """Refuse wrong parameters.

        Raises
        ------
        ValueError
            If `min_trials` is not a positive integer, or one of the others no finite number >= 0.
        """
        if self.threshold is not None:
            check_number(self, "threshold", 0.0)
        check_count(self.min_trials, "RegretBound needs min_trials, which", 1)
        check_number(self, "kappa", 0.0)

    def reason(self, progress: Progress) -> str | None:
        """Say why the search should end here.

        Parameters
        ----------
        progress : Progress
            The search so far.

        Returns
        -------
        reason : str or None
            None to go on.

        Raises
        ------
        IncompatibleModelError
            If there is no model, or neither a threshold nor fold scores.
        """
        if progress.optimizer is None:
            raise IncompatibleModelError(
                "RegretBound asks the model of the search, and there is none. Give Progress an "
                "optimizer, or use NoImprovement."
            )
        best = progress.history.incumbent
        if best is None or len(progress.history) < self.min_trials:
            return None
        enough, what = self.threshold, "threshold"
        if enough is None:
            enough, what = standard_error(best, progress.test_train_ratio), "standard error"
        bound = progress.optimizer.regret_bound(self.kappa)
        if bound > enough:
            return None
        return f"at most {bound:.3g} is left to gain, less than the {what} {enough:.3g}"


def standard_error(trial: Trial, test_train_ratio: float | None = None) -> float:
    """Return the standard error of a trial's score, from its fold scores.

    Parameters
    ----------
    trial : Trial
        With two fold scores or more.
    test_train_ratio : float or None, default=None
        Test samples over training samples in a fold; None: 1 / (K - 1), that of K folds.

    Returns
    -------
    error : float
        sqrt((1/K + ratio) s²), in the unit of the score.

    Raises
    ------
    IncompatibleModelError
        If there are fewer than two fold scores.
    """
    scores = np.array(trial.fold_scores or (), dtype=float)
    n_folds = len(scores)
    if n_folds < 2:
        raise IncompatibleModelError(
            f"The standard error of a score needs two fold scores or more; trial {trial.number} has "
            f"{n_folds}. Give RegretBound a threshold, or the trials their fold_scores."
        )
    ratio = 1.0 / (n_folds - 1) if test_train_ratio is None else test_train_ratio
    return sqrt(1.0 / n_folds + ratio) * float(scores.std(ddof=1))
