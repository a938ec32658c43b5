#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""watch_dir.py DIRECTORY SUFFIX - print what happens to files of that suffix, end at a rename to one.

Prints "watching" first, then "created NAME", "written NAME" or "moved-to NAME" per event.
"""
import ctypes
import os
import select
import struct
import sys

EVENTS = {0x2: "written", 0x80: "moved-to", 0x100: "created"}
libc = ctypes.CDLL(None, use_errno=True)


def main():
    directory, suffix = sys.argv[1:]
    fd = libc.inotify_init()
    if fd < 0 or libc.inotify_add_watch(fd, directory.encode(), sum(EVENTS)) < 0:
        sys.exit("inotify: " + os.strerror(ctypes.get_errno()))
    print("watching", flush=True)
    while select.select([fd], [], [], 20)[0]:
        data = os.read(fd, 65536)
        while data:
            _, mask, _, length = struct.unpack_from("iIII", data)
            name = data[16:16 + length].rstrip(b"\0").decode()
            data = data[16 + length:]
            if name.endswith(suffix) and not name.startswith("."):
                print(EVENTS.get(mask, hex(mask)), name, flush=True)
                if mask == 0x80:
                    return
    sys.exit("nothing was renamed to *" + suffix)


if __name__ == "__main__":
    main()
