"""One BLAS thread per process: pytest-xdist already uses every core, and spinning threads slow each other."""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
