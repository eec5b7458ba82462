// System calls that Swift cannot reach: variadic, without a glibc wrapper in Debian 12, or made of macros.
// Each returns what the system call returns and sets errno.
#ifndef KOTIB_POSIX_H
#define KOTIB_POSIX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// openat2(2). `resolve` is a set of RESOLVE_* of linux/openat2.h, below.
int kotib_openat2(int folder, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

// renameat2(2). `flags` 0 replaces, KOTIB_RENAME_NOREPLACE does not, KOTIB_RENAME_EXCHANGE swaps both names.
int kotib_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags);

// Descriptors that one packet can carry.
enum { KOTIB_MOST_DESCRIPTORS = 2 };

// One packet over a SOCK_SEQPACKET socket, with the first `passed` of `descriptors` (SCM_RIGHTS, unix(7)). EINVAL for
// more than KOTIB_MOST_DESCRIPTORS.
ssize_t kotib_send_packet(int socket, const void *bytes, size_t count, const int *descriptors, size_t passed);

// One packet, and `*received` descriptors that came with it (close-on-exec), at most KOTIB_MOST_DESCRIPTORS. 0 is the
// end of the connection. A packet longer than `capacity`, or with more descriptors, fails with EMSGSIZE.
ssize_t kotib_receive_packet(int socket, void *bytes, size_t capacity, int *descriptors, size_t *received);

// Takes a read lease on `file` and gives it back: 0, or -1 with EAGAIN where somebody has it open for writing
// (F_SETLEASE, fcntl(2)). `file` must be open for reading only.
int kotib_probe_lease(int file);

// fstatfs(2): the file system's magic number and the bytes that an unprivileged user may still write.
int kotib_mount_facts(int file, uint32_t *type, uint64_t *free_bytes);

// Sets the time of the last modification in nanoseconds since 1970 and leaves that of the last access (futimens(2)).
int kotib_set_modified(int file, int64_t nanoseconds);

// The access list of a file as the kernel has it (linux/posix_acl_xattr.h), and its size; -1 where there is none.
ssize_t kotib_access_list(int file, void *list, size_t size);

// memfd_create(2): a file without a name that lies in memory, open for reading and writing, close-on-exec.
int kotib_memory_file(const char *name);

// The same, of `size` bytes that are zero, and sealed: nobody can make it longer or shorter (F_ADD_SEALS, fcntl(2)).
int kotib_memory_buffer(const char *name, off_t size);

// No program that this thread, or one that it makes later, starts gets any of its capabilities (capabilities(7)): its
// ambient and inheritable sets become empty, while it keeps what it has itself.
int kotib_keep_capabilities_from_programs(void);

// wcwidth(3) of a Unicode scalar, whatever the process's own locale is: 0, 1 or 2, and -1 for what cannot be shown.
int kotib_character_width(uint32_t scalar);

// Has blocks of so many bytes and more mapped by themselves, so that they go back to the kernel when they are freed
// (M_MMAP_THRESHOLD, mallopt(3)). Unless set, glibc raises its threshold to the largest block that was freed, up to 32 MiB.
void kotib_map_large_blocks(int bytes);

static const uint64_t KOTIB_RESOLVE_NO_MAGICLINKS = 0x02;
static const uint64_t KOTIB_RESOLVE_NO_SYMLINKS = 0x04;
static const uint64_t KOTIB_RESOLVE_BENEATH = 0x08;
static const unsigned int KOTIB_RENAME_NOREPLACE = 1;
static const unsigned int KOTIB_RENAME_EXCHANGE = 2;
extern const int KOTIB_O_PATH;

#endif
