"""Another configuration for a proxy that runs."""

import signal

from . import logs
from .configuration import with_ports, yaml
from .deadline import until
from .ports import free_port

def put(proxy, whole):
    """Writes the file; ports 0 that come first are those that the proxy has."""
    known = iter([port for port in proxy.ports if port])
    config, ports = with_ports(whole, lambda host: next(known, None) or free_port(host))
    fresh = proxy.config_path.with_suffix(".new")
    fresh.write_text(yaml(config))
    fresh.rename(proxy.config_path)
    return ports


def over(proxy):
    """How many reloads have been done."""
    return proxy.process.stderr.count(b'"event":"reloaded"')


def reload(proxy, whole=None):
    """Goes over to the file, or to another one first; waits for it. The listeners' ports."""
    ports = put(proxy, whole) if whole else proxy.ports
    before = over(proxy)
    proxy.send_signal(signal.SIGHUP)
    until(lambda: over(proxy) > before, "it has reloaded")
    return ports


def refused(proxy):
    """Goes over to a file that can not be used: the lines that tell why."""
    before = len(proxy.process.stderr)
    proxy.send_signal(signal.SIGHUP)

    def told():
        fresh = logs.lines(proxy.process.stderr[before:])
        lines = [line for line in fresh if line["event"] in ("config_error", "reload_refused")]
        is_told = lines and lines[-1]["event"] == "reload_refused"
        return [line["message"] for line in lines] if is_told else None

    return until(told, "it has refused to reload")


def setups_alive(proxy):
    """As the last line that tells it has it."""
    lines = [line for line in logs.lines(proxy.process.stderr) if "setups_alive" in line]
    return lines[-1]["setups_alive"]
