/* clock: monotonic time; the wall clock may step, time-outs must not. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_us(void);

#endif
