// The module is headers only; this file makes it a target that links.
#include "CAV.h"

_Static_assert(LIBAVFORMAT_VERSION_MAJOR >= 59, "FFmpeg 5.1 or later");
