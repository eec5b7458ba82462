"""Fills kotibd's catalog and the peer's with the same people and recordings, below the programs: as the tables and
their triggers stand, without one request for each row."""

import datetime
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from texts import Texts

FIRST = datetime.datetime(2026, 1, 1)
BATCH = 5_000
# The audio has gone from the folder, as far as the catalog knows: there is none, and nothing is to be done.
KOTIB_RECORDING = """
    INSERT INTO audio_records (id, user_id, file_name, original_filename, file_path, path, device, inode, file_size,
        modified_ns, changed_ns, sha256, media_type, container, codec, duration, channels, sample_rate,
        transcription_status, audio_state, created_at, updated_at, started_at, completed_at, language, engine, model,
        engine_seconds, speech_seconds, transcript_text)
    VALUES (:id, :user, :name, :name, :path, CAST(:path AS BLOB), 1, :id, :size, 0, 0, :sha256, 'audio/mpeg', 'mp3',
        'mp3', :duration, 1, 44100, 'completed', 'gone', :at, :at, :at, :at, :language, 'local', 'base', 1, 1, :text)"""
KOTIB_REVISION = """
    INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, language, created_at)
    VALUES (:id, 'engine', :text, '[]', :language, :at)"""
PEER_RECORDING = """
    INSERT INTO audio_records (id, user_id, file_name, original_filename, file_path, file_size, duration,
        transcript_text, transcription_status, created_at, updated_at)
    VALUES (:id, :user, :name, :name, :path, :size, :duration, :text, 'completed', :at, :at)"""


def phone(user: int) -> str:
    """Of the user with that id."""
    return f"+99890{user:07}"


def rows(recordings: int, users: int, planted: dict[str, int]) -> Iterator[list[dict]]:
    """In batches. `planted` words stand each in so many recordings, all over the catalog."""
    texts = Texts()
    for start in range(0, recordings, BATCH):
        batch = []
        for number, (text, language) in enumerate(texts.batch(min(BATCH, recordings - start)), start):
            for word, count in planted.items():
                if number * count // recordings != (number + 1) * count // recordings:
                    text += " " + word
            user = number % users + 1
            at = FIRST + datetime.timedelta(seconds=number)
            batch.append({
                "id": number + 1,
                "user": user,
                "name": f"recording-{number}.mp3",
                "path": f"{phone(user)[1:]}/recording-{number}.mp3",
                "size": 16_000 * (5 + number % 600),
                "sha256": hashlib.sha256(str(number).encode()).digest(),
                "duration": 5.0 + number % 600,
                "at": at,
                "language": language,
                "text": text,
            })
        yield batch


def fill_kotib(database: Path, recordings: int, users: int, planted: dict[str, int]) -> None:
    """A catalog that kotibd made, while no kotibd runs on it."""
    with opened(database) as connection:
        connection.executemany(
            "INSERT INTO users (id, phone_number, folder, created_at) VALUES (?, ?, CAST(? AS BLOB), ?)",
            [(user, phone(user), phone(user)[1:], kotib_time(FIRST)) for user in range(1, users + 1)],
        )
        for batch in rows(recordings, users, planted):
            batch = [row | {"at": kotib_time(row["at"])} for row in batch]
            connection.executemany(KOTIB_RECORDING, batch)
            connection.executemany(KOTIB_REVISION, batch)


def fill_peer(database: Path, recordings: int, users: int, planted: dict[str, int]) -> None:
    with opened(database) as connection:
        connection.executemany(
            "INSERT INTO users (id, phone_number, role, is_active, created_at) VALUES (?, ?, 'user', 1, ?)",
            [(user, phone(user), str(FIRST)) for user in range(1, users + 1)],
        )
        connection.execute("UPDATE users SET role = 'admin' WHERE id = 1")
        for batch in rows(recordings, users, planted):
            connection.executemany(PEER_RECORDING, [row | {"at": f"{row['at']}.000000"} for row in batch])


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, which is committed at the end."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA cache_size=-200000")
        yield connection


def kotib_time(time: datetime.datetime) -> str:
    return time.isoformat(timespec="milliseconds") + "Z"
