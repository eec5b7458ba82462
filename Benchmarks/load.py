"""Requests of a closed loop on a Unix socket, driven by load.c."""

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Figures:
    """What a run of load.c measured; p50 and p99 in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    refused: int
    bytes: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class Connection(http.client.HTTPConnection):
    """For the few requests that are not measured."""

    def __init__(self, path: Path) -> None:
        super().__init__("kotib")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


class Client:
    def __init__(self, program: Path) -> None:
        self.program = program

    def drive(self, path: Path, requests: list[bytes], connections: int, seconds: float) -> Figures:
        """- seconds: 0 sends each request once."""
        return Figures(**json.loads(
            subprocess.run(
                [self.program, path, str(connections), str(seconds)],
                input=b"".join(b"%d\n%b" % (len(request), request) for request in requests),
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        ))


@contextmanager
def client() -> Iterator[Client]:
    folder = Path(tempfile.mkdtemp(prefix="kotib-load-"))
    try:
        source = Path(__file__).with_name("load.c")
        subprocess.run(["cc", "-O2", "-o", folder / "load", source], check=True)
        yield Client(folder / "load")
    finally:
        shutil.rmtree(folder)


def request(method: str, path: str, token: str | None = None, body: object = None) -> bytes:
    """A whole request as it goes over the socket."""
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: kotib", "Accept: application/json"]
    if token:
        head.append(f"Authorization: Bearer {token}")
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", ""]).encode() + content


def ask(path: Path, method: str, url: str, body: object = None) -> dict:
    """One request, whose answer counts."""
    connection = Connection(path)
    try:
        connection.request(method, url, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {url}: {answer.status} {content.decode()}")
        return json.loads(content)
    finally:
        connection.close()
