extension Migrations {
    /// What bounds codes, tokens and limits by a clock that nobody sets, what tells an owner from a stranger, and whose
    /// a user's folder is.
    ///
    /// `ends_at`, `made_at`, `seen_at` and, from now on, `account_attempts.at` are times as `steady_time` counts them,
    /// which begins with the seconds since 1970. An `otp_code` that is empty was never sent, and nothing matches it.
    /// `folder_owner` is the user of the machine that the folder belonged to when it became the user's; NULL until
    /// somebody looks.
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
}
