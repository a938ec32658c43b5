#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Attacks on HTTP rules, by hand-made segments

    http_evasion.py DEVICE SOURCE GATEWAY-MAC SERVER [SKIPPED...]

The rules allow GET and POST below /public and GET of /hosted for the host good.example.  Every
attack tries to have the server serve /secret-NAME, or /hosted for another host; what was served
stands in the server's log, which the caller reads.  Controls are requests of the same make that
are allowed: /public-NAME must be served, or the attack proves nothing.

Prints "attack NAME" or "control NAME" for each, and what became of it.
"""
import sys

from raw_tcp import ACK, FIN, PSH, RST, SYN, URG, Connection, Link

ATTACKS = []


def attack(function):
    ATTACKS.append(function)
    return function


class Victim:
    """Opens connections, and keeps count of what they were for."""

    def __init__(self, link, server):
        self.link = link
        self.server = server

    def open(self, **how):
        connection = Connection(self.link, self.server, isn=how.pop("isn", None))
        if not connection.open(**how):
            print("no connection", flush=True)
        return connection


def get(name, path="secret", head="Host: good.example\r\n", method="GET", version="HTTP/1.1"):
    return f"{method} /{path}-{name} {version}\r\n{head}\r\n".encode()


def finish(kind, name, connection, count=1, deadline_s=0.3):
    got = connection.responses(count, deadline_s)
    status = connection.received[9:12].decode("latin1")
    print(f"{kind} {name}: {got} responses, first {status or 'none'}, {connection.closed or 'open'}",
          flush=True)
    connection.end()


def control(victim, name, *parts):
    """The parts, one segment each, in order; they must be served."""
    c = victim.open()
    for part in parts:
        c.send(part)
    finish("control", name, c, deadline_s=5)


def forbidden(victim, name, *parts, **how):
    c = victim.open(**how)
    for part in parts:
        c.send(part)
    finish("attack", name, c)


@attack
def plain(victim):
    control(victim, "plain", get("plain", "public"))
    forbidden(victim, "plain", get("plain"))


@attack
def split_at_each_byte(victim):
    head = get("split")
    for at in range(1, len(head)):
        c = victim.open()
        c.send(head[:at])
        c.send(head[at:])
        c.responses(1, 0.5)
        c.end()
    head = get("split", "public")
    for at in range(1, len(head), 7):
        control(victim, "split", head[:at], head[at:])
    control(victim, "bytes", *[bytes([b]) for b in get("bytes", "public")])
    forbidden(victim, "bytes", *[bytes([b]) for b in get("bytes")])


@attack
def reordered(victim):
    head, c = get("reordered"), victim.open()
    cuts = [(20, 30), (10, 20), (30, len(head)), (0, 10)]
    for start, end in cuts * 3:
        c.again(head[start:end], start)
    finish("attack", "reordered", c)
    head, c = get("reordered", "public"), victim.open()
    for start, end in [(20, 30), (10, 20), (30, len(head)), (0, 10)] * 4:
        c.again(head[start:end], start)
        c.settle(0.02)
    c.next = len(head)
    finish("control", "reordered", c, deadline_s=5)


@attack
def second_half_first(victim):
    """The end of a forbidden head waits at the server for the start of an allowed one."""
    c = victim.open()
    c.again(b"/secret-late HTTP/1.1\r\nHost: good.example\r\n\r\n", 4)
    c.again(b"GET ", 0)
    c.again(b"GET /public-late HTTP/1.1\r\nHost: good.example\r\n\r\n", 0)
    finish("attack", "second-half-first", c)


@attack
def overlaps(victim):
    allowed, evil = get("overlap", "public"), get("overlap", "secret")
    for start in (0, 4, 5, 8, 11):
        c = victim.open()
        c.send(allowed[:12])
        c.again(evil[start:], start)
        c.again(allowed[12:], 12)
        finish("attack", f"overlap-{start}", c, deadline_s=0.4)
    # The same end of the head, judged once, with another beginning.
    c = victim.open()
    c.again(evil[4:], 4)
    c.send(allowed)
    c.again(evil, 0)
    finish("attack", "overlap-behind", c)


@attack
def repeat_with_other_bytes(victim):
    """What makes the server throw the allowed segment away, then the forbidden one in its place."""
    odds = {
        "checksum": {"bad_checksum": True},
        "ttl": {"ttl": 1},
        "ack": {"ack": 0x12345678},
        "options": {"options": b"\x13\x12" + b"\0" * 16 + b"\1\1"},
    }
    for name, odd in odds.items():
        c = victim.open()
        c.again(get(name, "public"), 0, **odd)
        c.again(get(name, "secret"), 0)
        finish("attack", f"repeat-{name}", c)


@attack
def pipelined(victim):
    both = get("pipe", "public") + get("pipe")
    forbidden(victim, "pipelined", both)
    for at in (1, 20, len(get("pipe", "public")) - 1, len(get("pipe", "public")) + 3):
        forbidden(victim, f"pipelined-{at}", both[:at], both[at:])
    control(victim, "pipelined", get("pipe", "public") * 3)


@attack
def smuggling(victim):
    evil = get("smuggle").decode()
    bodies = {
        "cl-te": f"Content-Length: {len(evil) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{evil}",
        "te-cl": f"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n{evil}\r\n0\r\n\r\n",
        "te-te": f"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n{evil}",
        "te-odd": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{evil}",
        "te-tab": f"Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n{evil}",
        "te-space": f"Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n{evil}",
        "te-fold": f"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{evil}",
        "cl-cl": f"Content-Length: 0\r\nContent-Length: {len(evil)}\r\n\r\n{evil}",
        "cl-list": f"Content-Length: 0, {len(evil)}\r\n\r\n{evil}",
        "cl-plus": f"Content-Length: +{len(evil)}\r\n\r\n{evil}",
        "cl-huge": f"Content-Length: 18446744073709551616\r\n\r\n{evil}",
        "cl-short": f"Content-Length: 0\r\n\r\n{evil}",
        "chunk-ext": f"Transfer-Encoding: chunked\r\n\r\n0;x=\"\r\n\r\n{evil}",
        "chunk-lf": f"Transfer-Encoding: chunked\r\n\r\n0\n\n{evil}",
        "chunk-big": f"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{evil}",
        "bare-lf": f"X: y\nContent-Length: {len(evil)}\r\n\r\n{evil}",
        "bare-cr": f"X: y\rContent-Length: {len(evil)}\r\n\r\n{evil}",
        "nul": f"X: y\0\r\nContent-Length: {len(evil)}\r\n\r\n{evil}",
    }
    for name, rest in bodies.items():
        head = f"POST /public-{name} HTTP/1.1\r\nHost: good.example\r\n{rest}"
        forbidden(victim, f"smuggle-{name}", head.encode("latin1"))
    body = "hello=world"
    control(victim, "body", (f"POST /public-body HTTP/1.1\r\nHost: good.example\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
    control(victim, "chunked", b"POST /public-chunked HTTP/1.1\r\nHost: good.example\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


@attack
def body_that_ends_in_a_head(victim):
    """A segment that begins in a body and ends in a request; the same, ahead of a hole."""
    start = b"POST /public-tail HTTP/1.1\r\nHost: good.example\r\nContent-Length: 20\r\n\r\n"
    evil = get("tail")
    forbidden(victim, "tail", start, b"x" * 20 + evil)
    c = victim.open()
    c.send(start)
    c.again(b"x" * 10 + evil, len(start) + 10)
    c.again(b"x" * 10, len(start))
    c.again(b"x" * 10 + evil, len(start) + 10)
    finish("attack", "tail-ahead", c)


@attack
def paths(victim):
    for number, path in enumerate((
            "/public/../secret", "/public/%2e%2e/secret", "/%73ecret", "//secret", "/./secret",
            "/public/..%2fsecret", "/public/..;/secret", "/public/../../secret", "/public/.%2e/secret",
            "/public//../../secret", "/public\\..\\secret", "/public/%5c..%5csecret", "/secret%00",
            "/public/x/../../secret", "/public%2f..%2fsecret", "/public/%252e%252e/secret",
            "/public/..//secret", "/public?/../secret", "/%2573ecret", "/publ%69c/../secret",
            "/public#/../../secret", "http://good.example/secret", "http://good.example//secret",
            "http://good.example/public/../secret", "/public/../secret?x=/public",
            "/SECRET/../secret", "/public/\x7f../secret", "/public/%", "/public/%zz/../secret")):
        head = f"GET {path}-path{number} HTTP/1.1\r\nHost: good.example\r\n\r\n"
        forbidden(victim, f"path-{path}", head.encode("latin1"))
    control(victim, "dots", b"GET /secret/../public-dots HTTP/1.1\r\nHost: good.example\r\n\r\n")


@attack
def hosts(victim):
    cases = {
        "other": "GET /hosted-a HTTP/1.1\r\nHost: evil.example\r\n",
        "absolute": "GET http://evil.example/hosted-b HTTP/1.1\r\nHost: good.example\r\n",
        "absolute-2": "GET http://good.example/hosted-c HTTP/1.1\r\nHost: evil.example\r\n",
        "twice": "GET /hosted-d HTTP/1.1\r\nHost: good.example\r\nHost: evil.example\r\n",
        "none": "GET /hosted-e HTTP/1.1\r\n",
        "fold": "GET /hosted-f HTTP/1.1\r\nHost:\r\n evil.example\r\n",
        "list": "GET /hosted-g HTTP/1.1\r\nHost: good.example, evil.example\r\n",
        "user": "GET http://good.example@evil.example/hosted-h HTTP/1.1\r\nHost: good.example\r\n",
        "twice-case": "GET /hosted-i HTTP/1.1\r\nHost: good.example\r\nhOSt: evil.example\r\n",
        "absolute-case": "GET HTTP://EVIL.example/hosted-j HTTP/1.1\r\nHost: good.example\r\n",
        "space": "GET /hosted-k HTTP/1.1\r\nHost : good.example\r\nHost: evil.example\r\n",
        "tab": "GET /hosted-l HTTP/1.1\r\nHost:\tevil.example\r\nX-Host: good.example\r\n",
        "port": "GET /hosted-m HTTP/1.1\r\nHost: good.example:80@evil.example\r\n",
    }
    for name, head in cases.items():
        forbidden(victim, f"host-{name}", (head + "\r\n").encode())
    control(victim, "hosted", b"GET /hosted-control HTTP/1.1\r\nHost: good.example\r\n\r\n")


@attack
def other_protocols(victim):
    evil = get("proto")
    forbidden(victim, "http-0.9", b"GET /secret-proto\r\n")
    forbidden(victim, "http-0.9-allowed", b"GET /public-nine\r\n" + evil)
    forbidden(victim, "http-2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + evil)
    forbidden(victim, "h2c", get("h2c", "public", "Host: good.example\r\nConnection: Upgrade, HTTP2-"
              "Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"), evil)
    forbidden(victim, "connect", b"CONNECT /secret-proto HTTP/1.1\r\nHost: good.example\r\n\r\n")
    forbidden(victim, "lower-case", get("proto", method="get"))
    forbidden(victim, "blank-line", b"\r\n" + evil)
    forbidden(victim, "lf-only", evil.replace(b"\r\n", b"\n"))
    forbidden(victim, "two-spaces", evil.replace(b"GET ", b"GET  "))
    forbidden(victim, "version", evil.replace(b"HTTP/1.1", b"HTTP/1.7"))
    forbidden(victim, "garbage", b"\x16\x03\x01" + evil)


@attack
def syn_with_data(victim):
    c = Connection(victim.link, victim.server)
    c.segment(SYN, get("tfo"), options=b"\x22\x02\x01\x01")
    c.open()
    finish("attack", "tfo", c)
    c = victim.open()
    c.segment(SYN | ACK | PSH, get("synack"), 0)
    c.segment(SYN | PSH, get("synpsh"), 0)
    c.next = 0
    c.again(get("synagain", "public"), 0)
    finish("attack", "syn-in-between", c)


@attack
def resets_and_fins(victim):
    head, evil = get("rst", "public"), get("rst")
    c = victim.open()
    c.send(head[:15])
    c.segment(RST, seq=(c.isn + 5000000) & 0xFFFFFFFF)
    c.segment(SYN, seq=c.isn)
    c.again(evil[15:], 15)
    c.again(evil, 0)
    finish("attack", "rst-and-syn", c)
    c = victim.open()
    c.send(head)
    c.responses(1, 2)
    c.segment(FIN | ACK, seq=(c.isn + 1 + c.next + 900) & 0xFFFFFFFF)
    c.segment(RST, seq=(c.isn + 1 + c.next + 1) & 0xFFFFFFFF)
    c.send(evil)
    finish("attack", "fin-ahead", c, 2)


@attack
def ip_tricks(victim):
    evil = get("ip")
    for name, odd in {"fragments": {"fragment": 24}, "options": {"ip_options": b"\x94\x04\0\0"},
                      "urgent": {"urgent": 4}}.items():
        c = victim.open()
        c.segment(PSH | ACK | (URG if name == "urgent" else 0), evil, **odd)
        finish("attack", f"ip-{name}", c, deadline_s=0.5)
    # The urgent byte is taken out of the stream: "GET /pXsecret" would lose it.
    c = victim.open()
    c.segment(PSH | ACK | URG, b"GET /public/../.X./secret-urg HTTP/1.1\r\nHost: a\r\n\r\n", urgent=18)
    finish("attack", "urgent-byte", c)


@attack
def windows(victim):
    """One byte at a time each way, and a probe beyond what was asked for."""
    head, evil = get("window", "public"), get("window")
    c = victim.open()
    c.window = 1
    for at in range(len(head)):
        c.again(head[at:at + 1], at, window=1)
    c.next = len(head)
    c.window = 65535
    finish("control", "window", c, deadline_s=5)
    c = victim.open()
    c.send(head)
    c.responses(1, 2)
    c.again(evil[:1], c.next)  # the probe
    c.settle(0.1)
    c.again(b"X" + evil[1:], c.next)
    c.again(evil[1:], c.next + 1)
    finish("attack", "probe", c, 2)


@attack
def sequence_wraps(victim):
    for isn in (0xFFFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF - 40, 0x7FFFFFF0):
        c = victim.open(isn=isn)
        c.send(get("wrap", "public"))
        c.responses(1, 5)
        c.send(get("wrap"))
        finish("attack", f"wrap-{isn:x}", c, 2)
    c = victim.open(isn=0xFFFFFFE0)
    for _ in range(3):
        c.send(get("wrapped", "public"))
        c.responses(1, 5)
    finish("control", "wrapped", c, 3, 5)


@attack
def long_heads(victim):
    filler = "X-Filler: " + "a" * 1000 + "\r\n"
    forbidden(victim, "long", *[p.encode() for p in
                                ["GET /secret-long HTTP/1.1\r\nHost: good.example\r\n"] + [filler] * 70 +
                                ["\r\n"]])
    forbidden(victim, "long-path", b"GET /public" + b"/a" * 300, b"/.." * 301,
              b"/secret-long HTTP/1.1\r\nHost: good.example\r\n\r\n")


def main():
    device, source, gateway_mac, server = sys.argv[1:5]
    victim = Victim(Link(device, source, gateway_mac), server)
    for function in ATTACKS:
        if function.__name__ not in sys.argv[5:]:
            function(victim)
    print("all attacks done", flush=True)


main()
