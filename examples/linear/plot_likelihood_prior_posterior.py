"""
What are likelihood, prior and posterior?
=========================================

What is the mean body mass index of diabetes patients? Six of them are known, and there is something known
beforehand: in the population around them it is about 22, and the mean of these patients will be near that.
All three words in one example.
"""

# %%
# Likelihood
# ----------
# Take a candidate for the answer, a normal distribution, and look up its density at each point. The product
# is the likelihood of the candidate. Here is one with a mean of 22, and the one that makes the data likelier
# than any other: maximum likelihood.
from sklearn.datasets import load_diabetes

from skbayes import DistributionEstimator
from skbayes.plots import LikelihoodDisplay, ParameterDisplay
from skbayes.priors import Normal

patients = load_diabetes(as_frame=True, scaled=False).data[["bmi"]]
most_likely = DistributionEstimator("norm").fit(patients[:6])
LikelihoodDisplay.from_estimator(most_likely, [{"loc": 22.0, "scale": 4.0}, {}])

# %%
# Prior and posterior
# -------------------
# What is known beforehand is a density of the mean: 22, give or take 1. Likelihood times prior is the
# posterior, up to a constant.
prior = {"loc": Normal(loc=22.0, scale=1.0)}
informed = DistributionEstimator("norm", prior).fit(patients[:6])
ParameterDisplay.from_estimator(informed, "loc")

# %%
# More data
# ---------
# With all 442 patients the likelihood is narrow, and the same prior has little to say beside it. (It is
# nearly flat here: the picture is where the likelihood is.)
ParameterDisplay.from_estimator(DistributionEstimator("norm", prior).fit(patients), "loc")

# %%
for n in (6, 60, 442):
    alone = DistributionEstimator("norm").fit(patients[:n])
    both = DistributionEstimator("norm", prior).fit(patients[:n])
    print(
        f"{n:3} patients: likelihood alone {alone.params_['loc']:.2f} ± {alone.params_std_['loc']:.2f},"
        f" with the prior {both.params_['loc']:.2f} ± {both.params_std_['loc']:.2f}"
    )

# %%
# Answer
# ------
# - The **likelihood** says how probable the data are under each candidate. Six patients are most probable
#   under a mean of 25.85, and a mean of 22 makes them sixteen times less so.
# - The **prior** says which candidates were probable before: 22 ± 1.
# - The **posterior** is their product, 22.7 ± 1.0 with six patients. It lies nearer to the prior, which was
#   surer of itself than six patients are. With 442 it is 26.2 ± 0.2, and the prior draws it down by no more
#   than its own standard deviation.
#
# The maximum of the likelihood is the estimate of maximum likelihood, that of the posterior the maximum a
# posteriori. All models in skbayes are one or the other.
