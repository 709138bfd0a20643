"""Simulated responses of a service that runs in two versions, independent of the code that judges them."""

import heapq
import random

PATHS = ("/now", "/", "/api/foo")
TIMEOUT = 10.0


def responses(seed, minutes, rate=5, share=0.1, fails=(0.0, 0.0), status=200, slower=1.0, refused=0.0, lost=0.0,
              gone=0):
    """Yield (arrived, sent, path, which, status, seconds) by arrival; which: 0 the old version, 1 the new one.

    fails: share of 500s of each version. status and slower: of the new one. refused: share of the new one's requests
    that the load balancer answers with 502. lost: share of all requests without a response. gone: seconds of a network
    outage, in which TCP resends some requests, so that their responses are late. Without a response `which` is None.
    """
    chance = random.Random(seed)
    begin = chance.uniform(20, 300)
    waiting = []
    for number in range(round(60 * minutes * rate)):
        sent = number / rate
        while waiting and waiting[0][0] <= sent:
            yield heapq.heappop(waiting)
        which = int(chance.random() < share)
        path = PATHS[number % len(PATHS)]
        # Networks have a long tail.
        seconds = (0.02 + chance.lognormvariate(-3.0, 0.6)) * (slower if which else 1)
        code = 500 if chance.random() < fails[which] else status if which else 200
        if which and chance.random() < refused:
            which, code = None, 502
        if begin <= sent < begin + gone:
            seconds += chance.uniform(0, 5)
            if chance.random() < 0.8:
                which, code, seconds = None, 0, TIMEOUT
        elif chance.random() < lost:
            which, code, seconds = None, 0, TIMEOUT
        heapq.heappush(waiting, (sent + seconds, sent, path, which, code, seconds))
