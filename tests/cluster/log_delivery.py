"""Kills nodes at random while numbered lines are written, and judges what the log store has of them.

  log_delivery.py run FLEET SECONDS SEED NODE...   nodes run already, from FLEET/NODE.yaml (fixed ports), their process
                                                   ids are in FLEET/run; each follows FLEET/sources/NODE/app.log
  log_delivery.py check WRITTEN STORED             WRITTEN: JSON {"NODE": lines written}; STORED: records, a JSON a line

Every source writes `NODE NUMBER …`, numbers from 1. Lost is what the store does not have, repeated what it has twice,
and out of order what stands behind a later line of its source; all three must be 0. A tail that follows through all
kills must have shown exactly what the store has, in its order.
"""

import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

LINES_A_ROTATION = 20_000
LINES_A_SECOND = 2_000
SETTLING_SECONDS = 120


class Source(threading.Thread):
    """Writes lines, and renames its file now and then as logrotate does."""

    def __init__(self, folder, node):
        super().__init__()
        self.folder = folder
        self.node = node
        self.written = 0
        self.ended = threading.Event()

    def run(self):
        path = self.folder / "app.log"
        out = open(path, "a")
        rotations = 0
        while not self.ended.wait(0.01):
            lines = []
            for _ in range(LINES_A_SECOND // 100):
                self.written += 1
                lines.append(f"{self.node} {self.written} {'x' * (self.written % 150)}\n")
            text = "".join(lines)
            # Programs write through buffers: a line may arrive in two pieces.
            cut = random.randrange(len(text))
            for piece in (text[:cut], text[cut:]):
                out.write(piece)
                out.flush()
            if self.written // LINES_A_ROTATION > rotations:
                rotations += 1
                out.close()
                path.rename(self.folder / f"app.log.{rotations}")
                out = open(path, "a")
        out.close()


class Nodes:
    def __init__(self, fleet, names):
        self.fleet = fleet
        self.names = names
        self.started = {}

    def kill(self, names):
        for name in names:
            pid = int((self.fleet / "run" / f"{name}.pid").read_text())
            os.kill(pid, signal.SIGKILL)
        for name in names:
            if name in self.started:
                self.started[name].wait(timeout=30)

    def start(self, name):
        log = open(self.fleet / f"{name}.log", "a")
        node = subprocess.Popen(
            ["p2p-node", "--config", str(self.fleet / f"{name}.yaml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self.started[name] = node
        (self.fleet / "run" / f"{name}.pid").write_text(str(node.pid))

    def ended_by_themselves(self):
        return [name for name, node in self.started.items() if node.poll() is not None]


def victims(names, choice):
    coordinator, *workers = names
    kinds = {
        "a worker": [choice.choice(workers)],
        "the coordinator": [coordinator],
        "both": [coordinator, choice.choice(workers)],
        "all": list(names),
    }
    kind = choice.choice(list(kinds))
    return kind, kinds[kind]


def numbered(lines, complain):
    """The (node, number) of each record, in the order of the store."""
    out = []
    for line in lines:
        record = json.loads(line)
        if not record["logger_name"].startswith("File."):
            continue
        parts = record["message"].split(" ")
        if len(parts) < 2 or not parts[1].isdigit():
            complain(f"a line that nobody wrote: {record['message'][:80]!r}")
            continue
        if parts[0] != record["node_id"]:
            complain(f"{record['node_id']} has a line of {parts[0]}")
        if len(parts) < 3 or len(parts[2]) != int(parts[1]) % 150:
            complain(f"a line that is not whole: {record['message'][:80]!r}")
        out.append((parts[0], int(parts[1])))
    return out


def judge(written, stored):
    complaints = []
    seen = collections.defaultdict(collections.Counter)
    highest = collections.defaultdict(int)
    disordered = 0
    for node, number in numbered(stored, complaints.append):
        seen[node][number] += 1
        disordered += seen[node][number] == 1 and number < highest[node]
        highest[node] = max(highest[node], number)
    lost = {node: [n for n in range(1, count + 1) if n not in seen[node]] for node, count in written.items()}
    repeated = sum(times - 1 for counts in seen.values() for times in counts.values())
    foreign = sum(1 for node, counts in seen.items() for n in counts if n > written.get(node, 0))
    for node, numbers in lost.items():
        if numbers:
            complaints.append(f"{node}: lost {len(numbers)}, the first {numbers[:5]}")
    print(
        f"written {sum(written.values())}, lost {sum(map(len, lost.values()))}, repeated {repeated}, "
        f"out of order {disordered}, never written {foreign}"
    )
    for complaint in complaints[:20]:
        print(complaint)
    return not complaints and repeated == disordered == foreign == 0


def query(seconds):
    return subprocess.run(
        ["p2p-logs", "query", "--limit", "0", "--logger", "File.*", "-o", "json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=SETTLING_SECONDS + seconds, check=False,
    )


def stored_lines():
    answer = subprocess.run(
        ["p2p-logs", "stats", "--logger", "File.*", "-o", "json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60, check=False,
    )
    return json.loads(answer.stdout)["records"] if answer.returncode == 0 else 0


def run(fleet, seconds, seed, names):
    choice = random.Random(seed)
    nodes = Nodes(fleet, names)
    shown = open(fleet / "tail.jsonl", "w+")
    tail = subprocess.Popen(
        # It may be there only after the first lines: it begins with those.
        ["p2p-logs", "tail", "-n", "10000", "--logger", "File.*", "-o", "json"],
        stdin=subprocess.DEVNULL, stdout=shown, stderr=open(fleet / "tail.err", "w"),
    )
    sources = [Source(fleet / "sources" / name, name) for name in names]
    kills = collections.Counter()
    try:
        for source in sources:
            source.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(choice.uniform(0.1, 3))
            kind, killed = victims(names, choice)
            kills[kind] += 1
            nodes.kill(killed)
            time.sleep(choice.choice([0, 0, choice.uniform(0, 1.5)]))
            for name in killed:
                nodes.start(name)
        for source in sources:
            source.ended.set()
            source.join()
        written = {source.node: source.written for source in sources}
        (fleet / "written.json").write_text(json.dumps(written))
        print("killed: " + ", ".join(f"{kind} {count} times" for kind, count in sorted(kills.items())))
        deadline = time.monotonic() + SETTLING_SECONDS
        while stored_lines() < sum(written.values()) and time.monotonic() < deadline:
            time.sleep(0.2)
        stored = query(seconds)
        (fleet / "stored.jsonl").write_text(stored.stdout)
        fine = stored.returncode == 0 and judge(written, stored.stdout.splitlines())
        dead = nodes.ended_by_themselves()
        if dead:
            print(f"ended by themselves: {', '.join(dead)}")
        return fine and not dead and same_as_tail(tail, shown, stored.stdout, time.monotonic() + SETTLING_SECONDS)
    finally:
        for source in sources:
            source.ended.set()
        tail.kill()
        tail.wait()


def same_as_tail(tail, shown, stored, deadline):
    while True:
        shown.seek(0)
        text = shown.read()
        if text == stored or time.monotonic() > deadline or tail.poll() is not None:
            break
        time.sleep(0.2)
    if text == stored:
        print(f"the tail showed the same {text.count(chr(10))} records in the same order")
        return True
    print(f"the tail showed {text.count(chr(10))} records, the store has {stored.count(chr(10))}")
    for number, (left, right) in enumerate(zip(text.splitlines(), stored.splitlines())):
        if left != right:
            print(f"the first difference is in line {number + 1}:\n  tail  {left[:200]}\n  store {right[:200]}")
            break
    return False


def main(arguments):
    if arguments[0] == "check":
        written = json.loads(pathlib.Path(arguments[1]).read_text())
        return 0 if judge(written, pathlib.Path(arguments[2]).read_text().splitlines()) else 1
    _, fleet, seconds, seed, *names = arguments
    print(f"seed {seed}")
    return 0 if run(pathlib.Path(fleet), float(seconds), int(seed), names) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
