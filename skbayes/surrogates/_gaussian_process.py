"""The Gaussian process as a surrogate: columns, output transform, hyper-parameters, process.

Notation: as in `_process`; n observations, p columns. The targets of the fit are the latent scores
over the root of their mean square, so the priors mean the same whatever the unit of the scores.
"""

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from .._registry import resolve
from ..posteriors import GaussianPosterior
from ._averaging import averaged
from ._base import Surrogate, check_observations, check_points
from ._columns import Columns, Points
from ._covariance import Covariance
from ._function_samples import Functions, distinct_rows, draw_functions
from ._hyperparameters import Hyperparameters, prior_of
from ._kernels import KERNELS, Kernel
from ._learning import Memory, Observations, learn
from ._mixture import Mixture
from ._output import fit_output
from ._process import Process
from ._subset import Selection, conditioning_rows
from ._threads import blas_threads_for

__all__ = ["GaussianProcess"]

FloatArray = NDArray[np.float64]


class GaussianProcess(Surrogate):
    """Exact Gaussian process, its hyper-parameters optimised or averaged over.

    Parameters
    ----------
    kernel : {"matern52", "matern32", "rbf"} or Kernel, default="matern52"
        Correlation as a function of the scaled distance.
    length_scale : float or array-like of shape (n_columns,), default=None
        In widths of the unit cube; positive. None: the prior's mode.
    signal_variance : float, default=None
        Prior variance of the function in the latent unit; positive. None: that of the scores.
    noise_variance : float, default=None
        Variance of the noise of every observation in the latent unit; non-negative. None: the
        prior's mode, e⁻⁵ of the variance of the scores.
    optimize : bool, default=True
        Whether to optimise the hyper-parameters, starting from those given. False keeps the given
        ones exactly.
    hyperparameters : {"map", "ensemble", "slice"}, default="map"
        What the posterior is averaged over, if they are optimised: nothing, the maximum a
        posteriori alone; ``"ensemble"``, eight weighted draws of a normal approximation around it;
        ``"slice"``, eight draws of a slice sampler. Beyond 250 observations always the first.
    output_transform : {"auto", "standardize", "log_losers", "log_outliers", "normal_scores"}, default="auto"
        Map of the scores to the latent unit. ``"log_losers"`` squashes scores below the median
        by a logarithm and leaves those above linear, ``"log_outliers"`` only those far below the
        others, ``"normal_scores"`` takes the ranks alone,
        ``"auto"`` is the latter below 15 observations and the former from there on. None keeps
        raw scores, of which the prior mean then is 0.
    categories : sequence of int, default=None
        Per column the number of unordered categories, 0 for a numeric column. None: all numeric.
    random_state : int or None, default=None
        Seed of the random starts of the optimisation.

    Attributes
    ----------
    length_scale_ : ndarray of shape (n_columns,)
        Length scale of each column; of a categorical one, of its one-hot vectors.
    signal_variance_ : float
        Signal variance in the latent unit.
    noise_variance_ : float
        Learnt noise variance in the latent unit, without the known one. All three are the maximum
        a posteriori, whatever is averaged over.
    rows_ : slice or ndarray of int
        The observations that the posterior is conditioned on.
    n_features_in_ : int
        Number of columns.

    See Also
    --------
    RandomForest : For steps and for hundreds of categories.

    Notes
    -----
    With covariance K = s k(r²) + diag(σ² + known) of the observations z, c those of a point with
    them: mean = c'K⁻¹z, std² = s − c'K⁻¹c. The hyper-parameters maximise log N(z | 0, K) plus
    their log prior, whose densities are on the natural scale of each (no Jacobian is added for the
    logarithms that the maximiser walks in): ℓ ~ LogNormal(√2 + log(n_columns)/2, √3) in each
    column, σ² ~ LogNormal(−4, 1) and s ~ LogNormal(1, 1) in units of the scores' mean square.
    An inactive entry is as far from all active ones as the middle of the range, and half a range
    more; inactive entries do not differ. Of two categories only matters whether they are the same.

    Averaged over hyper-parameters θ_k (logarithms) of weight w_k, which follow the same density as
    a function of θ, the posterior is a mixture. Its moments are those of the law of total variance:
    mean = Σ w_k mean_k, std² = Σ w_k (std_k² + (mean_k − mean)²).

    Beyond 1,000 observations the posterior is conditioned on 1,000 that stand for all, 500
    nearest to the ten best and 500 that cover the cube, and on up to a hundred newer ones;
    hyper-parameters are learnt on 500. So the time of a fit stays bounded.

    References
    ----------
    .. [1] Rasmussen, Williams (2006). Gaussian Processes for Machine Learning, algorithm 2.1 and
       section 5.4.1. MIT Press.
    .. [2] Hvarfner, Hellsten, Nardi (2024). Vanilla Bayesian optimization performs great in high
       dimensions. ICML. arXiv:2402.02229.
    .. [3] Neal (2003). Slice sampling. Annals of Statistics 31, 705-767.
       doi:10.1214/aos/1056562461

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.surrogates import GaussianProcess
    >>> U = np.linspace(0, 1, 9)[:, None]
    >>> process = GaussianProcess().fit(U, np.sin(6 * U[:, 0]))
    >>> posterior = process.score_posterior([[0.3], [0.7]])
    >>> bool(np.abs(posterior.mean - np.sin([1.8, 4.2])).max() < 0.1)
    True
    """

    def __init__(
        self,
        kernel: str | Kernel = "matern52",
        *,
        length_scale: ArrayLike | None = None,
        signal_variance: float | None = None,
        noise_variance: float | None = None,
        optimize: bool = True,
        hyperparameters: str = "map",
        output_transform: str | None = "auto",
        categories: Sequence[int] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.kernel = kernel
        self.length_scale = length_scale
        self.signal_variance = signal_variance
        self.noise_variance = noise_variance
        self.optimize = optimize
        self.hyperparameters = hyperparameters
        self.output_transform = output_transform
        self.categories = categories
        self.random_state = random_state

    @property
    def has_gradient(self) -> bool:
        """True: the posterior is differentiable by the numeric columns."""
        return True

    def fit(
        self, U: ArrayLike, scores: ArrayLike, *, noise_variance: ArrayLike | None = None
    ) -> Self:
        """Learn from the observations; on the same object again, from where the last fit ended.

        Parameters
        ----------
        U : array-like of shape (n, n_columns)
            Points of the unit cube; NaN where a column is inactive.
        scores : array-like of shape (n,)
            Finite scores, higher is better.
        noise_variance : float or array-like of shape (n,), default=None
            Known variance of each score, in the squared unit of the score; non-negative. It is
            carried through the output transform by its squared derivative and added to the
            learnt noise variance.

        Returns
        -------
        self : GaussianProcess
            The same object, fitted.

        Raises
        ------
        ValueError
            If shapes do not fit, a score is not finite, or a parameter is out of its range.
        """
        U, scores, known = check_observations(self, U, scores, noise_variance)
        output = fit_output(self.output_transform, scores)
        columns = Columns.of(self.categories, U.shape[1])
        data = Observations(
            kernel=clone(resolve(self.kernel, KERNELS, "kernel")),
            columns=columns,
            points=columns.encode(U),
            latent=output.forward(scores),
            known_noise=None if known is None else output.latent_variance(scores, known),
        )
        hyperparameters = self._given(U.shape[1], data.unit)
        members, weights = [hyperparameters], np.ones(1)
        with blas_threads_for(len(U)):
            if self.optimize:
                memory: Memory | None = getattr(self, "_memory", None)
                hyperparameters, self._memory = learn(
                    data, hyperparameters, memory, self.random_state
                )
                members, weights = averaged(
                    self.hyperparameters, data, hyperparameters, self._memory, self.random_state
                )
            last: Selection | None = getattr(self, "_selection", None)
            self.rows_, self._selection = conditioning_rows(U, scores, last)
            self.process_ = self._conditioned(data[self.rows_], members, weights)
        self.output_ = output
        self.n_features_in_ = U.shape[1]
        self.length_scale_ = hyperparameters.length_scale
        self.signal_variance_ = hyperparameters.signal_variance
        self.noise_variance_ = hyperparameters.noise_variance
        return self

    def _given(self, n_columns: int, unit: float) -> Hyperparameters:
        """Return the hyper-parameters given, and the prior's modes for those that are not."""
        mode = prior_of(n_columns).mode()
        length_scale = mode[:-2] if self.length_scale is None else self.length_scale
        length_scale = np.asarray(length_scale, dtype=float)
        if length_scale.shape not in ((), (n_columns,)) or not np.all(length_scale > 0.0):
            raise ValueError(
                f"GaussianProcess needs length_scale > 0, one number or one for each of the "
                f"{n_columns} columns; got {self.length_scale!r}."
            )
        signal, noise = self.signal_variance, self.noise_variance
        if signal is not None and not signal > 0.0:
            raise ValueError(f"GaussianProcess needs signal_variance > 0; got {signal!r}.")
        if noise is not None and not noise >= 0.0:
            raise ValueError(f"GaussianProcess needs noise_variance >= 0; got {noise!r}.")
        return Hyperparameters(
            np.broadcast_to(length_scale, (n_columns,)),
            unit * float(mode[-2]) if signal is None else float(signal),
            unit * float(mode[-1]) if noise is None else float(noise),
        )

    def _conditioned(
        self, data: Observations, members: list[Hyperparameters], weights: FloatArray
    ) -> Process | Mixture:
        """Return the process of the data, or the mixture of one for each of several members."""
        processes = tuple(self._process_of(data, hyperparameters) for hyperparameters in members)
        return processes[0] if len(processes) == 1 else Mixture(processes, weights)

    def _process_of(self, data: Observations, hyperparameters: Hyperparameters) -> Process:
        """Return the process of the data, grown from the last fit's where that is possible."""
        covariance = Covariance(data.kernel, data.columns, hyperparameters)
        noise = np.full(len(data.latent), hyperparameters.noise_variance)
        if data.known_noise is not None:
            noise += data.known_noise
        previous: Process | Mixture | None = getattr(self, "process_", None)
        if not isinstance(previous, Process):  # the members of a mixture change with each fit
            return Process.of(covariance, data.points, noise, data.latent)
        return previous.updated(covariance, data.points, noise, data.latent)

    def posterior(self, U: ArrayLike) -> GaussianPosterior:
        """Posterior of the noise-free score, in the latent unit.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        posterior : GaussianPosterior
            Of m quantities; their covariance is computed when it is asked for.
        """
        process, points = self.process_, self._encoded(U)[1]
        with blas_threads_for(len(process)):
            mean, std = process.mean_and_std(points)
        return GaussianPosterior(mean, std, lambda: process.posterior_covariance(points))

    def value_and_gradient(
        self, U: ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Posterior mean and standard deviation with their derivatives, in one pass.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        mean : ndarray of shape (m,)
            In the latent unit.
        std : ndarray of shape (m,)
            In the latent unit.
        d_mean, d_std : ndarray of shape (m, n_columns)
            Their derivatives; 0 in inactive entries and categorical columns.
        """
        U, points = self._encoded(U)
        with blas_threads_for(len(self.process_)):
            mean, std, d_mean, d_std = self.process_.value_and_gradient(points)
        if points.offsets is not None:
            inactive = np.isnan(U)
            d_mean[inactive] = 0.0
            d_std[inactive] = 0.0
        return mean, std, d_mean, d_std

    def posterior_gradient(self, U: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Derivatives of posterior mean and standard deviation by the columns.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.

        Returns
        -------
        d_mean, d_std : ndarray of shape (m, n_columns)
            0 in inactive entries and categorical columns.
        """
        return self.value_and_gradient(U)[2:]

    def condition(self, U: ArrayLike, scores_latent: ArrayLike) -> "GaussianProcess":
        """Return a copy that has seen further observations; this one stays as it is.

        Parameters
        ----------
        U : array-like of shape (m, n_columns)
            Points of the unit cube; NaN where a column is inactive.
        scores_latent : array-like of shape (m,)
            Their noise-free scores in the latent unit.

        Returns
        -------
        surrogate : GaussianProcess
            The copy; hyper-parameters and output transform are kept, the Cholesky factor is
            extended by m rows in O(n² m).
        """
        _, points = self._encoded(U)
        latent = np.concatenate([self.process_.targets, np.asarray(scores_latent, dtype=float)])
        conditioned = copy.copy(self)
        with blas_threads_for(len(latent)):
            conditioned.process_ = self.process_.with_fantasies(points, latent)
        return conditioned

    def sample_functions(
        self, n: int, U: ArrayLike, random_state: int | np.random.Generator | None = None
    ) -> Functions:
        """Draw whole functions from the posterior, to be evaluated wherever one likes.

        Parameters
        ----------
        n : int
            Number of functions; positive.
        U : array-like of shape (m, n_columns)
            Points that fill the region of interest. There the functions vary as the posterior does;
            elsewhere each is the posterior mean given its values there. Costs O((n_observations + m)³).
        random_state : int, numpy.random.Generator or None, default=None
            Seed or generator.

        Returns
        -------
        functions : callable
            Takes points (k, n_columns) and returns values (n, k) of the noise-free function, in the
            latent unit.
        """
        points = self._encoded(distinct_rows(U))[1]
        rng = np.random.default_rng(random_state)
        with blas_threads_for(len(self.process_) + len(points)):
            parts = draw_functions(self.process_, points, n, rng)

        def functions(V: ArrayLike) -> FloatArray:
            places = self._encoded(V)[1]
            with blas_threads_for(len(self.process_) + len(points)):
                return np.concatenate([part.values(places) for part in parts])

        return functions

    def _encoded(self, U: ArrayLike) -> tuple[FloatArray, Points]:
        U = check_points(self, U, self.n_features_in_)
        return U, self.process_.covariance.columns.encode(U)
