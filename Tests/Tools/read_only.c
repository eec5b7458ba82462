/* LD_PRELOAD: as long as $KOTIB_TEST_READ_ONLY is a link to a folder, writing to a file below that folder that is
 * open fails with EROFS, as on a file system that made itself read-only after an error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_read_only(int file)
{
    const char *name = getenv("KOTIB_TEST_READ_ONLY");
    char folder[PATH_MAX], path[PATH_MAX], own[64];
    int error = errno, is = 0;
    ssize_t folder_length = name ? readlink(name, folder, sizeof folder) : -1;
    if (folder_length > 0) {
        snprintf(own, sizeof own, "/proc/self/fd/%d", file);
        ssize_t length = readlink(own, path, sizeof path);
        is = length > folder_length && memcmp(path, folder, folder_length) == 0;
    }
    errno = is ? EROFS : error;
    return is;
}

/* With and without 64, both of 64 bits on the machines that Kotib runs on. */
#define REPLACE(result, name, parameters, ...)                                  \
    result name parameters                                                      \
    {                                                                           \
        if (is_read_only(file))                                                 \
            return -1;                                                          \
        result(*next) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
        return next(__VA_ARGS__);                                               \
    }

REPLACE(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t offset), file, bytes, count, offset)
REPLACE(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t offset), file, bytes, count, offset)
REPLACE(ssize_t, write, (int file, const void *bytes, size_t count), file, bytes, count)
REPLACE(int, ftruncate, (int file, off_t length), file, length)
REPLACE(int, ftruncate64, (int file, off64_t length), file, length)
