"""What a valid request looks like at the backend, written down from the rules and not from the code.

The request line and Host are ours; then the client's fields that may pass, in their order; then
who the client is; then what frames the body. RFC 9110 §7.6 and proxy/route/forward.h.
"""

import re

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# For one connection only, or written anew from what was understood.
HOP = {
    "connection", "content-length", "transfer-encoding", "upgrade", "expect", "te", "trailer",
    "keep-alive", "proxy-connection", "http2-settings", "host",
}  # fmt: skip
# Only we say who the client is; and what CGI would take for a setting of its own.
OURS = {"forwarded", "x-real-ip", "x-request-id", "client-cert", "client-cert-chain", "proxy"}
# Listing one of these in Connection does not remove it.
END_TO_END = {
    "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol",
    "sec-websocket-extensions", "sec-websocket-accept", "authorization", "proxy-authorization",
    "www-authenticate", "cookie", "set-cookie", "origin", "cache-control", "content-type",
    "content-encoding", "content-range", "range", "location", "vary", "date", "retry-after",
    "strict-transport-security", "server", "via", "user-agent", "referer",
}  # fmt: skip
SPOKEN_FOR = HOP | OURS - {"connection"}


class Request:
    """One valid request, taken apart the obvious way."""

    def __init__(self, head):
        separator = "\r\n" if "\r\n" in head else "\n"
        start, *lines = head.strip("\r\n").split(separator)
        self.method, self.target, self.version = start.split(" ")
        self.fields = [
            (name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines)
        ]

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name]

    @property
    def options(self):
        listed = ",".join(self.values("connection")).split(",")
        return {option.strip(" \t").lower() for option in listed}

    @property
    def is_chunked(self):
        return bool(self.values("transfer-encoding"))

    @property
    def has_body(self):
        lengths = self.values("content-length")
        return self.is_chunked or bool(lengths and int(lengths[0]))

    @property
    def authority(self):
        absolute = re.match(r"https?://([^/?]*)", self.target, re.IGNORECASE)
        return absolute[1] if absolute else (self.values("host") or [""])[0]

    @property
    def path(self):
        absolute = re.match(r"https?://[^/?]*(.*)", self.target, re.IGNORECASE)
        if not absolute:
            return self.target
        rest = absolute[1]
        if not rest:
            return "*" if self.method == "OPTIONS" else "/"
        return rest if rest.startswith("/") else "/" + rest

    @property
    def is_handshake(self):
        return (
            self.version == "HTTP/1.1"
            and "upgrade" in self.options
            and [value.lower() for value in self.values("upgrade")] == ["websocket"]
        )

    def passes(self, name):
        name = name.lower()
        plain = re.sub(r"[^0-9a-z]", "-", name)
        is_alias = plain != name and (plain in SPOKEN_FOR or plain.startswith("x-forwarded-"))
        ours = name in OURS or name.startswith("x-forwarded-")
        listed = name in self.options and name not in END_TO_END
        return not (name in HOP or ours or is_alias or listed)

    def forwarded(self, client, scheme, default_host):
        """The head as it reaches the backend; the id of the request reads `*`."""
        authority = self.authority
        fields = [("Host", authority or default_host)]
        fields += [(name, value) for name, value in self.fields if self.passes(name)]
        fields += [("X-Forwarded-For", client), ("X-Forwarded-Proto", scheme)]
        if authority:
            fields += [("X-Forwarded-Host", authority)]
        quoted = authority if TOKEN.fullmatch(authority) else f'"{authority}"'
        host = f";host={quoted}" if authority else ""
        fields += [("Forwarded", f"for={client}{host};proto={scheme}"), ("X-Request-Id", "*")]
        if self.values("expect") and self.version == "HTTP/1.1" and self.has_body:
            fields += [("Expect", "100-continue")]
        if self.is_handshake:
            fields += [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        if self.is_chunked:
            fields += [("Transfer-Encoding", "chunked")]
        elif self.values("content-length"):
            fields += [("Content-Length", str(int(self.values("content-length")[0])))]
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{n}: {v}" for n, v in fields), "", ""]
        return "\r\n".join(lines)
