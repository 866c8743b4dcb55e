/* rows: messages that wait on disk. */
#include "options/rows.h"

enum { ONE = CALL_COMPOSED | CALL_COMPLETE | CALL_ONE };

static const char *const actions[] = {
    "list", "show", "hold", "release", "cancel", "retry", NULL};

static const struct option_row rows[] = {
    {
	.name = "queue",
	.type = OPTION_FLAG,
	.offset = FIELD(outbox.queue),
	.scope = OPTION_ARGV,
	.applies = ONE,
	.summary = "keep the message to be sent by --flush",
	.manual = "Sends nothing: the message is put into the outbox, and "
		  "the status is 0 when it is safe there, on the disk. "
		  "`--flush` sends it, to the server and the account that "
		  "this call names or finds. `-v` prints its ID. See "
		  "smtpsend-outbox(7).",
    },
    {
	.name = "queue-on-failure",
	.type = OPTION_FLAG,
	.offset = FIELD(outbox.on_failure),
	.scope = OPTION_ANYWHERE,
	.applies = ONE,
	.summary = "keep what cannot be sent now",
	.manual =
	    "Where the call would end with 75 or 68, or some "
	    "recipients were only deferred, the message is put into "
	    "the outbox for them, as `--queue` does, and that counts as if they had "
	    "it. What nobody knows (2) is never queued.",
    },
    {
	.name = "flush",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "send what waits in the outbox",
	.manual = "Sends the messages of the outbox that are due. What a "
		  "call or a flush could not send is tried again after 1, 5, "
		  "15 and 30 minutes, 1, 2 and then every 4 hours; a flush "
		  "that comes sooner leaves it alone (`sendmail -q` does "
		  "not). After `--outbox-lifetime`, or when its recipients "
		  "were refused, it is kept as failed. Nothing is sent about "
		  "it. Two flushes do not get into each other's way. A "
		  "timer or a cron line that calls this every minute is all "
		  "that is needed.",
	.action = ACTION_FLUSH,
    },
    {
	.name = "outbox",
	.type = OPTION_ACTION,
	.check = value_plain,
	.scope = OPTION_ARGV,
	.argument = "ACTION",
	.optional = true,
	.hints = actions,
	.summary = "list what waits, or change what becomes of it",
	.manual =
	    "Lists what is in the outbox: `list`, which is meant without "
	    "an ACTION. With IDs as operands, of which the beginning is "
	    "enough where it is the only one, or `all`: `show` prints the "
	    "envelope and what was said, `hold` keeps from being sent, "
	    "`release` ends that, `retry` makes due now, also what has "
	    "failed and what is unknown, which may then arrive twice and "
	    "is therefore not meant by `all`, and `cancel` deletes.",
	.action = ACTION_OUTBOX,
    },
    {
	.name = "outbox-dir",
	.type = OPTION_STRING,
	.offset = FIELD(outbox.directory),
	.scope = OPTION_ANYWHERE,
	.applies = ONE | CALL_OUTBOX,
	.argument = "DIR",
	.completion = COMPLETE_FILE,
	.summary = "where the outbox is",
	.manual = "The directory of the outbox, in place of the one in the "
		  "system's spool (`--spool-dir`), or, where there is no "
		  "spool, `$XDG_STATE_HOME/smtpsend/outbox` or "
		  "`~/.local/state/smtpsend/outbox`. It is made when it is "
		  "needed, and must be yours and closed to others.",
    },
    {
	.name = "spool-dir",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(outbox.spool),
	.scope = OPTION_ANYWHERE,
	.applies = ONE | CALL_OUTBOX,
	.argument = "DIR",
	.completion = COMPLETE_FILE,
	.summary = "the spool of all users, or none",
	.manual = "The system's spool, in which each user has an outbox "
		  "named by his number: `/var/spool/smtpsend`, if it is "
		  "there, or one below the place that smtpsend was "
		  "installed to. It has to be root's, and to have mode "
		  "1733. `none`: it is not used. The root user's `--flush` "
		  "sends what waits there, for each user as that user; see "
		  "SPOOL in smtpsend-outbox(7).",
    },
    {
	.name = "outbox-lifetime",
	.type = OPTION_DURATION,
	.offset = FIELD(outbox.lifetime_ms),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_OUTBOX,
	.argument = "DURATION",
	.initial = "5d",
	.summary = "how long a message is tried",
	.manual = "How long after it was queued a message is tried; the "
		  "default is five days. Then it is kept as failed.",
    },
    {.name = NULL},
};

const struct option_section section_outbox = {"Outbox", "waiting", ROWS(rows)};
