"""Schedules: which part of the largest step size is used at a step of a run.

A schedule is a plain function of t, the number of steps already made, and T, the number of all steps of the run; it
returns a factor from 0 to 1, and 1 at t = 0. The step size is the factor times the largest step size. None of them
returns 0 before the end of the run, because solvers of others refuse a step size of 0. For other arguments use
`functools.partial`, or a function of your own with the same first two arguments.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "SCHEDULES",
    "constant",
    "cosine",
    "cyclic_cosine",
    "exponential",
    "inverse_scaling",
    "step",
]

Factor = NDArray[np.float64]


def constant(t: ArrayLike, n_steps: int) -> Factor:
    """Return 1: the same step size throughout.

    Parameters
    ----------
    t : array-like of int
        Steps already made, from 0 to `n_steps` − 1.
    n_steps : int
        Steps of the whole run, at least 1.

    Returns
    -------
    factor : ndarray
        In the shape of `t`.

    Examples
    --------
    >>> from skbayes.solvers import constant
    >>> constant([0, 5, 9], 10)
    array([1., 1., 1.])
    """
    return np.ones(np.shape(t))


def exponential(t: ArrayLike, n_steps: int, *, final: float = 0.01) -> Factor:
    """Decay by the same factor at each step.

    Parameters
    ----------
    t : array-like of int
        Steps already made, from 0 to `n_steps` − 1.
    n_steps : int
        Steps of the whole run, at least 1.
    final : float, default=0.01
        What the factor comes to at the end of the run, in (0, 1].

    Returns
    -------
    factor : ndarray
        In the shape of `t`.

    Notes
    -----
    final^(t / T).

    Examples
    --------
    >>> from skbayes.solvers import exponential
    >>> exponential([0, 5], 10)
    array([1. , 0.1])
    """
    return np.power(final, _part(t, n_steps))


def step(t: ArrayLike, n_steps: int, *, n_levels: int = 3, drop: float = 0.1) -> Factor:
    """Hold the step size on levels of equal length, each a fixed part of the one before.

    Parameters
    ----------
    t : array-like of int
        Steps already made, from 0 to `n_steps` − 1.
    n_steps : int
        Steps of the whole run, at least 1.
    n_levels : int, default=3
        Number of levels, at least 1.
    drop : float, default=0.1
        A level over the one before, in (0, 1].

    Returns
    -------
    factor : ndarray
        In the shape of `t`.

    Notes
    -----
    drop^floor(n_levels · t / T).

    Examples
    --------
    >>> from skbayes.solvers import step
    >>> step([0, 4, 8], 9, drop=0.5)
    array([1.  , 0.5 , 0.25])
    """
    # Whole numbers: 3 · (1/3) need not be 1.
    level = np.asarray(t) * n_levels // n_steps
    return np.power(drop, level.astype(np.float64))


def inverse_scaling(t: ArrayLike, n_steps: int, *, power: float = 0.5) -> Factor:
    """Decay by a power of the number of steps, whatever the length of the run.

    Parameters
    ----------
    t : array-like of int
        Steps already made, from 0 to `n_steps` − 1.
    n_steps : int
        Steps of the whole run; not used.
    power : float, default=0.5
        The power. Above 1/2 and up to 1 the steps satisfy the conditions of Robbins and Monro [1]_.

    Returns
    -------
    factor : ndarray
        In the shape of `t`.

    Notes
    -----
    (1 + t)^(−power).

    References
    ----------
    .. [1] Robbins, Monro (1951). A stochastic approximation method. Annals of Mathematical Statistics 22, 400-407.
       doi:10.1214/aoms/1177729586

    Examples
    --------
    >>> from skbayes.solvers import inverse_scaling
    >>> inverse_scaling([0, 3, 99], 100)
    array([1. , 0.5, 0.1])
    """
    return np.power(1.0 + np.asarray(t, dtype=np.float64), -power)


def cosine(t: ArrayLike, n_steps: int) -> Factor:
    """Fall along half a cosine wave: slowly, then fast, then slowly towards 0.

    Parameters
    ----------
    t : array-like of int
        Steps already made, from 0 to `n_steps` − 1.
    n_steps : int
        Steps of the whole run, at least 1.

    Returns
    -------
    factor : ndarray
        In the shape of `t`.

    Notes
    -----
    (1 + cos(π t / T)) / 2.

    References
    ----------
    .. [1] Loshchilov, Hutter (2017). SGDR: stochastic gradient descent with warm restarts. ICLR. arXiv:1608.03983

    Examples
    --------
    >>> from skbayes.solvers import cosine
    >>> cosine([0, 5], 10)
    array([1. , 0.5])
    """
    return _half_wave(_part(t, n_steps))


def cyclic_cosine(t: ArrayLike, n_steps: int, *, n_cycles: int = 5) -> Factor:
    """Fall along half a cosine wave, start again from 1, and so on: cosine annealing with restarts.

    Parameters
    ----------
    t : array-like of int
        Steps already made, from 0 to `n_steps` − 1.
    n_steps : int
        Steps of the whole run, at least `n_cycles`.
    n_cycles : int, default=5
        Number of falls, at least 1. If it does not divide `n_steps`, some cycles are a step longer than others.

    Returns
    -------
    factor : ndarray
        In the shape of `t`.

    Notes
    -----
    (1 + cos(π (t − t_k) / (t_{k+1} − t_k))) / 2, where cycle k of the M cycles begins at t_k = ceil(k T / M).

    References
    ----------
    .. [1] Loshchilov, Hutter (2017). SGDR: stochastic gradient descent with warm restarts. ICLR. arXiv:1608.03983
    .. [2] Huang, Li, Pleiss, Liu, Hopcroft, Weinberger (2017). Snapshot ensembles: train 1, get M for free. ICLR.
       arXiv:1704.00109

    Examples
    --------
    >>> from skbayes.solvers import cyclic_cosine
    >>> cyclic_cosine([0, 1, 2, 3], 4, n_cycles=2)
    array([1. , 0.5, 1. , 0.5])
    """
    t = np.asarray(t)
    cycle = t * n_cycles // n_steps
    begin = -(-cycle * n_steps // n_cycles)  # rounded up, so that each cycle begins at 1
    end = -(-(cycle + 1) * n_steps // n_cycles)
    return _half_wave((t - begin) / (end - begin))


def _part(t: ArrayLike, n_steps: int) -> Factor:
    return np.asarray(t, dtype=np.float64) / n_steps


def _half_wave(part: Factor) -> Factor:
    # cos² of the half angle: 1 + cos(π part) would lose all digits near the end.
    return np.cos(0.5 * np.pi * part) ** 2


SCHEDULES: dict[str, Callable[..., Factor]] = {
    "constant": constant,
    "exponential": exponential,
    "step": step,
    "inverse_scaling": inverse_scaling,
    "cosine": cosine,
    "cyclic_cosine": cyclic_cosine,
}
