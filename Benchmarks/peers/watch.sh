#!/bin/bash
# The peer in shell: inotifywait, file and sqlite3, a row for each closed file.
#   watch.sh FOLDER DATABASE
set -u
inbox=$1 database=$2
sqlite3 "$database" "PRAGMA journal_mode=WAL;
    CREATE TABLE audio_records(id INTEGER PRIMARY KEY, file_path TEXT, file_size INTEGER, mime TEXT, sha256 TEXT,
                               duration REAL)" >/dev/null
inotifywait --quiet --monitor --recursive --event close_write --event moved_to --format '%w%f' "$inbox" |
    while IFS= read -r path; do
        mime=$(file --brief --mime-type "$path")
        size=$(stat --format %s "$path")
        hash=$(sha256sum "$path" | cut -d ' ' -f 1)
        duration=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$path")
        sqlite3 "$database" "PRAGMA synchronous=FULL;
            INSERT INTO audio_records(file_path, file_size, mime, sha256, duration)
            VALUES ('${path//\'/\'\'}', $size, '$mime', '$hash', ${duration:-NULL})"
    done
