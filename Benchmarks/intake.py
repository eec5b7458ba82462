"""From a closed file to a committed row: Kotib beside a shell pipeline and a Python script doing the same work.

All give media type, size and SHA-256 to a row of SQLite (WAL, synchronous=FULL), the shell without the duration.
Settling is left out of Kotib's times; the peers have none.
"""

import os
import random
import statistics
import struct
import sys
import time
from pathlib import Path

from programs import ROOT, Program, kotibd, machine, peer

USERS = 3


def tone(number: int) -> bytes:
    """A tenth of a second of noise as WAV, different for each number."""
    samples = random.Random(number).randbytes(3200)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16,
        b"data", len(samples),
    ) + samples


def drop(program: Program, number: int) -> None:
    folder = program.inbox / f"user{number % USERS}"
    with open(folder / f"{number}.wav", "wb") as file:
        file.write(tone(number))


def latency(program: Program, count: int) -> list[float]:
    times = []
    for number in range(count):
        drop(program, number)
        closed = time.perf_counter()
        program.await_rows(number + 1, seconds=60)
        times.append(time.perf_counter() - closed - program.settle)
    return times


def throughput(program: Program, first: int, count: int) -> float:
    before = program.rows()
    start = time.perf_counter()
    for number in range(first, first + count):
        drop(program, number)
    program.await_rows(before + count)
    return count / (time.perf_counter() - start)


def measure(program: Program, singles: int, many: int) -> tuple[float, float, float]:
    for user in range(USERS):
        (program.inbox / f"user{user}").mkdir(exist_ok=True)
    times = sorted(latency(program, singles))
    rate = throughput(program, singles, many)
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return statistics.median(times) * 1000, p99 * 1000, rate


def main() -> None:
    singles, many = (200, 10_000) if len(sys.argv) < 2 else (20, int(sys.argv[1]))
    python = os.environ.get("BENCH_PYTHON", sys.executable)
    peers = Path(ROOT / "Benchmarks" / "peers")
    results = {}
    with kotibd() as program:
        results["kotibd"] = measure(program, singles, many)
    with peer("python", [python, str(peers / "watch.py")], USERS) as program:
        results["watchdog + python-magic + sqlite3"] = measure(program, singles, many)
    with peer("shell", ["bash", str(peers / "watch.sh")], USERS) as program:
        results["inotifywait | file | sqlite3"] = measure(program, singles, many)
    print(f"intake ({machine()}; {singles} single files, then {many} at once)")
    own = results["kotibd"]
    for name, (median, p99, rate) in results.items():
        print(
            f"  {name:36} median {median:8.1f} ms ({median / own[0]:5.2f} x)   p99 {p99:8.1f} ms "
            f"({p99 / own[1]:5.2f} x)   {rate:8.0f} files/s ({own[2] / rate:5.2f} x slower)"
        )


if __name__ == "__main__":
    main()
