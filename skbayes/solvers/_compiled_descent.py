"""scikit-learn's compiled coordinate descent on a Gram matrix."""

import re
import threading
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._sklearn import enet_coordinate_descent_gram

__all__ = ["enet_gram_descent"]


def enet_gram_descent(
    Q: Any,
    q: Any,
    yy: float,
    l1: float,
    w0: Any,
    gap: float,
    max_epochs: int,
    positive: bool,
    rng: Any,
    l2: float = 0.0,
) -> tuple[Any, float, int]:
    """Minimise ½ wᵀQw − qᵀw + yy/2 + l1 |w|₁ + l2 ‖w‖²/2 from w0 until the duality gap is `gap`; float64.

    Returns
    -------
    w : ndarray of shape (m,)
        In memory of its own.
    gap : float
        What was reached, of the dual point that the kernel forms.
    n_epochs : int
        Passes over the parameters.
    """
    w = np.array(w0, dtype=np.float64)
    # The kernel wants y for no more than its length, which is also the unit of its tolerance.
    length = np.array([np.sqrt(max(yy, np.finfo(np.float64).tiny))])
    tol = gap / length[0] ** 2
    random = rng is not None
    with _kernel_silence:
        w, reached, _, n_epochs = enet_coordinate_descent_gram(
            w, l1, l2, Q, q, length, max_epochs, tol, rng if random else _unused, random, positive
        )
    return w, float(reached), int(n_epochs)


_unused = np.random.RandomState(0)  # the kernel asks for a seed also where it draws nothing


class _KernelSilence:
    """Hides the kernel's own ConvergenceWarning: its caller goes on, or warns of the whole problem.

    `warnings.catch_warnings` would hide it too, but puts back the wrong filters when threads overlap.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0

    def __enter__(self) -> None:
        with self._lock:
            self._n_inside += 1
            warnings.filterwarnings("ignore", "", ConvergenceWarning, re.escape(__name__))
            self._entry = warnings.filters[0]

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._n_inside -= 1
            # It may be gone: other threads put filters of their own in place.
            if self._n_inside == 0 and self._entry in warnings.filters:
                warnings.filters.remove(self._entry)  # type: ignore[attr-defined]


_kernel_silence = _KernelSilence()
