#!/usr/bin/env python3
"""A page's end of /ws/dashboard (RFC 6455), for tests; it shares no line with ours.

page_socket.py --url wss://HOST:PORT/PATH [--ca FILE] [--origin O] [--cookie C] [--until RE] [--hold FILE] [--patience S]

Sends each line of standard input as a text message and prints each message that comes as a line; of a close it prints
"close CODE", of a refused handshake "status CODE". It ends then, and once a line matches --until; 1 when that took too
long. With --hold it reads nothing before that file exists."""
import argparse
import base64
import hashlib
import os
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time
from urllib.parse import urlsplit

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def connect(options):
    url = urlsplit(options.url)
    plain = socket.socket()
    if options.hold:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(options.patience)
    plain.connect((url.hostname, url.port))
    if url.scheme == "wss":
        context = ssl.create_default_context(cafile=options.ca)
        plain = context.wrap_socket(plain, server_hostname=url.hostname)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {url.path} HTTP/1.1", f"Host: {options.host or url.netloc}", "Upgrade: websocket",
             "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
    if options.origin:
        lines.append(f"Origin: {options.origin}")
    if options.cookie:
        lines.append(f"Cookie: {options.cookie}")
    plain.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return plain, key


# One thread reads, another one sends: OpenSSL takes one at a time, so the socket never blocks within a call.
one_at_a_time = threading.Lock()


def send_all(stream, data):
    while data:
        try:
            with one_at_a_time:
                data = data[stream.send(data):]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            select.select([stream], [stream], [], 0.05)


class Reader:
    def __init__(self, stream):
        self.stream = stream
        self.data = b""

    def more(self):
        while True:
            try:
                with one_at_a_time:
                    got = self.stream.recv(65536)
                break
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([self.stream], [], [])
        if not got:
            raise EOFError
        self.data += got

    def head(self):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        return head.decode()

    def take(self, count):
        while len(self.data) < count:
            self.more()
        out, self.data = self.data[:count], self.data[count:]
        return out

    def frame(self):
        first, second = self.take(2)
        size = second & 127
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        return bool(first & 128), first & 15, self.take(size)


def send(stream, opcode, payload):
    mask = os.urandom(4)
    size = len(payload)
    head = bytes([128 | opcode])
    if size < 126:
        head += bytes([128 | size])
    elif size < 65536:
        head += bytes([128 | 126]) + struct.pack(">H", size)
    else:
        head += bytes([128 | 127]) + struct.pack(">Q", size)
    send_all(stream, head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def messages(stream, reader):
    text = b""
    while True:
        final, opcode, payload = reader.frame()
        if opcode == 9:
            send(stream, 10, payload)
        elif opcode == 8:
            yield f"close {struct.unpack('>H', payload[:2])[0] if len(payload) >= 2 else 1005}"
            return
        elif opcode in (0, 1):
            text += payload
            if final:
                yield text.decode()
                text = b""


def main():
    parser = argparse.ArgumentParser()
    for name in ("url", "ca", "origin", "cookie", "until", "hold", "host"):
        parser.add_argument("--" + name)
    parser.add_argument("--patience", type=float, default=30)
    options = parser.parse_args()
    end = time.monotonic() + options.patience
    stream, key = connect(options)
    stream.setblocking(False)
    reader = Reader(stream)
    head = reader.head()
    status = head.split(" ", 2)[1]
    if status != "101":
        print("status", status, flush=True)
        return 0
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    if f"sec-websocket-accept: {accept}".lower() not in head.lower():
        sys.exit("the handshake's answer is wrong")

    def pass_on():
        for line in sys.stdin:
            try:
                send(stream, 1, line.rstrip("\n").encode())
            except OSError:
                return

    threading.Thread(target=pass_on, daemon=True).start()
    never = threading.Event()
    while options.hold and not os.path.exists(options.hold):
        if time.monotonic() > end:
            sys.exit("held for too long")
        never.wait(0.05)
    try:
        for line in messages(stream, reader):
            print(line, flush=True)
            if options.until and re.search(options.until, line):
                return 0
            if time.monotonic() > end:
                sys.exit("it did not come")
    except (EOFError, OSError):
        print("gone", flush=True)
    return 1 if options.until else 0


if __name__ == "__main__":
    sys.exit(main())
