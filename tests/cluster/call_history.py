"""Calls under load while a node is killed, and what became of them, by the callers' and the services' own records.

  call_history.py load   HOST:PORT HOME FOLDER VICTIM_PID   calls, kills, and writes FOLDER/calls.jsonl
  call_history.py check  FOLDER                             compares it with FOLDER/executions

Each call has an id of its own. The service appends a line "ID METHOD NODE" to FOLDER/executions when it begins one; a call
with hold=true never ends on the victim. The victim is killed once it holds calls of both methods.
"""

import collections
import http.client
import itertools
import json
import os
import signal
import ssl
import sys
import threading
import time

CALLERS = 8
CALLS_BEFORE_KILL = 200
CALLS_AFTER_KILL = 300
HOLDERS = 3
DEADLINE_MS = 10_000
# Timed out (the outcome is unknown); no such target, unreachable (it did not run).
OUTCOME_UNKNOWN, NO_SUCH_TARGET, UNREACHABLE = -32002, -32001, -32006
DID_NOT_RUN = (NO_SUCH_TARGET, UNREACHABLE)


class Load:
    def __init__(self, address, home, folder, victim):
        self.host, self.port = address.rsplit(":", 1)
        self.folder = folder
        self.victim = victim
        self.tls = ssl.create_default_context(cafile=f"{home}/certs/ca_cert.pem")
        self.tls.load_cert_chain(f"{home}/certs/operator_cert.pem", f"{home}/certs/operator_key.pem")
        self.tls.set_alpn_protocols(["p2p/1"])
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.calls = []
        self.ended = 0
        self.ended_at_kill = None
        self.numbers = itertools.count(1)

    def connect(self):
        return http.client.HTTPSConnection(self.host, int(self.port), timeout=DEADLINE_MS / 1000 + 5, context=self.tls)

    def call(self, connection, method, hold=False, target="service:ledger"):
        with self.lock:
            record = {"id": f"call-{next(self.numbers)}", "method": method, "hold": hold}
            self.calls.append(record)  # before it is sent: one that is never answered is in the history
        body = {"jsonrpc": "2.0", "id": record["id"], "method": f"ledger.{method}", "params": {"id": record["id"], "hold": hold}}
        headers = {"Content-Type": "application/json", "P2P-Target": target, "P2P-Timeout-Ms": str(DEADLINE_MS)}
        begun = time.monotonic()
        connection.request("POST", "/rpc", json.dumps(body), headers)
        answer = json.loads(connection.getresponse().read())
        record["ms"] = round((time.monotonic() - begun) * 1000)
        record["answer"] = answer
        with self.changed:
            self.ended += 1
            self.changed.notify_all()

    def caller(self):
        connection = self.connect()
        while self.ended_at_kill is None or self.ended < self.ended_at_kill + CALLS_AFTER_KILL:
            for method in ("once", "again"):
                self.call(connection, method)

    def held_once(self):
        self.call(self.connect(), "once", hold=True, target="node:worker-1")

    def held_again(self):
        """Until one goes to the victim, and stays there."""
        connection = self.connect()
        while self.ended_at_kill is None:
            self.call(connection, "again", hold=True)

    def victim_holds(self, method):
        """The victim has begun a call of this method that it never ends."""
        with self.lock:
            held = {record["id"] for record in self.calls if record["hold"] and record["method"] == method}
        with open(f"{self.folder}/executions") as lines:
            return any(line.split() == [one, method, "worker-1"] for line in lines for one in held)

    def run(self):
        threads = [threading.Thread(target=self.caller) for _ in range(CALLERS)]
        threads += [threading.Thread(target=self.held_once)]
        threads += [threading.Thread(target=self.held_again) for _ in range(HOLDERS)]
        for thread in threads:
            thread.start()
        with self.changed:
            self.changed.wait_for(lambda: self.ended >= CALLS_BEFORE_KILL, timeout=60)
        deadline = time.monotonic() + 60
        while not (self.victim_holds("once") and self.victim_holds("again")):
            assert time.monotonic() < deadline, "the victim never had calls of both methods under way"
        os.kill(self.victim, signal.SIGKILL)
        with self.lock:
            self.ended_at_kill = self.ended
        for thread in threads:
            thread.join(timeout=120)
        with open(f"{self.folder}/calls.jsonl", "w") as out:
            out.writelines(json.dumps(record) + "\n" for record in self.calls)


def check(folder):
    executions = collections.defaultdict(list)
    with open(f"{folder}/executions") as lines:
        for line in lines:
            call_id, _, node = line.split()
            executions[call_id].append(node)
    with open(f"{folder}/calls.jsonl") as lines:
        calls = [json.loads(line) for line in lines]
    flaws = []
    codes = collections.Counter()
    ran_again = 0
    for call in calls:
        runs = executions.pop(call["id"], [])

        def flaw(what):
            flaws.append(f"{what}: {call}, ran on {runs}")

        answer = call.get("answer")
        if answer is None:
            flaw("never answered")
            continue
        if answer["id"] != call["id"]:
            flaw("the answer to another call")
        if call["ms"] > DEADLINE_MS:
            flaw("answered after its deadline")
        code = answer["error"]["code"] if "error" in answer else None
        codes[call["method"], code] += 1
        if code is None and (answer["result"] != call["id"] or not runs):
            flaw("done, they say")
        if code is not None and code != OUTCOME_UNKNOWN and code not in DID_NOT_RUN:
            flaw("an error that is not of its kind")
        if code in DID_NOT_RUN and runs:
            flaw("it did not run, they say")
        if call["method"] == "again" and code is not None:
            flaw("idempotent, and failed")
        if call["method"] == "once" and len(runs) > 1:
            flaw("ran more than once")
        ran_again += call["method"] == "again" and len(set(runs)) > 1
    flaws += [f"ran, and nobody called it: {call_id}" for call_id in executions]
    print(f"{len(calls)} calls:", dict(codes), f"{ran_again} ran again elsewhere")
    # The kill has hit calls of both kinds, or all of this shows nothing.
    if codes["once", OUTCOME_UNKNOWN] == 0:
        flaws.append("no call that is not idempotent was cut off")
    if ran_again == 0:
        flaws.append("no idempotent call was cut off")
    for line in flaws:
        print(line)
    return 1 if flaws else 0


if sys.argv[1] == "load":
    Load(*sys.argv[2:5], int(sys.argv[5])).run()
else:
    sys.exit(check(sys.argv[2]))
