"""Fixtures of the tests of the admin interface: proxies that have one."""

import pytest

from .configuration import cluster, plain_listener, site, tls_listener


@pytest.fixture(scope="module")
def shared(start_shared_proxy, shared_recorder, certificate):
    """A proxy with one good backend for all tests that change nothing."""
    backend = shared_recorder()
    whole = site([tls_listener(certificate), plain_listener()], {"app": cluster(backend)},
                 workers=2, admin={})
    proxy = start_shared_proxy(whole)
    proxy.backend = backend
    return proxy


@pytest.fixture
def start(start_proxy, certificate):
    def start(*backends, admin=None, **sections):
        whole = site([tls_listener(certificate), plain_listener()], {"app": cluster(*backends)},
                     admin=admin or {}, **sections)
        return start_proxy(whole)

    return start
