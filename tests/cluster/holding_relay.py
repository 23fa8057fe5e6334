#!/usr/bin/env python3
"""A relay on a free port of 127.0.0.1, which it prints, for tests of what waits for a peer that says nothing.

holding_relay.py PORT COUNT

The first COUNT connections reach 127.0.0.1:PORT. Of each later one it prints "held", and passes nothing."""
import asyncio
import sys


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main():
    port, left = int(sys.argv[1]), int(sys.argv[2])
    held = []

    async def serve(reader, writer):
        nonlocal left
        if left == 0:
            held.append(writer)
            print("held", flush=True)
            return
        left -= 1
        from_target, to_target = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, to_target), copy(from_target, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
