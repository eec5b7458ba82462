#define _GNU_SOURCE
#include "kotib_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <wchar.h>

_Static_assert(RESOLVE_NO_MAGICLINKS == 0x02 && RESOLVE_NO_SYMLINKS == 0x04 && RESOLVE_BENEATH == 0x08,
               "linux/openat2.h");
_Static_assert(RENAME_NOREPLACE == 1 && RENAME_EXCHANGE == 2, "renameat2(2)");

const int KOTIB_O_PATH = O_PATH;

int kotib_openat2(int folder, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

int kotib_renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned int flags) {
    return renameat2(from_folder, from, to_folder, to, flags);
}

// `flags` beside MFD_CLOEXEC.
static int memory_file(const char *name, unsigned int flags) {
    // MFD_NOEXEC_SEAL, which kernels since 6.3 can be set to demand (sysctl vm.memfd_noexec) and older ones refuse.
    const unsigned int never_executable = 0x8;
    int file = memfd_create(name, flags | MFD_CLOEXEC | never_executable);
    return file < 0 && errno == EINVAL ? memfd_create(name, flags | MFD_CLOEXEC) : file;
}

int kotib_memory_file(const char *name) { return memory_file(name, 0); }

int kotib_memory_buffer(const char *name, off_t size) {
    int file = memory_file(name, MFD_ALLOW_SEALING);
    if (file < 0) return -1;
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (ftruncate(file, size) == 0 && fcntl(file, F_ADD_SEALS, seals) == 0) return file;
    int cause = errno;
    close(file);
    errno = cause;
    return -1;
}

// Room for what comes beside a packet, aligned as the macros of cmsg(3) need it.
union control {
    char bytes[CMSG_SPACE(KOTIB_MOST_DESCRIPTORS * sizeof(int))];
    struct cmsghdr align;
};

ssize_t kotib_send_packet(int socket, const void *bytes, size_t count, const int *descriptors, size_t passed) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union control control;
    if (passed > KOTIB_MOST_DESCRIPTORS) {
        errno = EINVAL;
        return -1;
    }
    if (passed > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(passed * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(passed * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, passed * sizeof(int));
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

// Keeps the first descriptors of a message and closes every other, so that a peer cannot fill our table.
static size_t take_descriptors(struct msghdr *message, int *taken) {
    size_t kept = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (kept < KOTIB_MOST_DESCRIPTORS) taken[kept++] = descriptor;
            else close(descriptor);
        }
    }
    return kept;
}

ssize_t kotib_receive_packet(int socket, void *bytes, size_t capacity, int *descriptors, size_t *received) {
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    union control control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *received = 0;
    ssize_t count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return count;
    *received = take_descriptors(&message, descriptors);
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t i = 0; i < *received; i++) close(descriptors[i]);
        *received = 0;
        errno = EMSGSIZE;
        return -1;
    }
    return count;
}

int kotib_probe_lease(int file) {
    // Who opens the file for writing in the instant of the lease has us sent a signal: SIGIO unless set, which
    // would end the process; SIGURG does nothing by default (signal(7)).
    if (fcntl(file, F_SETSIG, SIGURG) < 0 || fcntl(file, F_SETLEASE, F_RDLCK) < 0) return -1;
    return fcntl(file, F_SETLEASE, F_UNLCK);
}

int kotib_mount_facts(int file, uint32_t *type, uint64_t *free_bytes) {
    struct statfs facts;
    if (fstatfs(file, &facts) < 0) return -1;
    *type = (uint32_t)facts.f_type;
    *free_bytes = (uint64_t)facts.f_bavail * (uint64_t)(facts.f_frsize > 0 ? facts.f_frsize : facts.f_bsize);
    return 0;
}

int kotib_set_modified(int file, int64_t nanoseconds) {
    int64_t seconds = nanoseconds / 1000000000, rest = nanoseconds % 1000000000;
    if (rest < 0) {
        rest += 1000000000;
        seconds--;
    }
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds, .tv_nsec = (long)rest}};
    return futimens(file, times);
}

ssize_t kotib_access_list(int file, void *list, size_t size) {
    return fgetxattr(file, "system.posix_acl_access", list, size);
}

int kotib_keep_capabilities_from_programs(void) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) < 0) return -1;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) sets[i].inheritable = 0;
    return (int)syscall(SYS_capset, &header, sets);
}

static locale_t unicode;

static void make_unicode(void) {
    unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

int kotib_character_width(uint32_t scalar) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_unicode);
    if (!unicode) return 1;
    locale_t own = uselocale(unicode);
    int width = wcwidth((wchar_t)scalar);
    uselocale(own);
    return width;
}

void kotib_map_large_blocks(int bytes) {
    mallopt(M_MMAP_THRESHOLD, bytes);
}
