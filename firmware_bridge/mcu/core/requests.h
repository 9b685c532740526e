// What each request does; the dispatcher sees to it that it is done once.
#ifndef GANGLION_REQUESTS_H
#define GANGLION_REQUESTS_H

#include "dispatcher.h"

// Carries out the request in d->receiver. Writes its answer to `payload`, WIRE_PAYLOAD_MAX bytes, and *size.
// Returns the code of the answer, or 0 with the code of the refusal in *why; then nothing was done.
uint8_t request_carry_out(dispatcher_t *d, uint8_t *payload, size_t *size, uint8_t *why);

#endif
