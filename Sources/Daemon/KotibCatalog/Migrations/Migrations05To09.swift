extension Migrations {
    /// Codes as keyed hashes, revocable tokens, what limits the sending of codes, and people's settings.
    ///
    /// `otp_code` holds an HMAC. A number has one code at most, so a new one replaces the old. A token that
    /// has no row is revoked. Times of `account_attempts` are seconds since 1970: they are only compared.
    static let accountSecurity = """
        DELETE FROM otp_tokens;
        DROP INDEX otp_tokens_phone_number;
        ALTER TABLE otp_tokens ADD COLUMN tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0);
        CREATE UNIQUE INDEX otp_tokens_phone_number ON otp_tokens (phone_number);
        CREATE INDEX otp_tokens_expires_at ON otp_tokens (expires_at);

        CREATE TABLE access_tokens (
            jti TEXT PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            created_at TEXT NOT NULL,
            expires_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX access_tokens_user ON access_tokens (user_id);
        CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

        CREATE TABLE account_attempts (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('code', 'message', 'guess')),
            phone_number TEXT NOT NULL,
            peer TEXT NOT NULL,
            at REAL NOT NULL
        ) STRICT;
        CREATE INDEX account_attempts_phone ON account_attempts (kind, phone_number, at);
        CREATE INDEX account_attempts_peer ON account_attempts (kind, peer, at);
        CREATE INDEX account_attempts_at ON account_attempts (kind, at);

        ALTER TABLE users ADD COLUMN sidecars TEXT NOT NULL DEFAULT 'txt';
        ALTER TABLE users ADD COLUMN language TEXT;
        """

    /// Search, counts and the log of events.
    static let library = revisions + counts + search + events

    /// Which revision's words are shown: `transcript_text` is its text. Not always the newest, since another
    /// transcription does not take a person's words away.
    private static let revisions = """
        ALTER TABLE audio_records ADD COLUMN revision_id INTEGER;
        UPDATE audio_records SET revision_id =
            (SELECT max(r.id) FROM transcript_revisions r WHERE r.audio_record_id = audio_records.id);
        """

    /// Lists of some time, which would else read all that is in their states.
    static let times = """
        CREATE INDEX audio_records_by_state_and_time
            ON audio_records (transcription_status, created_at, id, duration, language);
        """

    /// An index by content, for recordings of the same.
    static let contents = """
        CREATE INDEX audio_records_completed_content ON audio_records (sha256, user_id)
            WHERE transcription_status = 'completed';
        """

    /// How many recordings each user has in each state and language, so that a list's total is read and not
    /// counted; `user_id` 0 and `language` '' stand for none. The indexes hold all that a list filters by, in
    /// the order of the list.
    private static let counts = """
        CREATE INDEX audio_records_by_state
            ON audio_records (transcription_status, id, created_at, duration, language);
        CREATE INDEX audio_records_by_state_and_language
            ON audio_records (transcription_status, language, id, created_at, duration);
        CREATE INDEX audio_records_by_user_and_state
            ON audio_records (user_id, transcription_status, id, created_at, duration, language);
        DROP INDEX audio_records_user;

        CREATE TABLE recording_counts (
            user_id INTEGER NOT NULL,
            status TEXT NOT NULL,
            language TEXT NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (user_id, status, language)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO recording_counts (user_id, status, language, count)
            SELECT coalesce(user_id, 0), transcription_status, coalesce(language, ''), count(*)
            FROM audio_records GROUP BY 1, 2, 3;

        CREATE TRIGGER audio_records_count_insert AFTER INSERT ON audio_records
        BEGIN
            \(count("NEW"))
        END;
        CREATE TRIGGER audio_records_count_delete AFTER DELETE ON audio_records
        BEGIN
            \(uncount("OLD"))
        END;
        CREATE TRIGGER audio_records_count_update
        AFTER UPDATE OF transcription_status, user_id, language ON audio_records
        WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.user_id IS NOT NEW.user_id
            OR OLD.language IS NOT NEW.language
        BEGIN
            \(uncount("OLD"))
            \(count("NEW"))
        END;
        """

    private static func count(_ row: String) -> String {
        """
        INSERT INTO recording_counts (user_id, status, language, count)
            VALUES (\(countKey(row)), 1)
            ON CONFLICT (user_id, status, language) DO UPDATE SET count = count + 1;
        """
    }

    private static func uncount(_ row: String) -> String {
        """
        UPDATE recording_counts SET count = count - 1 WHERE (user_id, status, language) = (\(countKey(row)));
        """
    }

    static func countKey(_ row: String) -> String {
        "coalesce(\(row).user_id, 0), \(row).transcription_status, coalesce(\(row).language, '')"
    }

    /// The index alone (https://www.sqlite.org/fts5.html#contentless_tables): the words stand in
    /// `audio_records`. To take a row out of it, exactly what was put in must be given again.
    ///
    /// `owner` holds one token, such as `u12`, so that one user's search reads that user's rows only.
    ///
    /// The beginnings of words have an index of their own, twice as large as that of the words: without it a
    /// search for one merges all words that begin so, before it finds the first.
    private static let search = """
        CREATE VIRTUAL TABLE transcript_search USING fts5 (
            text, owner, content = '', columnsize = 0, prefix = '\(SearchText.indexedPrefixes)',
            tokenize = '\(SearchText.tokenizer)');
        INSERT INTO transcript_search (rowid, text, owner)
            SELECT a.id, \(searchColumns("a")) FROM audio_records a WHERE a.transcript_text IS NOT NULL;

        CREATE TRIGGER audio_records_search_insert AFTER INSERT ON audio_records
        WHEN NEW.transcript_text IS NOT NULL
        BEGIN
            \(addToSearch("NEW"))
        END;
        CREATE TRIGGER audio_records_search_delete AFTER DELETE ON audio_records
        WHEN OLD.transcript_text IS NOT NULL
        BEGIN
            \(removeFromSearch("OLD"))
        END;
        CREATE TRIGGER audio_records_search_update AFTER UPDATE OF transcript_text, user_id ON audio_records
        WHEN OLD.transcript_text IS NOT NEW.transcript_text OR OLD.user_id IS NOT NEW.user_id
        BEGIN
            \(removeFromSearch("OLD"))
            \(addToSearch("NEW"))
        END;
        """

    private static func addToSearch(_ row: String) -> String {
        """
        INSERT INTO transcript_search (rowid, text, owner)
            SELECT \(row).id, \(searchColumns(row)) WHERE \(row).transcript_text IS NOT NULL;
        """
    }

    private static func removeFromSearch(_ row: String) -> String {
        """
        INSERT INTO transcript_search (transcript_search, rowid, text, owner)
            SELECT 'delete', \(row).id, \(searchColumns(row)) WHERE \(row).transcript_text IS NOT NULL;
        """
    }

    /// `replace` and not a function of the daemon's, which an administrator's `sqlite3` would not have.
    static func searchColumns(_ row: String) -> String {
        "\(searchable("\(row).transcript_text")), 'u' || coalesce(\(row).user_id, 0)"
    }

    /// The text as it is indexed.
    static func searchable(_ text: String) -> String {
        SearchText.apostrophes.reduce(text) { text, apostrophe in
            "replace(\(text), char(\(apostrophe.value)), '')"
        }
    }

    /// How many events are kept. Ids rise without gaps but for what was rolled back, so that each new one
    /// pushes out about one.
    static let keptEvents = 10_000

    /// Events of recordings, written by triggers in the transaction that causes them.
    static let events = """
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
            DELETE FROM events WHERE id <= NEW.id - \(keptEvents);
        END;

        CREATE TRIGGER audio_records_event_insert AFTER INSERT ON audio_records
        BEGIN
            \(add("changed", "NEW", at: "NEW.updated_at"))
        END;
        CREATE TRIGGER audio_records_event_update
        AFTER UPDATE OF transcription_status, audio_state, user_id, path ON audio_records
        WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.audio_state <> NEW.audio_state
            OR OLD.user_id IS NOT NEW.user_id OR OLD.path <> NEW.path
        BEGIN
            \(add("changed", "NEW", at: "NEW.updated_at"))
        END;
        CREATE TRIGGER audio_records_event_delete AFTER DELETE ON audio_records
        BEGIN
            \(add("deleted", "OLD", at: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"))
        END;
        CREATE TRIGGER transcript_revisions_event AFTER INSERT ON transcript_revisions
        WHEN NEW.origin <> 'engine'
        BEGIN
            \(add("edited", "a", at: "NEW.created_at", from: "FROM audio_records a WHERE a.id = NEW.audio_record_id"))
        END;
        """

    private static func add(_ kind: String, _ row: String, at time: String, from: String = "") -> String {
        """
        INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
            SELECT '\(kind)', \(row).id, \(row).user_id, \(row).file_path, \(row).transcription_status,
                \(row).audio_state, \(time) \(from);
        """
    }

    /// Intended deletions, and sidecars in several formats.
    static let changes = deletions + sidecarKinds

    /// A recording stands here from the moment that its deletion is decided until its files are gone: then
    /// its row goes, and this one with it.
    private static let deletions = """
        CREATE TABLE deletions (
            audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
            requested_at TEXT NOT NULL
        ) STRICT;
        """

    /// A CHECK cannot be altered: the table is built anew with its rows
    /// (https://www.sqlite.org/lang_altertable.html#otheralter). `words_sha256` is unknown for what stood
    /// before.
    private static let sidecarKinds = """
        CREATE TABLE new_sidecars (
            id INTEGER PRIMARY KEY,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            kind TEXT NOT NULL
                CHECK (kind IN ('transcript', 'srt', 'vtt', 'json', 'md', 'rejected', 'failed')),
            path BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            written_at TEXT NOT NULL,
            words_sha256 BLOB CHECK (length(words_sha256) = 32)
        ) STRICT;
        INSERT INTO new_sidecars (id, audio_record_id, kind, path, device, inode, size, modified_ns, written_at)
            SELECT id, audio_record_id, kind, path, device, inode, size, modified_ns, written_at FROM sidecars;
        DROP TABLE sidecars;
        ALTER TABLE new_sidecars RENAME TO sidecars;
        CREATE INDEX sidecars_record ON sidecars (audio_record_id);
        """
}
