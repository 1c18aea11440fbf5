"""
How does a Bayesian search choose its next candidate?
=====================================================

One parameter, so that everything can be drawn: the width ``gamma`` of a support vector regression on the
diabetes data. An :class:`~skbayes.Optimizer` is asked for a candidate and told its score, again and again;
``BayesSearchCV`` does the same inside.
"""

# %%
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skbayes import Optimizer
from skbayes.plots import SurrogateDisplay
from skbayes.surrogates import GaussianProcess

X, y = load_diabetes(return_X_y=True)


def score(params):
    return cross_val_score(make_pipeline(StandardScaler(), SVR(C=100.0, **params)), X, y).mean()


# The default model squashes low scores, which serves a search; this one is drawn as it is.
model = GaussianProcess(output_transform="standardize")
optimizer = Optimizer(
    {"gamma": (1e-5, 1.0, "log-uniform")}, surrogate=model, n_initial_points=3, random_state=0
)


def tell_and_draw(n_more, title):
    for _ in range(n_more):
        params = optimizer.ask()
        optimizer.tell(params, score(params))
    display = SurrogateDisplay.from_estimator(optimizer, score_name="mean R²", n_values=150)
    display.figure_.suptitle(title)


# %%
# Three candidates, spread evenly, are the beginning. From them a Gaussian process says what to expect of
# every other ``gamma``: a mean, and a band that is narrow near what was tried and wide between. The lower
# panel is the acquisition: how much a candidate there is expected to improve on the best score, as a
# logarithm. The next candidate is where it is highest.
tell_and_draw(3, "after 3 candidates")

# %%
# Two more:
tell_and_draw(2, "after 5 candidates")

# %%
# And five more:
tell_and_draw(5, "after 10 candidates")

# %%
# How good is the best of ten? A fine grid knows.
for trial in optimizer.history:
    print(f"{trial.number + 1:2}  gamma {trial.params['gamma']:.2g}  R² {trial.score:.4f}")
grid = np.logspace(-5, 0, 51)
scores = [score({"gamma": gamma}) for gamma in grid]
print(f"best of {len(grid)} on a grid: gamma {grid[np.argmax(scores)]:.2g}, R² {max(scores):.4f}")

# %%
# Answer
# ------
# It goes where the model expects the largest improvement: near the best, where the mean is high, and where
# little is known, for something better may be hidden there. After three candidates it looks around the best
# of them. Once the top is known well, nothing more can be expected of it, and the ninth candidate goes to the
# far left, of which nothing was known. It was bad, and from then on the model knows the whole curve.
#
# Ten candidates found a score of 0.4931; the best of a grid of 51 has 0.4927.
