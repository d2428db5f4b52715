"""The page /metrics, read by Prometheus's own parsers."""

import tempfile
from pathlib import Path

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from .connection import Socket
from .deadline import until
from .messages import request

OPENMETRICS = "application/openmetrics-text"
# As Prometheus 2 asks.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def admin():
    """A section for a configuration: a socket of its own, in a short path."""
    folder = Path(tempfile.mkdtemp(prefix="sallyport-"))
    return {"address": f"unix:{folder}/admin.sock"}


def fetch(proxy, *fields):
    """The page as it is."""
    path = proxy.whole["admin"]["address"].removeprefix("unix:")
    with Socket(None, path=path) as client:
        return client.ask(request("/metrics", *fields, host="localhost"))


class Page:
    """All samples of a page, by name and labels."""

    def __init__(self, families):
        self.families = list(families)
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families
            for sample in family.samples
        }

    def value(self, name, **labels):
        """The sum of all samples with at least these labels; 0: there is none."""
        wanted = set(labels.items())
        return sum(
            value for (one, has), value in self.samples.items() if one == name and wanted <= has
        )

    def labels(self, name):
        """The labels of all samples of that name."""
        return [dict(has) for one, has in self.samples if one == name]


def read(proxy):
    answer = fetch(proxy, ("Accept", PROMETHEUS))
    assert answer.status == 200, answer.body
    assert answer.value("Content-Type") == f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
    return Page(openmetrics_parser.text_string_to_metric_families(answer.body.decode()))


def read_classic(proxy):
    answer = fetch(proxy)
    assert answer.value("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
    return Page(parser.text_string_to_metric_families(answer.body.decode()))


def page_with(proxy, count, name, **labels):
    """The page once a counter has come that far: the last of an exchange is counted at its end."""
    return until(
        lambda: (page := read(proxy)) and page.value(name, **labels) >= count and page,
        f"{name} of {labels} is {count}",
    )
