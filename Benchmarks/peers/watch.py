"""The peer in Python: watchdog, python-magic and sqlite3, a row for each closed file.

watch.py FOLDER DATABASE
"""

import hashlib
import os
import sqlite3
import sys
import wave

import magic
from watchdog.events import FileClosedEvent, FileMovedEvent, FileSystemEventHandler
from watchdog.observers import Observer

SCHEMA = """CREATE TABLE audio_records(id INTEGER PRIMARY KEY, file_path TEXT, file_size INTEGER, mime TEXT,
                                       sha256 TEXT, duration REAL)"""


class Recorder(FileSystemEventHandler):
    """Runs on watchdog's one dispatching thread, as its documentation shows."""

    def __init__(self, database: str) -> None:
        self.connection = sqlite3.connect(database, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute(SCHEMA)
        self.connection.commit()
        self.magic = magic.Magic(mime=True)

    def on_closed(self, event: FileClosedEvent) -> None:
        self.record(event.src_path)

    def on_moved(self, event: FileMovedEvent) -> None:
        self.record(event.dest_path)

    def record(self, path: str) -> None:
        mime = self.magic.from_file(path)
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with wave.open(path) as sound:
            duration = sound.getnframes() / sound.getframerate()
        self.connection.execute(
            "INSERT INTO audio_records(file_path, file_size, mime, sha256, duration) VALUES (?, ?, ?, ?, ?)",
            (path, os.stat(path).st_size, mime, digest, duration),
        )
        self.connection.commit()


def main() -> None:
    inbox, database = sys.argv[1:]
    observer = Observer()
    observer.schedule(Recorder(database), inbox, recursive=True)
    observer.start()
    observer.join()


if __name__ == "__main__":
    main()
