#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A TLS client whose hello goes out in pieces; exits 0 if the server answers a request.

tls_client.py ADDRESS PORT NAME PIECE [FILE]   PIECE: bytes per segment, 0 = all at once.
With FILE, a FIFO: makes FILE.connected after the handshake and sends its request when somebody
has opened FILE for writing.
"""
import socket
import ssl
import sys


def main():
    address, port, name, piece = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    gate = sys.argv[5] if len(sys.argv) > 5 else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    sock = socket.create_connection((address, port), 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def flush():
        data = outgoing.read()
        step = piece or len(data) or 1
        for at in range(0, len(data), step):
            sock.send(data[at:at + step])

    def drive(step):
        while True:
            try:
                result = step()
                flush()
                return result
            except ssl.SSLWantReadError:
                flush()
                data = sock.recv(65536)
                if not data:
                    raise EOFError("closed")
                incoming.write(data)

    drive(tls.do_handshake)
    if gate:
        open(gate + ".connected", "w").close()
        open(gate, "rb").close()
    tls.write(b"GET / HTTP/1.0\r\n\r\n")
    flush()
    if not drive(lambda: tls.read(100)).startswith(b"HTTP/1.0 200"):
        sys.exit(1)


try:
    main()
except (OSError, EOFError) as error:
    print(error)
    sys.exit(1)
