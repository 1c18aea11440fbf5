"""Thompson sampling: believe one draw from the posterior, and go where it is highest."""

import numpy as np

from ..posteriors import GaussianPosterior
from ._base import AcquisitionContext, Floats, JointAcquisition

__all__ = ["ThompsonSampling"]


class ThompsonSampling(JointAcquisition):
    """One joint draw of the scores of all points.

    The point where the draw is highest is the true maximiser with the probability that the
    posterior gives it. Each draw differs, so a batch needs no further care to be diverse.

    See Also
    --------
    UpperConfidenceBound : Optimism without chance.

    References
    ----------
    .. [1] Thompson (1933). On the likelihood that one unknown probability exceeds another in view
       of the evidence of two samples. Biometrika 25, 285-294. DOI 10.1093/biomet/25.3-4.285

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.acquisition import AcquisitionContext, ThompsonSampling
    >>> from skbayes.posteriors import GaussianPosterior
    >>> certain = GaussianPosterior(np.array([0.0, 1.0]), np.zeros(2), np.zeros((2, 2)))
    >>> context = AcquisitionContext(incumbent=0.0, rng=np.random.default_rng(0))
    >>> int(ThompsonSampling().value(certain, context).argmax())
    1
    """

    def value(self, posterior: GaussianPosterior, context: AcquisitionContext) -> Floats:
        return np.asarray(posterior.sample(1, context.rng)[0])
