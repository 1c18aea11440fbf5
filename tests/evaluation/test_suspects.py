"""When a pool of processes breaks, the task to blame is found, and no other one is lost."""

from hypothesis import given
from hypothesis import strategies as st

from skbayes.evaluation._suspects import Suspects


def run(n, guilty, n_workers):
    """Simulate a pool that breaks when a guilty task runs; return who was sentenced and how often each ran."""
    suspects, sentenced, ended = Suspects(), [], set()
    n_runs = dict.fromkeys(range(n), 0)
    while len(ended) + len(sentenced) < n:
        left = [key for key in range(n) if key not in ended and key not in sentenced]
        group = suspects.next_group() or left[:n_workers]
        for key in group:
            n_runs[key] += 1
        if guilty & set(group):
            sentenced += suspects.accuse(group)
        else:
            suspects.acquit(group)
            ended |= set(group)
    return sentenced, n_runs


@given(
    n=st.integers(1, 40),
    n_workers=st.integers(1, 16),
    guilty=st.sets(st.integers(0, 39), max_size=4),
)
def test_exactly_the_guilty_are_sentenced(n, n_workers, guilty):
    guilty &= set(range(n))
    sentenced, n_runs = run(n, guilty, n_workers)
    assert sorted(sentenced) == sorted(guilty)
    # Each of them was tried again before.
    assert all(n_runs[key] >= 2 for key in guilty)
    # A search by halves: every guilty task costs its neighbours at most log2(16) + 2 more runs.
    assert max(n_runs.values()) <= 1 + 6 * max(len(guilty), 1)


def test_a_pool_that_breaks_once_costs_nobody_anything():
    suspects = Suspects()
    assert suspects.accuse([3, 1, 2]) == []
    assert suspects.next_group() == [1, 2, 3]  # all of them once more
    suspects.acquit([2, 3])
    assert suspects.next_group() == [1]
    suspects.acquit([1])
    assert suspects.next_group() == []
