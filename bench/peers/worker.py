"""A peer as a process that answers commands, as `engine-bench` does: a line in, a line of JSON out."""

import json
import sys
import time


def tokens(count, vocabulary):
    """The tokens that every engine is given."""
    return [3 + i * 7919 % (vocabulary - 3) for i in range(count)]


class Clock:
    """Time on the clock and on all processors within a `with` block."""

    def __init__(self):
        self.seconds = self.cpu_seconds = 0.0

    def __enter__(self):
        self.start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self.start[0]
        self.cpu_seconds = time.process_time() - self.start[1]


def serve(peer):
    """Answers `prefill NEW`, `cached CACHED NEW` and `decode CACHED COUNT` until the input ends."""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        name, *numbers = line.split()
        clock, facts = getattr(peer, name)(*map(int, numbers))
        answer = {"command": line.strip(), "seconds": clock.seconds, "cpu_seconds": clock.cpu_seconds, **facts}
        print(json.dumps(answer), flush=True)
