"""Re-encoding for remote services: what an hour costs, and what a bit rate costs in words.

kotib-worker is driven over its socket as kotibd drives it: the recording and a sealed buffer in memory go in, a
size comes out. The words are those of the local engine, of the original and of what was made of it.
"""

import fcntl
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine import RECORDINGS, THREADS
from programs import BIN, MODEL, SAMPLES, VAD_MODEL, machine

BIT_RATES = [24_000, 16_000, 12_000, 8_000, 6_000]
ROOM = (25 << 20) - 4096


class Worker:
    """One kotib-worker, and what it has cost."""

    def __init__(self, *arguments: str | Path) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, "OMP_NUM_THREADS": THREADS, "OMP_WAIT_POLICY": "passive"}
        self.process = subprocess.Popen([BIN / "kotib-worker", *arguments], stdin=theirs, env=environment)
        theirs.close()
        self.number = 0
        self.reply(lambda _: None)

    def reply(self, hear: Callable[[dict], None]) -> dict:
        while True:
            reply = json.loads(self.socket.recv(1 << 18))
            if not {"progress", "segment"} & reply.keys():
                return reply
            hear(reply)

    def ask(self, name: str, request: dict, files: list[int], hear: Callable[[dict], None] = lambda _: None) -> dict:
        self.number += 1
        message = {name: {"_0": {"request": self.number, "longestDuration": 43_200, **request}}}
        socket.send_fds(self.socket, [json.dumps(message).encode()], files)
        return self.reply(hear)

    def encode(self, path: Path, codec: str, bit_rate: int, room: int = ROOM) -> tuple[int | None, bytes, float]:
        """Size (none where it does not fit), bytes, and seconds of sound."""
        buffer = os.memfd_create("bench", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.truncate(buffer, room)
        fcntl.fcntl(buffer, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        request = {"container": "wav", "codec": codec, "bitRate": bit_rate, "capacity": room}
        with path.open("rb") as file:
            reply = self.ask("encode", request, [file.fileno(), buffer])
        try:
            if "outgrown" in reply:
                return None, b"", reply["outgrown"]["duration"]
            summary = reply["encoded"]["summary"]
            return summary["size"], os.pread(buffer, summary["size"], 0), summary["duration"]
        finally:
            os.close(buffer)

    def words(self, path: Path, container: str) -> list[str]:
        heard: list[str] = []
        with path.open("rb") as file:
            request = {"container": container, "language": "en"}
            self.ask(
                "transcribe", request, [file.fileno()],
                lambda reply: heard.append(reply["segment"]["segment"]["text"]) if "segment" in reply else None,
            )
        text = "".join(letter if letter.isalnum() or letter == "'" else " " for letter in " ".join(heard).lower())
        return text.split()

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, field: str) -> float:
        """MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(field + ":")).split()[1]) / 1024

    def end(self) -> None:
        self.socket.close()
        self.process.wait()


def errors(heard: list[str], reference: list[str]) -> int:
    """Words to insert, delete or replace."""
    row = list(range(len(reference) + 1))
    for number, word in enumerate(heard):
        diagonal, row[0] = row[0], number + 1
        for place, other in enumerate(reference):
            replaced = diagonal + (word != other)
            diagonal = row[place + 1]
            row[place + 1] = min(replaced, row[place] + 1, diagonal + 1)
    return row[-1]


def hour(folder: Path) -> Path:
    """The sample speech over and over, at 48 kHz in stereo, as a recorder leaves it."""
    listing = folder / "list.txt"
    for name in RECORDINGS:
        subprocess.run(
            ["ffmpeg", "-v", "error", "-i", SAMPLES / f"{name}.wav", "-ar", "48000", "-ac", "2", folder / f"{name}.wav"],
            check=True,
        )
    listing.write_text("".join(f"file '{folder / name}.wav'\n" for name in RECORDINGS * 50))
    path = folder / "hour.wav"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", listing, "-t", "3600", path], check=True
    )
    return path


def cost(folder: Path) -> None:
    path = hour(folder)
    print(f"  an hour of speech, WAV, 48 kHz, stereo, {path.stat().st_size >> 20} MiB")
    worker = Worker("inspect")
    print(f"    worker at rest: {worker.memory('RssAnon'):.1f} MiB of its own, {worker.memory('VmRSS'):.1f} MiB in all")
    for codec, bit_rate in [("opus", rate) for rate in BIT_RATES] + [("flac", 0)]:
        start, cpu = time.perf_counter(), worker.cpu()
        size, _, duration = worker.encode(path, codec, bit_rate, 128 << 20)
        print(
            f"    {codec:4} {bit_rate // 1000:2} kbit/s   {time.perf_counter() - start:6.1f} s wall   "
            f"{worker.cpu() - cpu:6.1f} s CPU   {(size or 0) / (1 << 20):6.2f} MiB   {duration:.3f} s"
        )
    print(f"    peak {worker.memory('VmHWM'):.1f} MiB, the buffer included")
    worker.end()


def words(folder: Path) -> None:
    print(f"  words, {MODEL.name}: errors against those of the original")
    encoder = Worker("inspect")
    engine = Worker("transcribe", "--model", MODEL, "--vad-model", VAD_MODEL, "--threads", THREADS)
    originals = {name: engine.words(SAMPLES / f"{name}.wav", "wav") for name in RECORDINGS}
    for bit_rate in BIT_RATES:
        wrong = {}
        for name in RECORDINGS:
            made = folder / f"{name}-{bit_rate}.ogg"
            made.write_bytes(encoder.encode(SAMPLES / f"{name}.wav", "opus", bit_rate)[1])
            wrong[name] = errors(engine.words(made, "ogg"), originals[name])
        total = sum(map(len, originals.values()))
        parts = ", ".join(f"{name} {count} of {len(originals[name])}" for name, count in wrong.items())
        print(f"    {bit_rate // 1000:2} kbit/s   {100 * sum(wrong.values()) / total:5.1f} %   {parts}")
    encoder.end()
    engine.end()


def main() -> None:
    print(f"Re-encoding, {machine()}")
    with tempfile.TemporaryDirectory() as folder:
        cost(Path(folder))
        words(Path(folder))


if __name__ == "__main__":
    main()
