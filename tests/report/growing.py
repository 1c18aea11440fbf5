"""What tests of a growing journal share."""

import json
import time

N_FOLDS = 3


def n_candidates(state):
    return len(state.payload["trials"]["number"])


def write(path, lines):
    path.write_bytes(b"".join(lines))


def settle(follow, seconds=60.0):
    """Wait for the importances, which come later."""
    end = time.monotonic() + seconds
    while "being computed" in json.dumps(follow.state().payload["importance"]):
        assert time.monotonic() < end
        time.sleep(0.01)
