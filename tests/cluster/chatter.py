#!/usr/bin/env python3
"""The program of a service that logs its share of the lines a second that a file says; none while there is no file.

usage: chatter.py FILE INSTANCES"""
import json, os, sys, threading, time

PAUSE = 0.05


def answer():
    for line in sys.stdin:
        call = json.loads(line)
        if "id" in call:
            print(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": {}}), flush=True)
    os._exit(0)


def wanted(path):
    try:
        with open(path) as file:
            return int(file.read() or 0)
    except OSError:
        return None


threading.Thread(target=answer, daemon=True).start()
count, owed, next_time = 0, 0.0, time.monotonic()
while True:
    rate = wanted(sys.argv[1])
    owed = 0 if rate is None else owed + rate * PAUSE / int(sys.argv[2])
    lines = int(owed)
    owed -= lines
    sys.stderr.write("".join(f"request {os.getpid()}-{count + i} took 12 ms and was answered with 200\n" for i in range(lines)))
    sys.stderr.flush()
    count += lines
    next_time = max(next_time + PAUSE, time.monotonic() - PAUSE)
    time.sleep(max(0, next_time - time.monotonic()))
