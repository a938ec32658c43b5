#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""numbered_lines.py ADDRESS PORT - a connection that sends the lines 0, 1, 2... for ever, a thousand
a second: a stream in which a gap shows.  Each line has its own time from the start on, so that a
busy machine makes them late and not fewer."""
import socket
import sys
import time

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
start = time.monotonic()
number = 0
while True:
    sock.sendall(b"%d\n" % number)
    number += 1
    time.sleep(max(0, start + number / 1000 - time.monotonic()))
