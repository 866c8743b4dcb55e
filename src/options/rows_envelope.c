/* rows: what is asked of the servers on the way, beside the message. */
#include "options/rows.h"

#include "options/value_envelope.h"

static const char *const notify_hints[] = {"never", "success", "failure",
    "success,failure", "failure,delay", "success,failure,delay", NULL};
static const char *const return_choices[] = {"full", "hdrs", NULL};
static const char *const required_choices[] = {"no", NULL};

static const struct option_row rows[] = {
    {
	.name = "dsn-notify",
	.type = OPTION_STRING,
	.check = value_notify,
	.offset = FIELD(envelope.notify),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "WHEN",
	.hints = notify_hints,
	.summary = "when to report on delivery",
	.manual = "When a report (DSN) is to be sent to the reverse-path: "
		  "`never`, or one or several, with commas between, of "
		  "`success`, `failure` and `delay`. The server has to "
		  "offer DSN, and learns the address as it was given, too "
		  "(ORCPT). A recipient may have it otherwise; see "
		  "ENVELOPE in smtpsend(1).",
    },
    {
	.name = "dsn-return",
	.type = OPTION_STRING,
	.choices = return_choices,
	.offset = FIELD(envelope.ret),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "WHAT",
	.summary = "what a report brings back: full or hdrs",
	.manual = "What a report of failure is to hold: the `full` message, "
		  "or only its header (`hdrs`). The server has to offer "
		  "DSN.",
    },
    {
	.name = "envelope-id",
	.type = OPTION_STRING,
	.check = value_envelope_id,
	.offset = FIELD(envelope.id),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "ID",
	.summary = "a name that reports repeat",
	.manual = "A name of this sending, which every report on it "
		  "repeats: up to 100 characters of ASCII. The server has "
		  "to offer DSN.",
    },
    {
	.name = "require-tls",
	.type = OPTION_FLAG,
	.offset = FIELD(envelope.require_tls),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_MESSAGE,
	.group = GROUP_TLS_REQUIRED,
	.summary = "no server may pass it on without TLS",
	.manual = "Demands that the message is passed on over verified TLS "
		  "only, all the way, and is returned otherwise (RFC "
		  "8689). The connection to the server is secured and "
		  "verified, wherever the server is, and the server has to "
		  "offer REQUIRETLS; if not, the exit status is 77.",
    },
    {
	.name = "tls-required",
	.type = OPTION_STRING,
	.choices = required_choices,
	.offset = FIELD(envelope.tls_required),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.group = GROUP_TLS_REQUIRED,
	.argument = "no",
	.summary = "deliver rather than insist on TLS: no",
	.manual = "With `no`, the message gets the field TLS-Required: No "
		  "(RFC 8689): servers on the way are to deliver it even "
		  "where a policy of the recipient's domain, such as "
		  "MTA-STS or DANE, cannot be met. The connection to our "
		  "own server is not affected.",
    },
    {
	.name = "deliver-by",
	.type = OPTION_STRING,
	.check = value_by,
	.offset = FIELD(envelope.deliver_by),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "TIME",
	.summary = "deliver within this time (DELIVERBY)",
	.manual = "The message is to be delivered within TIME, a DURATION. "
		  "`return` behind it: later it is not delivered, but "
		  "returned. `notify`, which is meant without either: the "
		  "sender is told that it is late. `trace`: every server "
		  "on the way reports it. `90m,return,trace` has all. The "
		  "server has to offer DELIVERBY, and may name a least time "
		  "for `return`.",
    },
    {
	.name = "priority",
	.type = OPTION_STRING,
	.check = value_priority,
	.offset = FIELD(envelope.priority),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "N",
	.summary = "priority on the way, -9 to 9 (MT-PRIORITY)",
	.manual = "How urgent servers are to treat the message: `-9` to "
		  "`9`, 0 being that of ordinary mail. The server has to "
		  "offer MT-PRIORITY, and may know fewer steps. "
		  "`--importance` is for the reader.",
    },
    {
	.name = "hold-for",
	.type = OPTION_DURATION,
	.offset = FIELD(envelope.hold_for_ms),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.group = GROUP_HOLD,
	.argument = "DURATION",
	.summary = "have the server hold it back this long",
	.manual = "The server keeps the message for this long, in whole "
		  "seconds, before it is delivered; 0 is at once. It has "
		  "to offer FUTURERELEASE, and may name a longest time.",
    },
    {
	.name = "hold-until",
	.type = OPTION_STRING,
	.offset = FIELD(envelope.hold_until),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.group = GROUP_HOLD,
	.argument = "DATE",
	.summary = "have the server hold it back until then",
	.manual = "The server keeps the message until DATE, in a form of "
		  "`--date`, which must be to come. It has to offer "
		  "FUTURERELEASE, and may name a latest time.",
    },
    {
	.name = "valid-since",
	.type = OPTION_STRING,
	.offset = FIELD(envelope.valid_since),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "DATE",
	.summary = "only to who has had the mailbox since (RRVS)",
	.manual = "The message is for whom the mailbox belonged to at "
		  "DATE, in a form of `--date`; if it has changed hands, "
		  "it is refused (RFC 7293). `;C` behind it: a server that "
		  "cannot pass this on goes on without, `;R`: it refuses. "
		  "The server has to offer RRVS.",
    },
    {
	.name = "mail-auth",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(envelope.mail_auth),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "ADDRESS",
	.summary = "who handed the message in (AUTH on MAIL)",
	.manual = "Tells the server the ADDRESS of whoever has submitted "
		  "the message, as far as it is known for certain, or `<>` "
		  "if it is not: the parameter AUTH of MAIL (RFC 4954 5), "
		  "between servers that trust one another. The server has "
		  "to offer AUTH.",
    },
    {
	.name = "mail-param",
	.type = OPTION_LIST,
	.check = value_parameters,
	.offset = FIELD(envelope.mail_params),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "PARAMETER",
	.summary = "any other parameter of MAIL",
	.manual =
	    "A parameter of MAIL, `KEYWORD` or `KEYWORD=VALUE` as it "
	    "goes out. The server has to offer its extension: the one that is known for the "
	    "KEYWORD, else one of this name. `EXTENSION:` before it "
	    "names another one, `:` alone none at all; `?` before "
	    "all this leaves the parameter out where its extension "
	    "is not offered.",
    },
    {
	.name = "rcpt-param",
	.type = OPTION_LIST,
	.check = value_parameters,
	.offset = FIELD(envelope.rcpt_params),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "PARAMETER",
	.summary = "any other parameter of RCPT",
	.manual = "A parameter of RCPT, for each recipient, in the forms of "
		  "`--mail-param`.",
    },
    {.name = NULL},
};

const struct option_section section_envelope = {
    "Envelope", "envelopes", ROWS(rows)};
