// What a brain must offer to be served by sitl.c: its own record, ready for the first tick.
#ifndef GANGLION_SITL_H
#define GANGLION_SITL_H

#include "../core/dispatcher.h"

const brain_t *sitl_brain(void);

#endif
