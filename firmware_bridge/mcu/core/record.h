// Requests about the brain's record: loading, saving, starting anew, parameters. requests.c has the table of them.
#ifndef GANGLION_RECORD_H
#define GANGLION_RECORD_H

#include "dispatcher.h"

// Each carries out the request in d->receiver, whose length fits, and whose brain is loaded if it must be. It writes its
// answer to `payload` and *size, which is 0 before; returns 0, or the code of a refusal, when nothing was done.
uint8_t record_reset(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_freeze(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_set(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_get(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_hash(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_load(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_commit(dispatcher_t *d, uint8_t *payload, size_t *size);
uint8_t record_save(dispatcher_t *d, uint8_t *payload, size_t *size);

#endif
