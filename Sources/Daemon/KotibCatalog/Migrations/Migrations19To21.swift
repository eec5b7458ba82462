extension Migrations {
    /// Changes that are about to be made to files beside recordings. The row stands from before the file is
    /// touched until what came of it is registered, so that after a crash the file is known by its content.
    ///
    /// `content_sha256` is NULL where the file is to go: of such notes earlier versions forgot some.
    static let intents = """
        CREATE TABLE sidecar_intents (
            path BLOB PRIMARY KEY,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            content_sha256 BLOB CHECK (length(content_sha256) = 32),
            words_sha256 BLOB CHECK (length(words_sha256) = 32)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sidecar_intents_record ON sidecar_intents (audio_record_id);
        INSERT INTO sidecar_intents (path, audio_record_id, kind)
            SELECT s.path, s.audio_record_id, s.kind FROM sidecars s JOIN audio_records a ON a.id = s.audio_record_id
            WHERE s.kind IN ('rejected', 'failed') AND a.audio_state <> 'present';
        """

    /// Bounds of codes, tokens and limits by a clock that nobody sets; peers that are known to an owner; and
    /// whose a user's folder is.
    ///
    /// `ends_at`, `made_at`, `seen_at` and, from now on, `account_attempts.at` are times as `steady_time`
    /// counts them, which begins with the seconds since 1970. An `otp_code` that is empty was never sent, and
    /// nothing matches it. `folder_owner` is the user of the machine that the folder belonged to when it
    /// became the user's; NULL until somebody looks.
    static let bounds = """
        CREATE TABLE steady_time (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            time REAL NOT NULL,
            boot TEXT NOT NULL,
            uptime REAL NOT NULL,
            wall REAL NOT NULL
        ) STRICT;

        DELETE FROM otp_tokens;
        ALTER TABLE otp_tokens DROP COLUMN tries;
        ALTER TABLE otp_tokens ADD COLUMN made_at REAL NOT NULL DEFAULT 0;
        ALTER TABLE otp_tokens ADD COLUMN ends_at REAL NOT NULL DEFAULT 0;
        DROP INDEX otp_tokens_expires_at;
        CREATE INDEX otp_tokens_ends_at ON otp_tokens (ends_at);

        ALTER TABLE access_tokens ADD COLUMN ends_at REAL NOT NULL DEFAULT 0;
        UPDATE access_tokens SET ends_at = CAST(strftime('%s', expires_at) AS REAL);
        DROP INDEX access_tokens_expires_at;
        CREATE INDEX access_tokens_ends_at ON access_tokens (ends_at);

        ALTER TABLE account_attempts ADD COLUMN standing TEXT NOT NULL DEFAULT 'stranger'
            CHECK (standing IN ('stranger', 'peer', 'device'));
        ALTER TABLE account_attempts ADD COLUMN could_be_right INTEGER NOT NULL DEFAULT 1
            CHECK (could_be_right IN (0, 1));
        UPDATE account_attempts SET could_be_right = 0 WHERE kind = 'guess' AND phone_number = '';
        CREATE INDEX account_attempts_vain ON account_attempts (at) WHERE kind = 'guess' AND could_be_right = 0;

        CREATE TABLE known_peers (
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            peer TEXT NOT NULL,
            seen_at REAL NOT NULL,
            PRIMARY KEY (user_id, peer)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE users ADD COLUMN folder_owner INTEGER;
        """

    /// Bounds for rows that nobody could remove and for long writes: refused files that are gone, the texts
    /// of edits, and the index of long texts.
    static let pruning = refused + texts + pieces + rebuilds

    /// A row from `kotibd --rebuild` until the whole inbox has been looked through: texts beside recordings
    /// that the catalog does not know are their words then.
    private static let rebuilds = """
        CREATE TABLE rebuilds (at TEXT NOT NULL) STRICT;
        """

    private static let refused = """
        CREATE INDEX audio_records_refused_and_gone ON audio_records (updated_at)
            WHERE transcription_status = 'rejected' AND audio_state <> 'present';
        """

    /// `used_text` counts the bytes of a user's edits, `charged` what one of them counts for, and for whom:
    /// that is still to be known when the recording is not there any more. An engine's words are not the
    /// user's doing.
    private static let texts = """
        ALTER TABLE users ADD COLUMN used_text INTEGER NOT NULL DEFAULT 0 CHECK (used_text >= 0);
        ALTER TABLE transcript_revisions ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE transcript_revisions ADD COLUMN charged_to INTEGER;
        UPDATE transcript_revisions SET charged = \(charge("transcript_revisions")),
            charged_to = (SELECT user_id FROM audio_records a WHERE a.id = audio_record_id)
            WHERE origin <> 'engine';
        UPDATE users SET used_text =
            (SELECT coalesce(sum(charged), 0) FROM transcript_revisions r WHERE r.charged_to = users.id);

        CREATE TRIGGER transcript_revisions_charge AFTER INSERT ON transcript_revisions
        WHEN NEW.origin <> 'engine'
        BEGIN
            UPDATE transcript_revisions SET charged = \(charge("NEW")),
                charged_to = (SELECT user_id FROM audio_records WHERE id = NEW.audio_record_id)
                WHERE id = NEW.id;
            UPDATE users SET used_text = used_text + \(charge("NEW"))
                WHERE id = (SELECT user_id FROM audio_records WHERE id = NEW.audio_record_id);
        END;
        CREATE TRIGGER transcript_revisions_discharge AFTER DELETE ON transcript_revisions
        WHEN OLD.charged > 0
        BEGIN
            UPDATE users SET used_text = used_text - OLD.charged WHERE id = OLD.charged_to;
        END;
        CREATE TRIGGER audio_records_charge_another AFTER UPDATE OF user_id ON audio_records
        WHEN OLD.user_id IS NOT NEW.user_id
        BEGIN
            UPDATE users SET used_text = used_text - (SELECT coalesce(sum(charged), 0) FROM transcript_revisions
                WHERE audio_record_id = NEW.id AND charged_to = users.id) WHERE id = OLD.user_id;
            UPDATE users SET used_text = used_text + (SELECT coalesce(sum(charged), 0) FROM transcript_revisions
                WHERE audio_record_id = NEW.id) WHERE id = NEW.user_id;
            UPDATE transcript_revisions SET charged_to = NEW.user_id WHERE audio_record_id = NEW.id AND charged > 0;
        END;
        CREATE TRIGGER users_text_room AFTER UPDATE OF used_text ON users
        WHEN NEW.used_text < OLD.used_text AND EXISTS (SELECT 1 FROM quota_waits WHERE user_id = NEW.id)
        BEGIN
            INSERT INTO quota_room (user_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
        END;
        """

    /// Bytes: the words and their times, and what a row costs beside.
    private static func charge(_ row: String) -> String {
        "(length(CAST(\(row).text AS BLOB)) + length(CAST(\(row).segments AS BLOB)) + 256)"
    }

    /// A text of up to ``SearchPieces/longestWhole`` characters is in the index as before, by its recording's
    /// id. A longer one is taken in and out in pieces, each by an id of its own beyond all recordings', and
    /// in a transaction of its own, so that the writer is never held for long: what is still to be done
    /// stands in `search_due`.
    ///
    /// `search_pieces` has no foreign key: what the index holds must be known until it is taken out.
    private static let pieces = """
        DROP TRIGGER audio_records_search_insert;
        DROP TRIGGER audio_records_search_delete;
        DROP TRIGGER audio_records_search_update;
        CREATE TABLE search_pieces (
            id INTEGER PRIMARY KEY,
            audio_record_id INTEGER NOT NULL,
            owner INTEGER NOT NULL,
            text TEXT NOT NULL
        ) STRICT;
        CREATE INDEX search_pieces_record ON search_pieces (audio_record_id, id);
        CREATE TABLE search_due (
            audio_record_id INTEGER PRIMARY KEY,
            version INTEGER NOT NULL
        ) STRICT;

        INSERT INTO transcript_search (transcript_search, rowid, text, owner)
            SELECT 'delete', a.id, \(searchColumns("a")) FROM audio_records a WHERE \(isLong("a"));
        INSERT INTO search_due (audio_record_id, version)
            SELECT a.id, random() FROM audio_records a WHERE \(isLong("a"));

        CREATE TRIGGER search_pieces_insert AFTER INSERT ON search_pieces
        BEGIN
            INSERT INTO transcript_search (rowid, text, owner) SELECT NEW.id, \(pieceColumns("NEW"));
        END;
        CREATE TRIGGER search_pieces_delete AFTER DELETE ON search_pieces
        BEGIN
            INSERT INTO transcript_search (transcript_search, rowid, text, owner)
                SELECT 'delete', OLD.id, \(pieceColumns("OLD"));
        END;

        CREATE TRIGGER audio_records_search_insert AFTER INSERT ON audio_records
        WHEN NEW.transcript_text IS NOT NULL
        BEGIN
            \(addWhole("NEW"))
            \(makeDue("NEW", where: isLong("NEW")))
        END;
        CREATE TRIGGER audio_records_search_delete AFTER DELETE ON audio_records
        WHEN OLD.transcript_text IS NOT NULL
        BEGIN
            \(removeWhole("OLD"))
            \(makeDue("OLD", where: isLong("OLD")))
        END;
        CREATE TRIGGER audio_records_search_update AFTER UPDATE OF transcript_text, user_id ON audio_records
        WHEN OLD.transcript_text IS NOT NEW.transcript_text OR OLD.user_id IS NOT NEW.user_id
        BEGIN
            \(removeWhole("OLD"))
            \(addWhole("NEW"))
            \(makeDue("NEW", where: "\(isLong("OLD")) OR \(isLong("NEW"))"))
        END;
        """

    private static func isLong(_ row: String) -> String {
        "coalesce(length(\(row).transcript_text), 0) > \(SearchPieces.longestWhole)"
    }

    private static func addWhole(_ row: String) -> String {
        """
        INSERT INTO transcript_search (rowid, text, owner) SELECT \(row).id, \(searchColumns(row))
            WHERE length(\(row).transcript_text) <= \(SearchPieces.longestWhole);
        """
    }

    private static func removeWhole(_ row: String) -> String {
        """
        INSERT INTO transcript_search (transcript_search, rowid, text, owner)
            SELECT 'delete', \(row).id, \(searchColumns(row))
            WHERE length(\(row).transcript_text) <= \(SearchPieces.longestWhole);
        """
    }

    private static func makeDue(_ row: String, where condition: String) -> String {
        """
        INSERT INTO search_due (audio_record_id, version) SELECT \(row).id, random() WHERE \(condition)
            ON CONFLICT (audio_record_id) DO UPDATE SET version = excluded.version;
        """
    }

    private static func pieceColumns(_ row: String) -> String {
        "\(searchable("\(row).text")), 'u' || \(row).owner"
    }
}
