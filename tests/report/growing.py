"""What tests of a growing journal share."""

import json
import threading
import time
from contextlib import contextmanager

from skbayes.report._follow import Follower
from skbayes.report._serve import make_server

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


@contextmanager
def serving(path):
    """A server of the page of a journal, on any free port, for as long as the context lasts."""
    server = make_server(Follower(str(path)), 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
