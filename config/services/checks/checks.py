"""checks.tcp, checks.ports and checks.everywhere: a service of protocol stdio, see p2p-service(5)."""

import json
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

CONNECT_SECONDS = 10
writing = threading.Lock()
cancelled = set()  # ids of calls that nobody waits for any more


def send(**message):
    with writing:
        # One line a message. Everything else that a program prints becomes a line of the log.
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def progress(request_id, value):
    """For a caller that wants to see how far it is; without one, the node drops it."""
    send(method="$/progress", params={"id": request_id, "value": value})


def call_through_node(method, params, **routing):
    """Calls another service: one line with the request, one with the answer."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params, **routing}
    with socket.socket(socket.AF_UNIX) as node:
        node.connect(os.environ["P2P_NODE_SOCKET"])
        node.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(node.makefile().readline())


def tcp(params, _):
    begun = time.monotonic()
    try:
        socket.create_connection((params["host"], params["port"]), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        return {"open": False, "error": str(error)}
    return {"open": True, "ms": round((time.monotonic() - begun) * 1000, 1)}


def ports(params, request_id):
    found = []
    for number, port in enumerate(params["ports"], start=1):
        if request_id in cancelled:
            raise RuntimeError("cancelled")
        is_open = tcp({"host": params["host"], "port": port}, request_id)["open"]
        if is_open:
            found.append(port)
        progress(request_id, {"port": port, "open": is_open, "done": number, "of": len(params["ports"])})
    return found


def everywhere(params, _):
    reply = call_through_node("checks.tcp", params, target="all", timeout_ms=20000)
    if "error" in reply:
        raise RuntimeError(reply["error"]["message"])
    # Nodes without this service answer with an error of their own.
    return [{"node": one["node"], **one["result"]} for one in reply["result"] if "result" in one]


METHODS = {"tcp": tcp, "ports": ports, "everywhere": everywhere}


def run(request):
    try:
        result = METHODS[request["method"]](request.get("params", {}), request["id"])
    except Exception as error:  # whatever it was, the caller must hear of it
        send(id=request["id"], error={"code": 1, "message": str(error)})
    else:
        send(id=request["id"], result=result)
    finally:
        cancelled.discard(request["id"])


def main():
    with ThreadPoolExecutor(max_workers=36) as pool:
        # The end of the input means that the service is to end.
        for line in sys.stdin:
            request = json.loads(line)
            if request["method"] in METHODS:
                pool.submit(run, request)
            elif request["method"] == "$/cancel":
                cancelled.add(request["params"]["id"])
            elif "id" in request:  # initialize and $/ping
                send(id=request["id"], result={})


main()
