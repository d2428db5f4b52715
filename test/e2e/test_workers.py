"""Workers: one loop each, a listening socket each, and nothing shared."""

import os

import pytest

from support.configuration import cluster, site, tls_listener
from support.messages import request


@pytest.fixture
def start(start_proxy, recorder, certificate):
    def start(workers):
        backend = recorder()
        whole = site([tls_listener(certificate)], {"app": cluster(backend)}, workers=workers)
        return start_proxy(whole), backend

    return start


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_each_worker_listens_for_itself(start, workers):
    """SO_REUSEPORT: the kernel shares the connections out."""
    proxy, _ = start(workers)
    assert proxy.listening() == workers


@pytest.mark.parametrize("workers", [1, 2])
def test_each_worker_serves(start, workers):
    """Pools are per worker, so one client after another needs a backend connection per worker."""
    proxy, backend = start(workers)
    for _ in range(40):
        assert proxy.ask(request("/")).status == 200
    assert len(backend.connections) == workers


def test_auto_means_one_per_processor(start):
    proxy, _ = start("auto")
    assert proxy.listening() == len(os.sched_getaffinity(0))
    assert proxy.ask(request("/")).status == 200
