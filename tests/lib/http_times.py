#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""GET / over some keep-alive connections at once; prints the milliseconds of every request.

http_times.py ADDRESS PORT CONNECTIONS REQUESTS-PER-CONNECTION
"""
import http.client
import sys
import threading
import time


def ask(address, port, count, times):
    connection = http.client.HTTPConnection(address, port, timeout=70)
    for _ in range(count):
        began = time.monotonic()
        connection.request("GET", "/")
        connection.getresponse().read()
        times.append((time.monotonic() - began) * 1000)


def main():
    address, port, connections, count = sys.argv[1], *map(int, sys.argv[2:5])
    times = []
    threads = [threading.Thread(target=ask, args=(address, port, count, times)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ms in times:
        print("%.3f" % ms)


main()
