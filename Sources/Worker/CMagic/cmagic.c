// The module is headers only; this file makes it a target that links.
#include "CMagic.h"

_Static_assert(MAGIC_VERSION >= 543, "libmagic 5.43 or later");
