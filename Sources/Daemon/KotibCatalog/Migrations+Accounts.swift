extension Migrations {
    /// Codes as keyed hashes, revocable tokens, what limits the sending of codes, and people's settings.
    ///
    /// `otp_code` holds an HMAC. A number has one code at most, so a new one replaces the old. A token that has no
    /// row is revoked. Times of `account_attempts` are seconds since 1970: they are only compared.
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
}
