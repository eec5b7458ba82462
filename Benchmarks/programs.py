"""Starts what is measured, awaits that it is ready, and reads what it costs from /proc."""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPS = Path(os.environ.get("DEPS", ROOT / ".deps")).resolve()
BIN = Path(os.environ.get("KOTIB_BIN", ROOT / ".build" / "release")).resolve()
MODEL = DEPS / "models" / "ggml-base-q8_0.bin"
VAD_MODEL = DEPS / "models" / "ggml-silero-v6.2.0.bin"
SAMPLES = DEPS / "samples"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Program:
    """A running program with an inbox and a database of its own."""

    name: str
    process: subprocess.Popen
    folder: Path
    inbox: Path
    database: Path
    settle: float = 0.0
    log: Path | None = None
    connection: sqlite3.Connection | None = field(default=None, repr=False)

    def rows(self, condition: str = "1") -> int:
        """How many committed rows there are."""
        return self.ask(f"SELECT count(*) FROM audio_records WHERE {condition}")

    def ask(self, question: str) -> int:
        if self.connection is None:
            self.connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)
        return self.connection.execute(question).fetchone()[0]

    def await_rows(self, count: int, condition: str = "1", seconds: float = 3600) -> None:
        """Counts only after another connection has committed (PRAGMA data_version): asking that costs little.

        Counting many rows costs more, and would be taken from what is measured: the more of them are missing, the
        longer until the next count."""
        seen, pause = None, 0.0002
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            now = self.ask("PRAGMA data_version")
            if now != seen:
                seen, missing = now, count - self.rows(condition)
                if missing <= 0:
                    return
                pause = min(0.5, max(0.0002, missing / 20_000))
            time.sleep(pause)
        raise TimeoutError(f"{self.name}: {self.rows(condition)} of {count} rows after {seconds} s")

    def processes(self) -> list[int]:
        """The program's process and those below it."""
        found = [self.process.pid]
        for parent in found:
            with contextlib.suppress(FileNotFoundError):
                for task in Path(f"/proc/{parent}/task").iterdir():
                    found += [int(child) for child in (task / "children").read_text().split()]
        return found

    def cpu(self, with_children: bool = True) -> float:
        """Seconds of processor time so far."""
        total = 0
        for pid in self.processes() if with_children else [self.process.pid]:
            with contextlib.suppress(FileNotFoundError):
                parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += int(parts[11]) + int(parts[12])
                if with_children:
                    total += int(parts[13]) + int(parts[14])
        return total / TICKS

    def memory(self, key: str = "VmRSS") -> float:
        """MiB, of the program's own process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
        raise KeyError(key)


@contextlib.contextmanager
def kotibd(
    settle: float = 0.05,
    engine: str = "none",
    inbox: Path | None = None,
    folder: Path | None = None,
    sections: str = "",
    **settings: str,
) -> Iterator[Program]:
    """The release build. engine="none" is a remote engine that nobody answers for: rows stay pending.

    `folder` is what an earlier one left, and is left again. `sections` is more of the configuration, `settings`
    are those of [queue]."""
    is_kept = folder is not None
    folder = folder or Path(tempfile.mkdtemp(prefix="kotib-bench-"))
    inbox = inbox or folder / "inbox"
    state = folder / "state"
    inbox.mkdir(exist_ok=True)
    state.mkdir(exist_ok=True)
    lines = [f"[watch]\nsettle = {settle}", "[queue]"]
    lines.append('engine = "local"' if engine == "local" else 'engine = "openai"')
    lines += [f"{key} = {value}" for key, value in settings.items()]
    if engine == "none":
        lines.append('[openai]\nbase_url = "http://127.0.0.1:9"')
    (folder / "kotib.toml").write_text("\n".join(lines) + "\n" + sections)
    (folder / "notify").unlink(missing_ok=True)
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(str(folder / "notify"))
    environment = {
        "PATH": os.environ["PATH"],
        "NOTIFY_SOCKET": str(folder / "notify"),
        "KOTIB_INBOX": str(inbox),
        "KOTIB_STATE": str(state),
        "KOTIB_MODEL": str(MODEL),
        "KOTIB_VAD_MODEL": str(VAD_MODEL),
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BIN / "kotibd", "--config", folder / "kotib.toml"], env=environment, stderr=output
        )
    try:
        ready.settimeout(60)
        while b"READY=1" not in ready.recv(4096):
            pass
        ready.setblocking(False)
        yield Program("kotibd", process, folder, inbox, state / "kotib.sqlite", settle, log)
    finally:
        stop(process)
        ready.close()
        if not is_kept:
            shutil.rmtree(folder)


@contextlib.contextmanager
def peer(name: str, command: list[str], threads: int) -> Iterator[Program]:
    """A peer script, given an inbox and a database; ready when it watches (its inotify watches stand)."""
    folder = Path(tempfile.mkdtemp(prefix="kotib-peer-"))
    inbox = folder / "inbox"
    for user in range(threads):
        (inbox / f"user{user}").mkdir(parents=True)
    database = folder / "peer.sqlite"
    process = subprocess.Popen([*command, str(inbox), str(database)], start_new_session=True)
    program = Program(name, process, folder, inbox, database)
    try:
        deadline = time.monotonic() + 60
        while not (database.exists() and watches(program)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} does not watch")
            time.sleep(0.05)
        yield program
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder)


@contextlib.contextmanager
def seed_service(folder: Path, processes: int) -> Iterator[Path]:
    """The peer of the control socket, peers/seed_service.py, with its database in `folder`; gives its socket."""
    path = folder / "peer.sock"
    environment = {
        "PATH": os.environ["PATH"],
        "SEED_DATABASE": str(folder / "peer.sqlite"),
        "SEED_FOLDER": str(folder),
    }
    command = [Path(sys.executable).with_name("uvicorn"), "seed_service:app", "--uds", path]
    command += ["--app-dir", ROOT / "Benchmarks" / "peers", "--no-access-log", "--log-level", "warning"]
    command += ["--workers", str(processes)]
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not (path.exists() and answers(path)):
            if time.monotonic() > deadline or process.poll() is not None:
                raise TimeoutError("the peer does not answer")
            time.sleep(0.05)
        yield path
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        path.unlink(missing_ok=True)


def answers(path: Path) -> bool:
    """Whether somebody serves HTTP on the socket."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: peer\r\nConnection: close\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


def watches(program: Program) -> int:
    """How many inotify watches the program and its children hold (proc(5), fdinfo)."""
    count = 0
    for pid in program.processes():
        with contextlib.suppress(FileNotFoundError, PermissionError):
            for info in Path(f"/proc/{pid}/fdinfo").iterdir():
                with contextlib.suppress(FileNotFoundError):
                    count += info.read_text().count("inotify wd:")
    return count


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def machine() -> str:
    """The machine in a line, for the record."""
    cpu = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return f"{cpu}, {os.cpu_count()} cores, Linux {os.uname().release}"
