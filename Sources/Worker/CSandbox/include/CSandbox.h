// The kernel's means to lower a process that Swift cannot reach: variadic prctl(2), Landlock without a glibc
// wrapper, and libseccomp with the constants that are macros.
#ifndef KOTIB_SANDBOX_H
#define KOTIB_SANDBOX_H

#include <errno.h>
#include <seccomp.h>
#include <stdint.h>

// prctl(PR_SET_NO_NEW_PRIVS): 0, or -1 with errno.
int kotib_set_no_new_privs(void);

// prctl(PR_SET_DUMPABLE, 0): 0, or -1 with errno.
int kotib_set_not_dumpable(void);

// Gives up all capabilities(7) of the calling thread and those it starts: 0, or -1 with errno.
int kotib_drop_capabilities(void);

// Denies the calling thread and those it starts all that this kernel's Landlock can deny. Returns the ABI
// version (landlock(7)), 0 where the kernel has no Landlock or it is switched off, -1 with errno.
int kotib_landlock_deny_all(void);

// setrlimit(2), soft and hard alike; `resource` is one of KOTIB_LIMIT_*. 0, or -1 with errno.
int kotib_set_limit(int resource, uint64_t limit);

extern const int KOTIB_LIMIT_CORE, KOTIB_LIMIT_FILE_SIZE, KOTIB_LIMIT_FILES, KOTIB_LIMIT_ADDRESS_SPACE;

static const uint32_t KOTIB_ALLOW = SCMP_ACT_ALLOW;
static const uint32_t KOTIB_KILL = SCMP_ACT_KILL_PROCESS;
static const uint32_t KOTIB_SAY_EACCES = SCMP_ACT_ERRNO(EACCES);
static const uint32_t KOTIB_SAY_ENOSYS = SCMP_ACT_ERRNO(ENOSYS);
static const uint32_t KOTIB_SAY_ENOTTY = SCMP_ACT_ERRNO(ENOTTY);

extern const uint64_t KOTIB_CLONE_THREAD_FLAGS, KOTIB_PROT_EXEC, KOTIB_AT_EMPTY_PATH;
extern const uint64_t KOTIB_PR_SET_NAME, KOTIB_PR_GET_NAME, KOTIB_PR_SET_VMA;

#endif
