#define _GNU_SOURCE
#include "CSandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

const int KOTIB_LIMIT_CORE = RLIMIT_CORE;
const int KOTIB_LIMIT_FILE_SIZE = RLIMIT_FSIZE;
const int KOTIB_LIMIT_FILES = RLIMIT_NOFILE;
const int KOTIB_LIMIT_ADDRESS_SPACE = RLIMIT_AS;

// What pthread_create(3) always asks for, and what makes a child a thread of this process.
const uint64_t KOTIB_CLONE_THREAD_FLAGS = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
const uint64_t KOTIB_PROT_EXEC = PROT_EXEC;
const uint64_t KOTIB_AT_EMPTY_PATH = AT_EMPTY_PATH;
const uint64_t KOTIB_PR_SET_NAME = PR_SET_NAME;
const uint64_t KOTIB_PR_GET_NAME = PR_GET_NAME;
const uint64_t KOTIB_PR_SET_VMA = 0x53564d41; // linux/prctl.h: names a mapping, newer glibc's malloc does

int kotib_set_no_new_privs(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int kotib_set_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int kotib_set_limit(int resource, uint64_t limit) {
    struct rlimit both = {.rlim_cur = limit, .rlim_max = limit};
    return setrlimit(resource, &both);
}

int kotib_drop_capabilities(void) {
    // Inherited as ambient ones where the daemon was given some (systemd.exec(5), AmbientCapabilities=).
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -1;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return (int)syscall(SYS_capset, &header, none);
}

// landlock(7), written out because Debian 12's linux/landlock.h ends at ABI 2.
struct ruleset {
    uint64_t files;  // ABI 1
    uint64_t net;    // ABI 4
    uint64_t scoped; // ABI 6
};

// Everything that `abi` can deny. Returns the size that the kernel of that ABI knows.
static size_t deny_all(int abi, struct ruleset *rules) {
    int file_rights = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    rules->files = (UINT64_C(1) << file_rights) - 1;
    rules->net = abi >= 4 ? 3 : 0;    // bind and connect by TCP
    rules->scoped = abi >= 6 ? 3 : 0; // abstract Unix sockets and signals
    if (abi >= 6) return sizeof *rules;
    return abi >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
}

int kotib_landlock_deny_all(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
    if (abi < 0) return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    struct ruleset rules;
    size_t size = deny_all((int)abi, &rules);
    int set = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (set < 0) return -1;
    long restricted = syscall(SYS_landlock_restrict_self, set, 0);
    int cause = errno;
    close(set);
    errno = cause;
    return restricted < 0 ? -1 : (int)abi;
}
