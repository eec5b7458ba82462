"""What floods of files cost: storms, backlogs, many inboxes, renames by link and unlink, odd names, fair turns,
moves.

`python3 folder.py [part…]`; `KOTIB_BIN` names the folder of the programs, `FILES` how many files there are at most.
The engine is one that nobody answers for, but for `turns`, where a stand-in answers every request.
"""

import contextlib
import http.server
import json
import os
import random
import shutil
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from programs import Program, kotibd, machine

REFUSED = "transcription_status = 'rejected'"
FILES = int(os.environ.get("FILES", 100_000))


def sound(number: int) -> bytes:
    """A bit more than a tenth of a second of noise as WAV, different for each number: what is shorter the engine
    refuses, and then each gets a note, which is not what is measured."""
    samples = random.Random(number).randbytes(3_840)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16,
        b"data", len(samples),
    ) + samples


def put(path: Path | bytes, number: int) -> None:
    with open(path, "wb") as file:
        file.write(sound(number))


def check(program: Program, count: int) -> str:
    """Each file has one row, and there are no others."""
    rows, paths = program.rows(), program.ask("SELECT count(DISTINCT path) FROM audio_records")
    verdict = "each recorded once" if rows == paths == count else "NOT each recorded once"
    return f"{rows:,} rows, {paths:,} paths of {count:,} files: {verdict}"


def overflows(program: Program) -> int:
    return program.log.read_bytes().count(b"events of the inbox were lost") if program.log else 0


def storm() -> None:
    """As fast as this can write, from four threads, with the inotify queue at its default."""
    with kotibd() as program:
        for user in range(4):
            (program.inbox / f"user{user}").mkdir()
        start = time.perf_counter()

        def write(user: int) -> None:
            for number in range(user, FILES, 4):
                put(program.inbox / f"user{user}" / f"{number}.wav", number)

        threads = [threading.Thread(target=write, args=(user,)) for user in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        written = time.perf_counter()
        program.await_rows(FILES)
        end = time.perf_counter()
        print(f"storm: {check(program, FILES)}; written in {written - start:.1f} s, recorded {end - written:.1f} s "
              f"after the last, {FILES / (end - start):.0f} files/s; {overflows(program)} overflows told; "
              f"peak RSS {program.memory('VmHWM'):.0f} MiB")


def backlog() -> None:
    """A start with everything recorded already: how soon ready, how long the scan, how much memory."""
    folder = Path(tempfile.mkdtemp(prefix="kotib-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        for user in range(100):
            (folder / "inbox" / f"user{user}").mkdir(parents=True)
        for number in range(FILES):
            put(folder / "inbox" / f"user{number % 100}" / f"{number}.wav", number)
        with kotibd(folder=folder) as program:
            start = time.perf_counter()
            program.await_rows(FILES)
            print(f"backlog: first start: {check(program, FILES)} in {time.perf_counter() - start:.1f} s, "
                  f"peak RSS {program.memory('VmHWM'):.0f} MiB")
        start = time.perf_counter()
        with kotibd(folder=folder, sections='[log]\nlevel = "debug"\n') as program:
            ready = time.perf_counter()
            while b"inbox scanned" not in program.log.read_bytes():
                time.sleep(0.02)
            scanned = time.perf_counter()
            print(f"backlog: second start with {FILES:,}: ready after {ready - start:.2f} s, scanned "
                  f"{scanned - ready:.1f} s later, RSS {program.memory():.0f} MiB, peak "
                  f"{program.memory('VmHWM'):.0f} MiB; {check(program, FILES)}")


def inboxes() -> None:
    """10,000 users, a file each."""
    count = min(10_000, FILES)
    with kotibd() as program:
        start = time.perf_counter()
        for user in range(count):
            folder = program.inbox / f"user{user}"
            folder.mkdir()
            put(folder / "a.wav", user)
        written = time.perf_counter()
        program.await_rows(count)
        print(f"inboxes: {check(program, count)}; made in {written - start:.1f} s, recorded "
              f"{time.perf_counter() - written:.1f} s later; "
              f"{program.ask('SELECT count(*) FROM users'):,} users; RSS {program.memory():.0f} MiB")


def renames() -> None:
    """As OpenSSH renames: link, then unlink, so that the name sees no close and no move."""
    with kotibd() as program:
        folder = program.inbox / "user"
        folder.mkdir()
        for number in range(1000):
            partial, whole = folder / f"{number}.wav.filepart", folder / f"{number}.wav"
            put(partial, number)
            os.link(partial, whole)
            partial.unlink()
        start = time.perf_counter()
        program.await_rows(1000, seconds=120)
        print(f"renames: {check(program, 1000)}, the last {time.perf_counter() - start:.1f} s after its rename; "
              f"{program.rows(REFUSED)} refused")


def names() -> None:
    """Random bytes of every length up to 255, all but NUL and /, that end in .wav where that fits."""
    chance = random.Random(7)
    letters = [byte for byte in range(1, 256) if byte != ord("/")]
    wanted: set[bytes] = set()
    while len(wanted) < FILES:
        length = chance.randint(1, 255)
        name = bytes(chance.choices(letters, k=max(1, length - 4))) + (b".wav" if length > 4 else b"")
        # What is hidden or temporary is passed over on purpose.
        if name[0] not in b".~" and name[-1] != ord("~"):
            wanted.add(name)
    with kotibd() as program:
        folder = os.fsencode(program.inbox) + b"/user"
        os.mkdir(folder)
        start = time.perf_counter()
        for number, name in enumerate(wanted):
            put(folder + b"/" + name, number)
        written = time.perf_counter()
        program.await_rows(len(wanted))
        print(f"names: {check(program, len(wanted))}; written in {written - start:.1f} s, recorded "
              f"{time.perf_counter() - written:.1f} s later")


def await_paths(program: Program, count: int, pattern: str) -> None:
    """Until so many records have a path of this form; asked ten times a second, as counting costs the daemon time."""
    deadline = time.monotonic() + 3600
    while program.rows(f"file_path LIKE '{pattern}' AND audio_state = 'present'") < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all {count} records have the path {pattern}")
        time.sleep(0.1)


def moves() -> None:
    """A folder of recordings renamed, and then each of them by itself: until all records have the new path."""
    count = min(10_000, FILES)
    with kotibd() as program:
        folder, moved = program.inbox / "user" / "a", program.inbox / "user" / "b"
        folder.mkdir(parents=True)
        for number in range(count):
            put(folder / f"{number}.wav", number)
        await_paths(program, count, "user/a/%")
        ids = program.ask("SELECT sum(id) FROM audio_records")
        start = time.perf_counter()
        folder.rename(moved)
        await_paths(program, count, "user/b/%")
        whole = time.perf_counter() - start
        start = time.perf_counter()
        for number in range(count):
            (moved / f"{number}.wav").rename(moved / f"new{number}.wav")
        await_paths(program, count, "user/b/new%")
        single = time.perf_counter() - start
        same = "the same records" if program.ask("SELECT sum(id) FROM audio_records") == ids else "OTHER RECORDS"
        print(f"moves: {check(program, count)}, {same}; their folder renamed: {whole:.1f} s, {count / whole:.0f} "
              f"files/s; each renamed: {single:.1f} s, {count / single:.0f} files/s")


class StandIn(http.server.BaseHTTPRequestHandler):
    """An engine that takes a tenth of a second for anything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.1)
        body = json.dumps({"text": "words", "language": "en", "duration": 0.02, "segments": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def stand_in() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def turns() -> None:
    """While one user's files wait, another's single one: how many of the first start before it."""
    with stand_in() as port:
        sections = f'[openai]\nbase_url = "http://127.0.0.1:{port}/v1"\n'
        with kotibd(engine="stand-in", sections=sections, jobs="1") as program:
            (program.inbox / "many").mkdir()
            (program.inbox / "one").mkdir()
            for number in range(FILES):
                put(program.inbox / "many" / f"{number}.wav", number)
            program.await_rows(FILES)
            started = "transcription_status <> 'pending' AND file_path LIKE 'many/%'"
            dropped = time.perf_counter()
            put(program.inbox / "one" / "a.wav", FILES)
            program.await_rows(1, "file_path LIKE 'one/%'")
            recorded, before = time.perf_counter(), program.rows(started)
            program.await_rows(1, "file_path LIKE 'one/%' AND transcription_status <> 'pending'")
            began, after = time.perf_counter(), program.rows(started)
            waiting = program.rows("transcription_status = 'pending'")
            print(f"turns: with {waiting:,} waiting, recorded {recorded - dropped:.2f} s after its close, started "
                  f"{began - recorded:.2f} s after that, behind {after - before} of the other's jobs (each 0.1 s)")


PARTS = {"storm": storm, "backlog": backlog, "inboxes": inboxes, "renames": renames, "names": names,
         "turns": turns, "moves": moves}


def main() -> None:
    print(f"folder ({machine()}; {FILES:,} files)")
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
