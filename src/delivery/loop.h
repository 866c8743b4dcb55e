/*
 * loop: the one place that waits for deliveries, any number of them, and that
 * knows the clock, the deadline and the signals.
 *
 * A deadline and a signal end all deliveries, wherever they are; but between
 * SMTP_COMMIT and SMTP_DONE a delivery does not heed a signal: the verdict is
 * awaited, until another one comes two seconds or more after the first.
 */
#ifndef DELIVERY_LOOP_H
#define DELIVERY_LOOP_H

#include "delivery/delivery.h"
#include "lib/wait.h"

struct loop;

/* What the limits point to outlives the loop. */
struct loop *loop_new(const struct wait_limits *);
void loop_free(struct loop *);
/* The caller's, who frees it after the loop. */
void loop_add(struct loop *, struct delivery *);

/* Nothing more comes of it, or it was never added. */
bool loop_is_over(const struct loop *, const struct delivery *);

/* Something else to look after, before each wait: returns when to be called
 * again at the latest (monotonic, INT64_MAX: no matter when). */
void loop_watch(struct loop *, int64_t (*look)(void *arg), void *arg);

/* The same for who brings new deliveries, and new work to those there are.  True:
 * it did, nobody waits yet.  As long as it names a time, or a descriptor that will
 * be readable (-1: none), there is something to come even without a delivery, but
 * not when a signal came or the deadline has passed. */
void loop_feed(
    struct loop *, bool (*feed)(void *arg, int64_t *until, int *fd), void *arg);
/* A signal came, or the deadline has passed: nothing new is to be begun. */
bool loop_is_ending(const struct loop *);

/* Waits for an event of any delivery and returns whose it is; NULL when none
 * of them has anything more to come.  Work may be added to all of them then. */
struct delivery *loop_next(struct loop *, struct smtp_event *);
/* Whether a signal came and a verdict is awaited nevertheless. */
bool loop_lingers(const struct loop *);
/* The signal that ended a delivery, 0 if none did. */
int loop_signal(const struct loop *);

#endif
