/* judge: what becomes of a message's recipients after a try, and what the
 * journal keeps of it. */
#ifndef BATCH_JUDGE_H
#define BATCH_JUDGE_H

#include "batch/journal.h"
#include "batch/schedule.h"
#include "batch/supply.h"

/* Fills in the fates by the results, and gives the place in the lane's window
 * free, unless the connection ended, which is told to the schedule otherwise.
 * *due_us: when those are due who are to be tried again. */
enum schedule_hold judge(struct supply_message *, struct schedule *,
    unsigned lane, int64_t now_us, int64_t *due_us);

/* Whether any recipient has this fate. */
bool judge_has(const struct supply_message *, enum supply_fate);
/* Refusals that are not the message's fault: to be tried in another run. */
void judge_leave_refused(struct supply_message *);

/* Writes the verdicts; held: as long as refusals may not stand, they are put
 * off. */
void judge_write(
    const struct supply_message *, struct journal *, bool held, int64_t now);

#endif
