# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Many connections that take turns at once: what a delay line holds.

    held.py serve PORT                  answer each line "N" with N bytes
    held.py ask HOST PORT CONNECTIONS SIZE [ROUNDS [TIMEOUT]]
        open all connections, then send one request on each at once and wait for all the answers,
        ROUNDS times; print JSON: answered, failed (and why), milliseconds, and what the TCPs of
        this side retransmitted.  With KEEPALIVE=1 they ask every second for a sign of life
"""
import asyncio
import json
import os
import resource
import socket
import struct
import sys
import time

TCP_INFO_TOTAL_RETRANS = 100  # offset of tcpi_total_retrans in struct tcp_info (linux/tcp.h)


def many_files():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 40000
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, limit)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


async def answer(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(b"x" * int(line))
            await writer.drain()
    except (ConnectionError, ValueError):
        pass
    finally:
        writer.close()


async def serve(port):
    server = await asyncio.start_server(answer, None, port, backlog=16384)
    async with server:
        await server.serve_forever()


async def one(end, size, timeout, result):
    reader, writer = end
    start = time.monotonic()
    try:
        writer.write(b"%d\n" % size)
        got = await asyncio.wait_for(reader.readexactly(size), timeout)
        if got.count(b"x") != size:
            raise ValueError("other bytes")
        result["ms"].append((time.monotonic() - start) * 1000)
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError) as e:
        result["errors"].append(type(e).__name__)


def retransmitted(writer):
    raw = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return struct.unpack_from("I", raw, TCP_INFO_TOTAL_RETRANS)[0]


def keep_alive(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 5)


async def connect_all(host, port, count):
    gate = asyncio.Semaphore(200)

    async def connect():
        async with gate:
            end = await asyncio.open_connection(host, port)
        if os.environ.get("KEEPALIVE"):
            keep_alive(end[1].get_extra_info("socket"))
        return end

    return await asyncio.gather(*(connect() for _ in range(count)))


async def ask(host, port, count, size, rounds=1, timeout=60):
    ends = await connect_all(host, port, count)
    print("connected", file=sys.stderr, flush=True)
    result = {"ms": [], "errors": []}
    for _ in range(rounds):
        await asyncio.gather(*(one(end, size, timeout, result) for end in ends))
    ms = sorted(result["ms"]) or [0]
    print(json.dumps({
        "answered": len(result["ms"]), "failed": len(result["errors"]),
        "why": sorted(set(result["errors"])),
        "min": round(ms[0], 2), "p50": round(ms[len(ms) // 2], 2), "max": round(ms[-1], 2),
        "retransmitted": sum(retransmitted(w) for _, w in ends)}))


def main():
    many_files()
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2])))
    else:
        asyncio.run(ask(sys.argv[2], int(sys.argv[3]), *map(int, sys.argv[4:])))


main()
