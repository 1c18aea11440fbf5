"""One BLAS thread per process, and property tests that are the same at every run.

pytest-xdist already uses every core, and spinning threads slow each other. `--hypothesis-profile=explore` draws
new examples instead.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from hypothesis import HealthCheck, settings  # noqa: E402
from hypothesis.internal.conjecture import providers  # noqa: E402

# One value in twenty would come from the constants of whatever modules are imported by then, and that depends on
# which tests a worker has run before. There is no setting; tests/test_same_examples.py says if this is of no use.
providers._get_local_constants = getattr(providers, "Constants", None)

# Time is not measured, neither that of a test nor that of drawing its examples.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, **UNTIMED)
settings.register_profile("explore", **UNTIMED)
settings.load_profile("same")
