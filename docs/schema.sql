-- The tables of kotib.sqlite as a new catalog has them, after all migrations.
-- Written by `make schema`; do not edit. The migrations are in Sources/Daemon/KotibCatalog/Migrations.

CREATE TABLE access_tokens (
    jti TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
, ends_at REAL NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE INDEX access_tokens_ends_at ON access_tokens (ends_at);

CREATE INDEX access_tokens_user ON access_tokens (user_id);

CREATE TABLE account_attempts (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('code', 'message', 'guess')),
    phone_number TEXT NOT NULL,
    peer TEXT NOT NULL,
    at REAL NOT NULL
, standing TEXT NOT NULL DEFAULT 'stranger'
    CHECK (standing IN ('stranger', 'peer', 'device')), could_be_right INTEGER NOT NULL DEFAULT 1
    CHECK (could_be_right IN (0, 1))) STRICT;

CREATE INDEX account_attempts_at ON account_attempts (kind, at);

CREATE INDEX account_attempts_peer ON account_attempts (kind, peer, at);

CREATE INDEX account_attempts_phone ON account_attempts (kind, phone_number, at);

CREATE INDEX account_attempts_vain ON account_attempts (at) WHERE kind = 'guess' AND could_be_right = 0;

CREATE TABLE archived (
    audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('intended', 'copied', 'kept')),
    device INTEGER,
    inode INTEGER,
    file_size INTEGER,
    modified_ns INTEGER,
    changed_ns INTEGER,
    at TEXT NOT NULL,
    CHECK ((inode IS NULL) = (phase = 'intended'))
) STRICT;

CREATE INDEX archived_unfinished ON archived (audio_record_id) WHERE phase <> 'kept';

CREATE TABLE audio_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER REFERENCES users (id) ON DELETE RESTRICT,
    file_name TEXT NOT NULL,
    original_filename TEXT NOT NULL,
    file_path TEXT NOT NULL,
    path BLOB NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    file_size INTEGER NOT NULL CHECK (file_size >= 0),
    modified_ns INTEGER NOT NULL,
    changed_ns INTEGER NOT NULL,
    sha256 BLOB CHECK (length(sha256) = 32),
    media_type TEXT,
    container TEXT,
    codec TEXT,
    duration REAL,
    channels INTEGER,
    sample_rate INTEGER,
    transcription_status TEXT NOT NULL
        CHECK (transcription_status IN ('pending', 'processing', 'completed', 'failed', 'rejected')),
    audio_state TEXT NOT NULL DEFAULT 'present' CHECK (audio_state IN ('present', 'gone', 'replaced')),
    is_current INTEGER NOT NULL DEFAULT 1 CHECK (is_current IN (0, 1)),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    interruptions INTEGER NOT NULL DEFAULT 0,
    due_at REAL,
    error_code TEXT,
    error_message TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    started_at TEXT,
    completed_at TEXT,
    language TEXT,
    engine TEXT,
    model TEXT,
    engine_seconds REAL,
    speech_seconds REAL,
    sidecar_due TEXT CHECK (sidecar_due IN ('transcript', 'rejected', 'failed')),
    sidecar_version INTEGER NOT NULL DEFAULT 0,
    transcript_text TEXT, revision_id INTEGER, handled_at TEXT, rests_since TEXT
    GENERATED ALWAYS AS (max(completed_at, coalesce(handled_at, completed_at))) VIRTUAL, inspection_warnings TEXT, transcription_warnings TEXT, sound_sha256 BLOB CHECK (length(sound_sha256) = 32), sound_size INTEGER, doubt INTEGER NOT NULL DEFAULT 0 CHECK (doubt BETWEEN 0 AND 2), shown_until REAL, model_sha256 BLOB CHECK (length(model_sha256) = 32), charged_ms INTEGER NOT NULL DEFAULT 0 CHECK (charged_ms >= 0), charged_day INTEGER, is_patched INTEGER NOT NULL DEFAULT 0 CHECK (is_patched IN (0, 1)), language_given INTEGER CHECK (language_given IN (0, 1)),
    CHECK ((audio_state = 'replaced') = (is_current = 0)),
    CHECK (is_current = 1 OR transcription_status NOT IN ('pending', 'processing')),
    CHECK (user_id IS NOT NULL OR transcription_status = 'rejected'),
    CHECK (sha256 IS NOT NULL OR transcription_status = 'rejected'),
    CHECK (transcript_text IS NOT NULL OR transcription_status <> 'completed')
) STRICT;

CREATE INDEX audio_records_by_state
    ON audio_records (transcription_status, id, created_at, duration, language);

CREATE INDEX audio_records_by_state_and_language
    ON audio_records (transcription_status, language, id, created_at, duration);

CREATE INDEX audio_records_by_state_and_time
    ON audio_records (transcription_status, created_at, id, duration, language);

CREATE INDEX audio_records_by_user_and_state
    ON audio_records (user_id, transcription_status, id, created_at, duration, language);

CREATE INDEX audio_records_completed_content ON audio_records (sha256, user_id)
    WHERE transcription_status = 'completed';

CREATE INDEX audio_records_completed_sound ON audio_records (user_id, sound_sha256)
    WHERE sound_sha256 IS NOT NULL AND transcription_status = 'completed';

CREATE INDEX audio_records_content ON audio_records (user_id, sha256, audio_state)
    WHERE sha256 IS NOT NULL;

CREATE UNIQUE INDEX audio_records_current_path ON audio_records (path) WHERE is_current = 1;

CREATE INDEX audio_records_delayed ON audio_records (due_at)
    WHERE transcription_status = 'pending' AND audio_state = 'present' AND due_at IS NOT NULL;

CREATE INDEX audio_records_departed ON audio_records (user_id, sha256, updated_at)
    WHERE sha256 IS NOT NULL AND audio_state <> 'present';

CREATE INDEX audio_records_departed_sound ON audio_records (user_id, sound_sha256, updated_at)
    WHERE sound_sha256 IS NOT NULL AND audio_state <> 'present';

CREATE INDEX audio_records_doubtful ON audio_records (user_id)
    WHERE (inspection_warnings IS NOT NULL OR transcription_warnings IS NOT NULL)
        AND transcription_status = 'completed' AND is_current = 1;

CREATE INDEX audio_records_incomplete ON audio_records (id)
WHERE error_code = 'incomplete' AND is_current = 1 AND audio_state = 'present';

CREATE INDEX audio_records_inode ON audio_records (inode) WHERE sha256 IS NOT NULL;

CREATE INDEX audio_records_ready ON audio_records (user_id, id)
    WHERE transcription_status = 'pending' AND audio_state = 'present' AND due_at IS NULL;

CREATE INDEX audio_records_refused_and_gone ON audio_records (updated_at)
    WHERE transcription_status = 'rejected' AND audio_state <> 'present';

CREATE INDEX audio_records_rest ON audio_records (rests_since, id)
    WHERE transcription_status = 'completed' AND audio_state = 'present';

CREATE INDEX audio_records_sidecar_due ON audio_records (id) WHERE sidecar_due IS NOT NULL;

CREATE INDEX audio_records_sound ON audio_records (user_id, sound_sha256, audio_state)
    WHERE sound_sha256 IS NOT NULL;

CREATE INDEX audio_records_status ON audio_records (transcription_status, is_current)
    WHERE is_current = 1;

CREATE TRIGGER audio_records_charge_another AFTER UPDATE OF user_id ON audio_records
WHEN OLD.user_id IS NOT NEW.user_id
BEGIN
    UPDATE users SET used_text = used_text - (SELECT coalesce(sum(charged), 0) FROM transcript_revisions
        WHERE audio_record_id = NEW.id AND charged_to = users.id) WHERE id = OLD.user_id;
    UPDATE users SET used_text = used_text + (SELECT coalesce(sum(charged), 0) FROM transcript_revisions
        WHERE audio_record_id = NEW.id) WHERE id = NEW.user_id;
    UPDATE transcript_revisions SET charged_to = NEW.user_id WHERE audio_record_id = NEW.id AND charged > 0;
END;

CREATE TRIGGER audio_records_count_delete AFTER DELETE ON audio_records
BEGIN
    UPDATE recording_counts SET count = count - 1
    WHERE (user_id, status, language) = (coalesce(OLD.user_id, 0), OLD.transcription_status, coalesce(OLD.language, '')) AND NOT (OLD.transcription_status = 'failed' AND OLD.error_code IS 'superseded');
END;

CREATE TRIGGER audio_records_count_insert AFTER INSERT ON audio_records
BEGIN
    INSERT INTO recording_counts (user_id, status, language, count)
    VALUES (coalesce(NEW.user_id, 0), NEW.transcription_status, coalesce(NEW.language, ''), 1)
    ON CONFLICT (user_id, status, language) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER audio_records_count_update
AFTER UPDATE OF transcription_status, user_id, language, error_code ON audio_records
WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.user_id IS NOT NEW.user_id
    OR OLD.language IS NOT NEW.language OR OLD.error_code IS NOT NEW.error_code
BEGIN
    UPDATE recording_counts SET count = count - 1
    WHERE (user_id, status, language) = (coalesce(OLD.user_id, 0), OLD.transcription_status, coalesce(OLD.language, '')) AND NOT (OLD.transcription_status = 'failed' AND OLD.error_code IS 'superseded');
    INSERT INTO recording_counts (user_id, status, language, count)
        SELECT coalesce(NEW.user_id, 0), NEW.transcription_status, coalesce(NEW.language, ''), 1 WHERE NOT (NEW.transcription_status = 'failed' AND NEW.error_code IS 'superseded')
        ON CONFLICT (user_id, status, language) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER audio_records_event_delete AFTER DELETE ON audio_records
BEGIN
    INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
    SELECT 'deleted', OLD.id, OLD.user_id, OLD.file_path, OLD.transcription_status,
        OLD.audio_state, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') ;
END;

CREATE TRIGGER audio_records_event_insert AFTER INSERT ON audio_records
BEGIN
    INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
    SELECT 'changed', NEW.id, NEW.user_id, NEW.file_path, NEW.transcription_status,
        NEW.audio_state, NEW.updated_at ;
END;

CREATE TRIGGER audio_records_event_update
AFTER UPDATE OF transcription_status, audio_state, user_id, path ON audio_records
WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.audio_state <> NEW.audio_state
    OR OLD.user_id IS NOT NEW.user_id OR OLD.path <> NEW.path
BEGIN
    INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
        SELECT CASE WHEN (NEW.transcription_status = 'failed' AND NEW.error_code IS 'superseded') THEN 'deleted' ELSE 'changed' END, NEW.id, NEW.user_id,
            NEW.file_path, NEW.transcription_status, NEW.audio_state, NEW.updated_at;
END;

CREATE TRIGGER audio_records_hook_insert AFTER INSERT ON audio_records
WHEN NEW.transcription_status IN ('completed', 'failed', 'rejected')
    AND EXISTS (SELECT 1 FROM hook_receivers)
BEGIN
    INSERT INTO hook_events (kind, audio_record_id, user_id, path, revision_id, facts, at)
    VALUES (NEW.transcription_status, NEW.id, NEW.user_id, NEW.path,
        CASE NEW.transcription_status WHEN 'completed' THEN NEW.revision_id END,
        json_object('file_name', NEW.file_name, 'file_size', NEW.file_size,
            'media_type', NEW.media_type, 'duration', NEW.duration, 'language', NEW.language,
            'engine', NEW.engine, 'model', NEW.model, 'error_code', NEW.error_code,
            'error_message', NEW.error_message, 'created_at', NEW.created_at),
        NEW.updated_at);
END;

CREATE TRIGGER audio_records_hook_update
AFTER UPDATE OF transcription_status, error_code ON audio_records
WHEN NEW.transcription_status IN ('completed', 'failed', 'rejected')
    AND EXISTS (SELECT 1 FROM hook_receivers) AND NEW.is_current = 1 AND (OLD.transcription_status <> NEW.transcription_status
    OR NEW.transcription_status = 'rejected' AND OLD.error_code IS NOT NEW.error_code)
BEGIN
    INSERT INTO hook_events (kind, audio_record_id, user_id, path, revision_id, facts, at)
    VALUES (NEW.transcription_status, NEW.id, NEW.user_id, NEW.path,
        CASE NEW.transcription_status WHEN 'completed' THEN NEW.revision_id END,
        json_object('file_name', NEW.file_name, 'file_size', NEW.file_size,
            'media_type', NEW.media_type, 'duration', NEW.duration, 'language', NEW.language,
            'engine', NEW.engine, 'model', NEW.model, 'error_code', NEW.error_code,
            'error_message', NEW.error_message, 'created_at', NEW.created_at),
        NEW.updated_at);
END;

CREATE TRIGGER audio_records_quota_delete AFTER DELETE ON audio_records
WHEN OLD.transcription_status <> 'rejected' AND OLD.audio_state = 'present'
BEGIN
    UPDATE users SET used_bytes = used_bytes - OLD.file_size, used_files = used_files - 1
    WHERE id = OLD.user_id AND 1;
END;

CREATE TRIGGER audio_records_quota_insert AFTER INSERT ON audio_records
WHEN NEW.transcription_status <> 'rejected' AND NEW.audio_state = 'present'
BEGIN
    UPDATE users SET used_bytes = used_bytes + NEW.file_size, used_files = used_files + 1
    WHERE id = NEW.user_id AND 1;
END;

CREATE TRIGGER audio_records_quota_update
AFTER UPDATE OF transcription_status, audio_state, user_id, file_size ON audio_records
WHEN (OLD.transcription_status <> 'rejected' AND OLD.audio_state = 'present') <> (NEW.transcription_status <> 'rejected' AND NEW.audio_state = 'present') OR OLD.user_id IS NOT NEW.user_id
    OR OLD.file_size <> NEW.file_size
BEGIN
    UPDATE users SET used_bytes = used_bytes - OLD.file_size, used_files = used_files - 1
    WHERE id = OLD.user_id AND OLD.transcription_status <> 'rejected' AND OLD.audio_state = 'present';
    UPDATE users SET used_bytes = used_bytes + NEW.file_size, used_files = used_files + 1
    WHERE id = NEW.user_id AND NEW.transcription_status <> 'rejected' AND NEW.audio_state = 'present';
END;

CREATE TRIGGER audio_records_quota_wait_end
AFTER UPDATE OF transcription_status, audio_state, error_code ON audio_records
WHEN OLD.transcription_status = 'rejected'
    AND (NEW.transcription_status <> 'rejected' OR NEW.audio_state <> 'present'
        OR NEW.error_code IS NOT OLD.error_code)
BEGIN
    DELETE FROM quota_waits WHERE audio_record_id = NEW.id;
END;

CREATE TRIGGER audio_records_search_delete AFTER DELETE ON audio_records
WHEN OLD.transcript_text IS NOT NULL
BEGIN
    INSERT INTO transcript_search (transcript_search, rowid, text, owner)
    SELECT 'delete', OLD.id, replace(replace(replace(replace(replace(replace(OLD.transcript_text, char(39), ''), char(96), ''), char(699), ''), char(700), ''), char(8216), ''), char(8217), ''), 'u' || coalesce(OLD.user_id, 0)
    WHERE length(OLD.transcript_text) <= 262144;
    INSERT INTO search_due (audio_record_id, version) SELECT OLD.id, random() WHERE coalesce(length(OLD.transcript_text), 0) > 262144
    ON CONFLICT (audio_record_id) DO UPDATE SET version = excluded.version;
END;

CREATE TRIGGER audio_records_search_insert AFTER INSERT ON audio_records
WHEN NEW.transcript_text IS NOT NULL
BEGIN
    INSERT INTO transcript_search (rowid, text, owner) SELECT NEW.id, replace(replace(replace(replace(replace(replace(NEW.transcript_text, char(39), ''), char(96), ''), char(699), ''), char(700), ''), char(8216), ''), char(8217), ''), 'u' || coalesce(NEW.user_id, 0)
    WHERE length(NEW.transcript_text) <= 262144;
    INSERT INTO search_due (audio_record_id, version) SELECT NEW.id, random() WHERE coalesce(length(NEW.transcript_text), 0) > 262144
    ON CONFLICT (audio_record_id) DO UPDATE SET version = excluded.version;
END;

CREATE TRIGGER audio_records_search_update AFTER UPDATE OF transcript_text, user_id ON audio_records
WHEN OLD.transcript_text IS NOT NEW.transcript_text OR OLD.user_id IS NOT NEW.user_id
BEGIN
    INSERT INTO transcript_search (transcript_search, rowid, text, owner)
    SELECT 'delete', OLD.id, replace(replace(replace(replace(replace(replace(OLD.transcript_text, char(39), ''), char(96), ''), char(699), ''), char(700), ''), char(8216), ''), char(8217), ''), 'u' || coalesce(OLD.user_id, 0)
    WHERE length(OLD.transcript_text) <= 262144;
    INSERT INTO transcript_search (rowid, text, owner) SELECT NEW.id, replace(replace(replace(replace(replace(replace(NEW.transcript_text, char(39), ''), char(96), ''), char(699), ''), char(700), ''), char(8216), ''), char(8217), ''), 'u' || coalesce(NEW.user_id, 0)
    WHERE length(NEW.transcript_text) <= 262144;
    INSERT INTO search_due (audio_record_id, version) SELECT NEW.id, random() WHERE coalesce(length(OLD.transcript_text), 0) > 262144 OR coalesce(length(NEW.transcript_text), 0) > 262144
    ON CONFLICT (audio_record_id) DO UPDATE SET version = excluded.version;
END;

CREATE TRIGGER audio_records_waiting_delete AFTER DELETE ON audio_records
WHEN OLD.transcription_status = 'pending' AND OLD.audio_state = 'present' AND OLD.due_at IS NULL
BEGIN
    UPDATE users SET waiting = waiting - 1 WHERE id = OLD.user_id;
END;

CREATE TRIGGER audio_records_waiting_insert AFTER INSERT ON audio_records
WHEN NEW.transcription_status = 'pending' AND NEW.audio_state = 'present' AND NEW.due_at IS NULL
BEGIN
    UPDATE users SET waiting = waiting + 1 WHERE id = NEW.user_id;
END;

CREATE TRIGGER audio_records_waiting_update
AFTER UPDATE OF transcription_status, audio_state, due_at, user_id ON audio_records
WHEN (OLD.transcription_status = 'pending' AND OLD.audio_state = 'present' AND OLD.due_at IS NULL) <> (NEW.transcription_status = 'pending' AND NEW.audio_state = 'present' AND NEW.due_at IS NULL) OR OLD.user_id IS NOT NEW.user_id
BEGIN
    UPDATE users SET waiting = waiting - 1 WHERE id = OLD.user_id AND OLD.transcription_status = 'pending' AND OLD.audio_state = 'present' AND OLD.due_at IS NULL;
    UPDATE users SET waiting = waiting + 1 WHERE id = NEW.user_id AND NEW.transcription_status = 'pending' AND NEW.audio_state = 'present' AND NEW.due_at IS NULL;
END;

CREATE TABLE deletions (
    audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
    requested_at TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('changed', 'edited', 'deleted')),
    audio_record_id INTEGER NOT NULL,
    user_id INTEGER,
    file TEXT NOT NULL,
    status TEXT NOT NULL,
    audio_state TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TRIGGER events_prune AFTER INSERT ON events
BEGIN
    DELETE FROM events WHERE id <= NEW.id - 10000;
END;

CREATE TABLE hook_deliveries (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL REFERENCES hook_events (id) ON DELETE CASCADE,
    receiver TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at REAL NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX hook_deliveries_due ON hook_deliveries (receiver, due_at, id);

CREATE INDEX hook_deliveries_event ON hook_deliveries (event);

CREATE TRIGGER hook_deliveries_delete AFTER DELETE ON hook_deliveries
WHEN NOT EXISTS (SELECT 1 FROM hook_deliveries WHERE event = OLD.event)
BEGIN
    DELETE FROM hook_events WHERE id = OLD.event;
END;

CREATE TABLE hook_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    kind TEXT NOT NULL CHECK (kind IN ('completed', 'failed', 'rejected')),
    audio_record_id INTEGER NOT NULL,
    user_id INTEGER,
    path BLOB NOT NULL,
    revision_id INTEGER,
    facts TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TRIGGER hook_events_insert AFTER INSERT ON hook_events
BEGIN
    INSERT INTO hook_deliveries (event, receiver) SELECT NEW.id, name FROM hook_receivers;
END;

CREATE TABLE hook_receivers (
    name TEXT PRIMARY KEY CHECK (name IN ('program', 'webhook'))
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value TEXT NOT NULL
) STRICT;

CREATE TABLE known_peers (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    peer TEXT NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (user_id, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE mounts (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE moves (
    audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
    path BLOB NOT NULL,
    requested_at TEXT NOT NULL
) STRICT;

CREATE TABLE otp_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    phone_number TEXT NOT NULL CHECK (length(phone_number) <= 20),
    otp_code TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    is_used INTEGER NOT NULL DEFAULT 0 CHECK (is_used IN (0, 1)),
    created_at TEXT NOT NULL
, made_at REAL NOT NULL DEFAULT 0, ends_at REAL NOT NULL DEFAULT 0) STRICT;

CREATE INDEX otp_tokens_ends_at ON otp_tokens (ends_at);

CREATE UNIQUE INDEX otp_tokens_phone_number ON otp_tokens (phone_number);

CREATE TABLE quota_room (user_id INTEGER PRIMARY KEY) STRICT;

CREATE TABLE quota_waits (
    audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL,
    size INTEGER NOT NULL,
    milliseconds INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    media_type TEXT NOT NULL,
    container TEXT NOT NULL,
    codec TEXT NOT NULL,
    duration REAL NOT NULL,
    channels INTEGER NOT NULL,
    sample_rate INTEGER NOT NULL
, inspection_warnings TEXT, sound_sha256 BLOB CHECK (length(sound_sha256) = 32), sound_size INTEGER, is_patched INTEGER NOT NULL DEFAULT 0 CHECK (is_patched IN (0, 1))) STRICT;

CREATE INDEX quota_waits_user ON quota_waits (user_id, audio_record_id, size, milliseconds);

CREATE TRIGGER quota_waits_room AFTER INSERT ON quota_waits
BEGIN
    INSERT INTO quota_room (user_id) VALUES (NEW.user_id) ON CONFLICT DO NOTHING;
END;

CREATE TABLE rebuilds (at TEXT NOT NULL) STRICT;

CREATE TABLE recording_counts (
    user_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    language TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (user_id, status, language)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_due (
    audio_record_id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE search_pieces (
    id INTEGER PRIMARY KEY,
    audio_record_id INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE INDEX search_pieces_record ON search_pieces (audio_record_id, id);

CREATE TRIGGER search_pieces_delete AFTER DELETE ON search_pieces
BEGIN
    INSERT INTO transcript_search (transcript_search, rowid, text, owner)
        SELECT 'delete', OLD.id, replace(replace(replace(replace(replace(replace(OLD.text, char(39), ''), char(96), ''), char(699), ''), char(700), ''), char(8216), ''), char(8217), ''), 'u' || OLD.owner;
END;

CREATE TRIGGER search_pieces_insert AFTER INSERT ON search_pieces
BEGIN
    INSERT INTO transcript_search (rowid, text, owner) SELECT NEW.id, replace(replace(replace(replace(replace(replace(NEW.text, char(39), ''), char(96), ''), char(699), ''), char(700), ''), char(8216), ''), char(8217), ''), 'u' || NEW.owner;
END;

CREATE TABLE sidecar_intents (
    path BLOB PRIMARY KEY,
    audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    content_sha256 BLOB CHECK (length(content_sha256) = 32),
    words_sha256 BLOB CHECK (length(words_sha256) = 32)
) STRICT, WITHOUT ROWID;

CREATE INDEX sidecar_intents_record ON sidecar_intents (audio_record_id);

CREATE TABLE "sidecars" (
    id INTEGER PRIMARY KEY,
    audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
    kind TEXT NOT NULL
        CHECK (kind IN ('transcript', 'srt', 'vtt', 'json', 'md', 'rejected', 'failed', 'remark')),
    path BLOB NOT NULL UNIQUE,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    written_at TEXT NOT NULL,
    words_sha256 BLOB CHECK (length(words_sha256) = 32)
, is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed IN (0, 1))) STRICT;

CREATE INDEX sidecars_inode ON sidecars (inode) WHERE kind = 'transcript';

CREATE INDEX sidecars_record ON sidecars (audio_record_id);

CREATE INDEX sidecars_words ON sidecars (words_sha256) WHERE kind = 'transcript';

CREATE TABLE steady_time (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    time REAL NOT NULL,
    boot TEXT NOT NULL,
    uptime REAL NOT NULL,
    wall REAL NOT NULL
) STRICT;

CREATE TABLE transcript_revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
    author INTEGER REFERENCES users (id) ON DELETE SET NULL,
    origin TEXT NOT NULL CHECK (origin IN ('engine', 'socket', 'sidecar')),
    text TEXT NOT NULL,
    segments TEXT NOT NULL,
    language TEXT,
    created_at TEXT NOT NULL
, earlier_record INTEGER, charged INTEGER NOT NULL DEFAULT 0, charged_to INTEGER) STRICT;

CREATE INDEX transcript_revisions_author ON transcript_revisions (author) WHERE author IS NOT NULL;

CREATE INDEX transcript_revisions_earlier ON transcript_revisions (earlier_record)
    WHERE earlier_record IS NOT NULL;

CREATE INDEX transcript_revisions_record ON transcript_revisions (audio_record_id, id);

CREATE TRIGGER transcript_revisions_charge AFTER INSERT ON transcript_revisions
WHEN NEW.origin <> 'engine'
BEGIN
    UPDATE transcript_revisions SET charged = (length(CAST(NEW.text AS BLOB)) + length(CAST(NEW.segments AS BLOB)) + 256),
        charged_to = (SELECT user_id FROM audio_records WHERE id = NEW.audio_record_id)
        WHERE id = NEW.id;
    UPDATE users SET used_text = used_text + (length(CAST(NEW.text AS BLOB)) + length(CAST(NEW.segments AS BLOB)) + 256)
        WHERE id = (SELECT user_id FROM audio_records WHERE id = NEW.audio_record_id);
END;

CREATE TRIGGER transcript_revisions_discharge AFTER DELETE ON transcript_revisions
WHEN OLD.charged > 0
BEGIN
    UPDATE users SET used_text = used_text - OLD.charged WHERE id = OLD.charged_to;
END;

CREATE TRIGGER transcript_revisions_event AFTER INSERT ON transcript_revisions
WHEN NEW.origin <> 'engine' AND NEW.earlier_record IS NULL
BEGIN
    INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
        SELECT 'edited', a.id, a.user_id, a.file_path, a.transcription_status, a.audio_state,
            NEW.created_at FROM audio_records a WHERE a.id = NEW.audio_record_id;
END;

CREATE VIRTUAL TABLE transcript_search USING fts5 (
    text, owner, content = '', columnsize = 0, prefix = '3 4 5',
    tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    phone_number TEXT UNIQUE CHECK (length(phone_number) <= 20),
    folder BLOB NOT NULL UNIQUE CHECK (length(folder) BETWEEN 1 AND 255),
    role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'user')),
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at TEXT NOT NULL,
    last_turn INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0)
, sidecars TEXT NOT NULL DEFAULT 'txt', language TEXT, engine TEXT, quota_bytes INTEGER CHECK (quota_bytes >= 0), quota_files INTEGER CHECK (quota_files >= 0), quota_minutes INTEGER CHECK (quota_minutes >= 0), used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0), used_files INTEGER NOT NULL DEFAULT 0 CHECK (used_files >= 0), taken_day INTEGER NOT NULL DEFAULT 0, taken_ms INTEGER NOT NULL DEFAULT 0 CHECK (taken_ms >= 0), folder_owner INTEGER, used_text INTEGER NOT NULL DEFAULT 0 CHECK (used_text >= 0)) STRICT;

CREATE INDEX users_last_turn ON users (last_turn);

CREATE INDEX users_waiting ON users (last_turn, id) WHERE waiting > 0;

CREATE TRIGGER users_quota_room
AFTER UPDATE OF used_bytes, used_files, quota_bytes, quota_files, quota_minutes ON users
WHEN (NEW.used_bytes < OLD.used_bytes OR NEW.used_files < OLD.used_files
        OR NEW.quota_bytes IS NOT OLD.quota_bytes OR NEW.quota_files IS NOT OLD.quota_files
        OR NEW.quota_minutes IS NOT OLD.quota_minutes)
    AND EXISTS (SELECT 1 FROM quota_waits WHERE user_id = NEW.id)
BEGIN
    INSERT INTO quota_room (user_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER users_text_room AFTER UPDATE OF used_text ON users
WHEN NEW.used_text < OLD.used_text AND EXISTS (SELECT 1 FROM quota_waits WHERE user_id = NEW.id)
BEGIN
    INSERT INTO quota_room (user_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
