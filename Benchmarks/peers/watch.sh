#!/bin/bash
# The peer in shell: inotifywait, file and sqlite3, a row for each closed file. It does without the duration,
# which would take one more program for each file.
#   watch.sh FOLDER DATABASE
set -u
inbox=$1 database=$2
sqlite3 "$database" "PRAGMA journal_mode=WAL;
    CREATE TABLE audio_records(id INTEGER PRIMARY KEY, file_path TEXT, file_size INTEGER, mime TEXT,
                               sha256 TEXT)" >/dev/null
inotifywait --quiet --monitor --recursive --event close_write --event moved_to --format '%w%f' "$inbox" |
    while IFS= read -r path; do
        mime=$(file --brief --mime-type "$path")
        size=$(stat --format %s "$path")
        hash=$(sha256sum "$path" | cut -d ' ' -f 1)
        sqlite3 "$database" "PRAGMA synchronous=FULL;
            INSERT INTO audio_records(file_path, file_size, mime, sha256)
            VALUES ('${path//\'/\'\'}', $size, '$mime', '$hash')"
    done
