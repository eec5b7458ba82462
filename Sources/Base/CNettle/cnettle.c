// The module is headers only; this file makes it a target that links.
#include "CNettle.h"
