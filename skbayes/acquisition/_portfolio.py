"""A portfolio: several acquisitions, of which each suggestion draws one."""

from collections.abc import Sequence

from ..posteriors import GaussianPosterior
from ._base import AcquisitionContext, Floats, JointAcquisition, MarginalAcquisition
from ._expected_improvement import LogExpectedImprovement
from ._max_value_entropy_search import MaxValueEntropySearch
from ._upper_confidence_bound import UpperConfidenceBound

__all__ = ["Portfolio"]

Member = MarginalAcquisition | JointAcquisition


class Portfolio(JointAcquisition):
    """Several acquisitions, of which each suggestion draws one.

    What one of them overlooks for its own reasons, another one finds; and the points of a batch
    want different things.

    Parameters
    ----------
    members : sequence of MarginalAcquisition or JointAcquisition, default=None
        The acquisitions; joint ones only if they define `marginal`, as MaxValueEntropySearch does.
        None: log EI, UCB and max-value entropy search.
    weights : sequence of float, default=None
        How often each is drawn, up to a common factor; non-negative, not all zero. None: all
        equally often.

    Raises
    ------
    ValueError
        If there is no member, or the weights do not fit, when it is used.
    TypeError
        If a member is neither marginal nor can be settled to be, when it is used.

    See Also
    --------
    LogExpectedImprovement : The default acquisition.

    Notes
    -----
    The draw comes from the stream of random numbers of the suggestion, so that the object keeps no
    state and a search is the same for the same seed. Gains of each member, as GP-Hedge [1]_ adds
    them up, would be the state of one search inside a parameter; and they follow the posterior mean
    of what was proposed, that is greed, whatever came of it.

    References
    ----------
    .. [1] Hoffman, Brochu, de Freitas (2011). Portfolio allocation for Bayesian optimization. UAI.
       arXiv 1009.5419

    Examples
    --------
    >>> import numpy as np
    >>> from skbayes.acquisition import AcquisitionContext, Portfolio, UpperConfidenceBound
    >>> from skbayes.posteriors import GaussianPosterior
    >>> portfolio = Portfolio([UpperConfidenceBound(kappa=2.0)])
    >>> context = AcquisitionContext(incumbent=1.0, rng=np.random.default_rng(0))
    >>> portfolio.value(GaussianPosterior([0.0, 1.0], [1.0, 0.25]), context)
    array([2. , 1.5])
    """

    def __init__(
        self,
        members: Sequence[Member] | None = None,
        weights: Sequence[float] | None = None,
    ) -> None:
        self.members = members
        self.weights = weights

    def value(self, posterior: GaussianPosterior, context: AcquisitionContext) -> Floats:
        member = self.marginal(posterior, context)
        return member.value(posterior.mean, posterior.std, context.incumbent)

    def marginal(
        self, posterior: GaussianPosterior, context: AcquisitionContext
    ) -> MarginalAcquisition:
        """Return one of the members, drawn, or what is left of it if it is a joint one.

        Parameters
        ----------
        posterior : GaussianPosterior
            Joint posterior over the scores of points that represent the space.
        context : AcquisitionContext
            The incumbent and the source of randomness.

        Returns
        -------
        acquisition : MarginalAcquisition
            A member, or its `marginal`.

        Raises
        ------
        ValueError
            If there is no member, or the weights do not fit.
        TypeError
            If a member is neither marginal nor can be settled to be.
        """
        members = self._checked_members()
        weights = [1.0] * len(members) if self.weights is None else list(self.weights)
        total = float(sum(weights))
        is_fit = len(weights) == len(members) and min(weights, default=-1.0) >= 0.0
        if not (is_fit and 0.0 < total < float("inf")):
            raise ValueError(
                "Portfolio needs at least one member, and a weight >= 0 for each, not all 0; got "
                f"{len(members)} members and weights {self.weights!r}."
            )
        shares = [weight / total for weight in weights]
        member = members[int(context.rng.choice(len(members), p=shares))]
        if isinstance(member, MarginalAcquisition):
            return member
        settled = member.marginal(posterior, context)
        if settled is None:
            raise _unfit(member)
        return settled

    def _checked_members(self) -> list[Member]:
        if self.members is None:
            return [LogExpectedImprovement(), UpperConfidenceBound(), MaxValueEntropySearch()]
        for member in self.members:
            is_joint = isinstance(member, JointAcquisition)
            if is_joint and type(member).marginal is not JointAcquisition.marginal:
                continue
            if not isinstance(member, MarginalAcquisition):
                raise _unfit(member)
        return list(self.members)


def _unfit(member: object) -> TypeError:
    return TypeError(
        "Portfolio needs objects of marginal acquisitions, or of joint ones of which `marginal` "
        f"leaves one; got {member!r}. Give for example "
        "[LogExpectedImprovement(), UpperConfidenceBound()]."
    )
