// Nettle's SHA-256, HMAC and HKDF for Swift, which cannot call functions by the macros that rename them.
#ifndef CNETTLE_H
#define CNETTLE_H

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>

// HKDF with SHA-256 and without salt (RFC 5869, 2.2: zeros in its place).
static inline void kotib_hkdf_sha256(size_t secret_size, const uint8_t *secret, size_t info_size,
                                     const uint8_t *info, size_t key_size, uint8_t *key) {
    static const uint8_t salt[SHA256_DIGEST_SIZE];
    uint8_t extracted[SHA256_DIGEST_SIZE];
    struct hmac_sha256_ctx hmac;

    hmac_sha256_set_key(&hmac, sizeof salt, salt);
    hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                 (nettle_hash_digest_func *)hmac_sha256_digest, sizeof extracted, secret_size, secret,
                 extracted);
    hmac_sha256_set_key(&hmac, sizeof extracted, extracted);
    hkdf_expand(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                (nettle_hash_digest_func *)hmac_sha256_digest, sizeof extracted, info_size, info, key_size,
                key);
    explicit_bzero(extracted, sizeof extracted);
    explicit_bzero(&hmac, sizeof hmac);
}

#endif
