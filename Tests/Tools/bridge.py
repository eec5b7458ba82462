"""Lets programs that speak TCP alone reach a Unix socket: bridge.py SOCKET

Listens on a free port of 127.0.0.1, which it prints, until it is ended.
"""

import asyncio
import contextlib
import sys


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until the end of either side; the other one then sees an end too."""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    with contextlib.suppress(ConnectionError, OSError):
        writer.write_eof()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer):
        inner_reader, inner_writer = await asyncio.open_unix_connection(sys.argv[1])
        with contextlib.closing(inner_writer):
            await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
