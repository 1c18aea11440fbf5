"""One BLAS thread per process, and property tests that are the same at every run.

pytest-xdist already uses every core, and spinning threads slow each other. `--hypothesis-profile=explore` draws
new examples instead.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from hypothesis import settings  # noqa: E402

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("same")
