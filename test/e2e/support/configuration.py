"""The proxy's configuration: a nested structure in Python, YAML in the file."""

import copy
import json
import re

PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./:-]*")

# One worker, so that pools and turns are those of one; a drain that ends within a test's patience.
DEFAULTS = {
    "timeouts": {"drain": "5s"},
    "workers": 1,
    "logging": {"access": "stdout", "errors": "stderr", "format": "json"},
}


def cluster(*backends, **sections):
    """A cluster of backends: objects with an address, or addresses."""
    addresses = [getattr(backend, "address", backend) for backend in backends]
    return {"backends": [{"address": address} for address in addresses], **sections}


def tls_listener(*certificates, address="127.0.0.1:0", **tls):
    """Port 0 stands for a free one, chosen when the proxy starts."""
    pairs = [{"chain": str(one.chain), "key": str(one.key)} for one in certificates]
    return {"address": address, "tls": {"certificates": pairs, **tls}}


def plain_listener(address="127.0.0.1:0", **keys):
    return {"address": address, **keys}


def site(listeners, clusters, routes=None, **sections):
    """A whole configuration; sections are merged into the defaults."""
    whole = copy.deepcopy(DEFAULTS)
    for name, section in sections.items():
        if isinstance(section, dict) and name in whole:
            whole[name].update(section)
        else:
            whole[name] = section
    routes = routes or [{"cluster": next(iter(clusters))}]
    return {"listeners": listeners, "routes": routes, "clusters": clusters, **whole}


def with_ports(whole, free_port):
    """A copy whose ports 0 are real ones, and the list of the listeners' ports (None: unix)."""
    whole = copy.deepcopy(whole)
    admin = whole.get("admin", {})
    if admin.get("address", "").endswith(":0"):
        host = admin["address"].removesuffix(":0")
        admin["address"] = f"{host}:{free_port(host.strip('[]'))}"
    ports = []
    for listener in whole["listeners"]:
        host, _, port = listener["address"].rpartition(":")
        if host in ("", "unix") or not port.isdigit():
            ports.append(None)
            continue
        port = free_port(host.strip("[]")) if port == "0" else int(port)
        listener["address"] = f"{host}:{port}"
        ports.append(port)
    return whole, ports


def yaml(value, indent=""):
    """Block style, plain scalars where they are safe: what a user would write."""
    if isinstance(value, dict):
        return "".join(
            f"{indent}{scalar(key)}:{nested(item, indent)}" for key, item in value.items()
        )
    if isinstance(value, list):
        return "".join(f"{indent}-{nested(item, indent)}" for item in value)
    raise TypeError(value)


def nested(item, indent):
    if isinstance(item, (dict, list)) and item:
        return "\n" + yaml(item, indent + "  ")
    return f" {scalar(item)}\n"


def scalar(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)
