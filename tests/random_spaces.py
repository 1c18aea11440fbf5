"""Random spaces for the property tests."""

from hypothesis import strategies as st
from scipy.stats import norm, poisson, randint

from skbayes.space import Categorical, Distribution, Integer, Real

finite = st.floats(-1e6, 1e6)
names = st.sampled_from(["a", "b", "c", "d", "e"])
OBJECTS = [None, True, 1, 1.0, "x", (1, 2), [1], {"k": 1}, float("nan"), len]


@st.composite
def reals(draw):
    log = draw(st.booleans())
    low = draw(st.floats(1e-9, 1e3) if log else finite)
    high = low + draw(st.floats(1e-3, 1e6)) * max(abs(low), 1e-6)
    return Real(low, high, "log-uniform" if log else "uniform")


@st.composite
def integers(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1, 1000) if log else st.integers(-1000, 1000))
    return Integer(low, low + draw(st.integers(1, 10**6)), "log-uniform" if log else "uniform")


@st.composite
def categoricals(draw):
    return Categorical(draw(st.lists(st.sampled_from(OBJECTS), min_size=1, unique_by=id)))


distributions = st.sampled_from(
    [Distribution(norm(2, 3)), Distribution(poisson(4)), Distribution(randint(2, 9))]
)
dimensions = st.one_of(reals(), integers(), categoricals(), distributions)


@st.composite
def specs(draw):
    """A dict, or a list of dicts."""
    one = st.dictionaries(names, dimensions, min_size=1, max_size=4)
    branches = draw(st.lists(one, min_size=1, max_size=3))
    return branches[0] if len(branches) == 1 else branches
