# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A TCP client made by hand, for what no kernel would send.

It runs in a pod whose device has no address, so the pod's own kernel takes no part: frames go out
and come in by a packet socket, with the addresses that the pod had.  Everything about a segment
can be wrong on purpose; nothing is repeated unless the test says so.
"""
import random
import select
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
DEADLINE_S = 5


def checksum(data):
    """Internet checksum of @data."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Link:
    """The pod's device: who we are, and where frames go."""

    def __init__(self, device, source, gateway_mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((device, 0))
        self.mac = self.socket.getsockname()[4]
        self.source = socket.inet_aton(source)
        self.gateway = bytes.fromhex(gateway_mac.replace(":", ""))

    def send_ip(self, packet):
        self.socket.send(self.gateway + self.mac + b"\x08\x00" + packet)

    def receive(self, timeout_s):
        """The next IPv4 packet, or None."""
        if not select.select([self.socket], [], [], timeout_s)[0]:
            return None
        frame = self.socket.recv(65536)
        return frame[14:] if frame[12:14] == b"\x08\x00" else b""


class Connection:
    """One connection to @server, with a sequence number of our choice."""

    def __init__(self, link, server, port=80, isn=None):
        self.link = link
        self.server = socket.inet_aton(server)
        self.dport = port
        self.sport = random.randrange(20000, 60000)
        self.isn = random.randrange(1 << 32) if isn is None else isn
        self.next = 0  # offset in our stream: what send() sends next
        self.ack = 0
        self.una = 0  # offset that the server has acknowledged
        self.received = b""
        self.closed = None  # "reset" or "fin"
        self.window = 65535

    def segment(self, flags, data=b"", offset=None, **odd):
        """Send one segment; @offset: of the data in our stream.

        odd: bad_checksum, urgent, ip_options, fragment, ttl, seq, window, ack
        """
        offset = self.next if offset is None else offset
        seq = odd.get("seq", (self.isn + 1 + offset) & 0xFFFFFFFF)
        if flags & SYN:
            seq = self.isn
        ack = odd.get("ack", self.ack) if flags & ACK else 0
        options = odd.get("options", b"")
        header = struct.pack("!HHIIBBHHH", self.sport, self.dport, seq, ack,
                             (20 + len(options)) // 4 << 4, flags,
                             odd.get("window", self.window), 0, odd.get("urgent", 0)) + options
        body = header + data
        pseudo = self.link.source + self.server + struct.pack("!BBH", 0, 6, len(body))
        check = checksum(pseudo + body)
        if odd.get("bad_checksum"):
            check ^= 0x5555
        body = body[:16] + struct.pack("!H", check) + body[18:]
        self.send_packet(body, odd)

    def send_packet(self, body, odd):
        """As one IP packet, or as fragments of odd["fragment"] bytes."""
        options = odd.get("ip_options", b"")
        step = odd.get("fragment", len(body))
        ident = random.randrange(65536)
        for at in range(0, len(body), step):
            part = body[at:at + step]
            more = 0x2000 if at + step < len(body) else 0
            ip = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                             20 + len(options) + len(part), ident, more | at // 8,
                             odd.get("ttl", 64), 6, 0, self.link.source, self.server) + options
            ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
            self.link.send_ip(ip + part)

    def send(self, data, **odd):
        """The next bytes of the stream."""
        self.segment(PSH | ACK, data, **odd)
        self.next += len(data)

    def again(self, data, offset, **odd):
        """Bytes at a place of the stream, as a repeat would come."""
        self.segment(PSH | ACK, data, offset, **odd)

    def take(self, packet):
        """One packet of the server; False = not of this connection."""
        header = (packet[0] & 15) * 4 if packet else 0
        if not header or packet[9] != 6 or packet[12:16] != self.server:
            return False
        length = struct.unpack("!H", packet[2:4])[0]
        tcp = packet[header:length]
        sport, dport, seq, ack, off, flags = struct.unpack("!HHIIBB", tcp[:14])
        if (sport, dport) != (self.dport, self.sport):
            return False
        data = tcp[(off >> 4) * 4:]
        if flags & RST:
            self.closed = "reset"
            return True
        if flags & SYN:
            self.ack = (seq + 1) & 0xFFFFFFFF
            return True
        if flags & ACK:
            self.una = max(self.una, (ack - self.isn - 1) & 0xFFFFFFFF)
        if seq != self.ack:
            return True
        self.received += data
        self.ack = (seq + len(data) + (flags & FIN)) & 0xFFFFFFFF
        if flags & FIN:
            self.closed = "fin"
        if data or flags & FIN:
            self.segment(ACK)
        return True

    def wait(self, until, deadline_s=DEADLINE_S):
        """Take packets until @until() holds; does it?"""
        end = time.monotonic() + deadline_s
        while not until():
            left = end - time.monotonic()
            if left <= 0:
                return False
            packet = self.link.receive(left)
            if packet:
                self.take(packet)
        return True

    def open(self, data=b"", options=b""):
        """Handshake; @data: on the SYN."""
        self.segment(SYN, data, options=options)
        if not self.wait(lambda: self.ack):
            return False
        self.segment(ACK)
        return True

    def responses(self, count, deadline_s=DEADLINE_S):
        """Wait for that many responses, or for the end."""
        self.wait(lambda: self.closed or self.received.count(b"HTTP/1.1 ") >= count, deadline_s)
        return self.received.count(b"HTTP/1.1 ")

    def settle(self, deadline_s=0.3):
        """Whatever still comes."""
        self.wait(lambda: False, deadline_s)

    def end(self):
        """Leave nothing open at the server."""
        self.segment(RST | ACK, seq=(self.isn + 1 + max(self.una, self.next)) & 0xFFFFFFFF)
