// The functions of the C library that the firmware uses, so that it needs none; memory.c has them.
#ifndef GANGLION_STRING_H
#define GANGLION_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

#endif
