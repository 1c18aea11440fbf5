"""
What do a likelihood, a prior and a posterior look like?
========================================================
"""

# %%
import numpy as np
from sklearn.datasets import load_diabetes

from skbayes import DistributionEstimator
from skbayes.plots import LikelihoodDisplay
from skbayes.priors import Normal

bmi = load_diabetes(as_frame=True, scaled=False).data[["bmi"]]
few = bmi[:6]
mle = DistributionEstimator("norm").fit(few)
print(mle.params_, mle.likelihood({"loc": 22.0, "scale": 4.0}), mle.likelihood())
LikelihoodDisplay.from_estimator(mle, [{"loc": 22.0, "scale": 4.0}, {}])

# %%
prior = {"loc": Normal(loc=22.0, scale=1.0)}
for n in (6, 60, 442):
    informed = DistributionEstimator("norm", prior).fit(bmi[:n])
    free = DistributionEstimator("norm").fit(bmi[:n])
    print(n, free.params_["loc"], free.params_std_["loc"], informed.params_["loc"], informed.params_std_["loc"])
