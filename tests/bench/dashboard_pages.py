#!/usr/bin/env python3
"""So many open dashboards that read all they get, for dashboard_bench.sh; prints the bytes and messages of each second.

dashboard_pages.py HOST:PORT CA COOKIE SECRET PAGES SECONDS"""
import base64
import json
import os
import selectors
import socket
import ssl
import struct
import sys
import time

AT_ONCE = 8  # records of TLS that are read of a page before the next one has its turn
SETTLE = 3  # the first update of each has everything


def frame(text):
    payload = text.encode()
    head = bytes([129, 128 | len(payload)]) if len(payload) < 126 else bytes([129, 254]) + struct.pack(">H", len(payload))
    return head + bytes(4) + payload  # a mask of zeros


def open_page(host, port, context, cookie, secret):
    stream = context.wrap_socket(socket.create_connection((host, port), 20), server_hostname=host)
    key = base64.b64encode(os.urandom(16)).decode()
    stream.sendall((f"GET /ws/dashboard HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: https://{host}:{port}\r\n"
                    f"Cookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    f"Sec-WebSocket-Key: {key}\r\n\r\n").encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += stream.recv(1)
    if b" 101 " not in answer.splitlines()[0]:
        sys.exit("no page was opened: " + answer.decode())
    stream.sendall(frame(json.dumps({"type": "hello", "secret": secret})))
    stream.sendall(frame(json.dumps({"type": "logs", "id": 1, "filter": {}, "last": 0})))
    stream.setblocking(False)
    return stream


def main():
    address, ca, cookie, secret, pages, seconds = sys.argv[1:]
    host, port = address.split(":")
    context = ssl.create_default_context(cafile=ca)
    selector = selectors.DefaultSelector()
    streams = [open_page(host, int(port), context, cookie, secret) for _ in range(int(pages))]
    for stream in streams:
        selector.register(stream, selectors.EVENT_READ)
    print("open", flush=True)
    begin = time.monotonic()
    last_ping = begin
    settled = False
    total = records = gaps = 0
    while time.monotonic() - begin < float(seconds):
        for key, _ in selector.select(0.2):
            try:
                # No page holds up the others, however much comes for it.
                for _ in range(AT_ONCE):
                    data = key.fileobj.recv(1 << 18)
                    if not data:
                        sys.exit("the coordinator has closed a page")
                    total += len(data)
                    records += data.count(b'"logger_name":"Service.')
                    gaps += data.count(b'"type":"gap"')
            except ssl.SSLWantReadError:
                pass
        if not settled and time.monotonic() - begin > SETTLE:
            settled, begin, total, records, gaps = True, time.monotonic(), 0, 0, 0
        if time.monotonic() - last_ping > 4:
            last_ping = time.monotonic()
            for stream in streams:
                stream.send(frame("ping"))
    took = time.monotonic() - begin
    print(json.dumps({"pages": len(streams), "seconds": round(took, 1), "bytes_per_second": round(total / took),
                      "records_per_page_and_second": round(records / took / max(len(streams), 1), 1), "gaps": gaps}))


main()
