"""Candidates of an earlier run that are in flight when a free worker asks for more: none is proposed twice."""

from types import SimpleNamespace

import pytest

from skbayes.model_selection._halving_proposals import HalvingProposals
from skbayes.model_selection._halving_run import HalvingRun
from skbayes.model_selection._halving_rungs import HalvingScheduler, plan_ladder
from skbayes.model_selection._model_proposals import ModelProposals
from skbayes.optimizer import MultiFidelityOptimizer, Optimizer, Trial

SPACE = {"C": (1e-3, 1e3, "log-uniform"), "gamma": (1e-3, 1e3, "log-uniform")}


def plain():
    return ModelProposals([Optimizer(SPACE, random_state=0)], [12], 1)


def halving():
    ladder = plan_ladder(12, 1, 9, 3.0)
    run = HalvingRun(None, (), None, "max_iter", ladder, SimpleNamespace(folds=range(3)))
    optimizer = MultiFidelityOptimizer(SPACE, n_rungs=len(ladder.resources), random_state=0)
    return HalvingProposals(optimizer, HalvingScheduler(3, 12, 3.0), run, 12, 1)


@pytest.mark.parametrize("proposals", [plain, halving])
@pytest.mark.parametrize("n_known", [1, 3, 7])
def test_what_is_in_flight_is_not_proposed_again(proposals, n_known):
    def points(candidates):
        return [{name: candidate.params[name] for name in SPACE} for candidate in candidates]

    first = points([candidate for _ in range(9) for candidate in proposals().ask(1)])
    assert all(point == first[0] for point in first)  # one seed, so one order of proposals
    known = Optimizer(SPACE, random_state=0).ask(n_known)
    assert known[0] == first[0]
    again = proposals()
    again.adopt(known)
    asked = points([candidate for _ in range(10) for candidate in again.ask(1)])
    assert asked[:n_known] == known
    assert len({tuple(point.values()) for point in asked}) == 10


def test_spaces_with_points_in_common_each_get_their_own_candidates_back():
    proposals = ModelProposals([Optimizer(SPACE, random_state=seed) for seed in (0, 1)], [3, 3], 1)
    common, *rest = Optimizer(SPACE, random_state=2).ask(5)
    known = [common, *rest[:2], common, *rest[2:]]  # of an earlier run, space by space
    proposals.adopt(
        [*known, common, rest[0]]
    )  # none is there a third time, nor more than have room
    again = []
    while asked := proposals.ask(1):
        again += [candidate.params for candidate in asked]
        for candidate in asked:
            proposals.tell(Trial(len(again), candidate.params, 0.5), candidate)
    assert again == known
