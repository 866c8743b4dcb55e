#include "report/outcome.h"

#include <sysexits.h>

#include "lib/error.h"

/*
 * Who has it decides first; then, when nobody has, the first row one of whose
 * statuses some recipient stands for.  "Try again" wins over a refusal, since
 * a script that tries again loses nothing.
 */
static const int order[] = {
    EX_TEMPFAIL, /* 75: at least one was only deferred */
    EX_USAGE,	 /* 64 … 74: our side */
    EX_DATAERR, EX_NOINPUT, EX_OSERR, EX_CANTCREAT, EX_IOERR, EX_CONFIG,
    EX_NOHOST,	    /* 68 */
    EX_NOPERM,	    /* 77 */
    EX_PROTOCOL,    /* 76 */
    EX_UNAVAILABLE, /* 69: the server refused at another point than RCPT */
    EX_NOUSER,	    /* 67: every recipient refused */
};

static const struct {
	int status;
	const char *name;
} names[] = {
    {EX_OK, "accepted"},
    {EX_PARTIAL, "partial"},
    {EX_UNKNOWN, "unknown"},
    {EX_UNFINISHED, "unfinished"},
    {EX_USAGE, "usage"},
    {EX_DATAERR, "data"},
    {EX_NOINPUT, "input"},
    {EX_NOUSER, "recipients-refused"},
    {EX_NOHOST, "no-such-host"},
    {EX_UNAVAILABLE, "refused"},
    {EX_OSERR, "system"},
    {EX_CANTCREAT, "cannot-create"},
    {EX_IOERR, "io"},
    {EX_TEMPFAIL, "deferred"},
    {EX_PROTOCOL, "protocol"},
    {EX_NOPERM, "security"},
    {EX_CONFIG, "configuration"},
};

static int
worst(const struct smtp_recipient *recipients, size_t count)
{
	size_t row, i;

	for (i = 0; i < count; i++)
		if (recipients[i].result.status > EX_SIGNAL)
			return recipients[i].result.status;
	for (row = 0; row < sizeof(order) / sizeof(order[0]); row++)
		for (i = 0; i < count; i++)
			if (recipients[i].result.status == order[row])
				return order[row];
	return EX_SOFTWARE;
}

struct outcome
outcome_of(const struct smtp_recipient *recipients, size_t count)
{
	struct outcome o = {0};
	size_t i;

	for (i = 0; i < count; i++) {
		switch (recipients[i].result.verdict) {
		case SMTP_ACCEPTED:
			o.accepted++;
			break;
		case SMTP_DEFERRED:
			o.deferred++;
			break;
		case SMTP_REFUSED:
			o.refused++;
			break;
		case SMTP_UNKNOWN:
			o.unknown++;
			break;
		case SMTP_NOT_SENT:
			o.not_sent++;
			break;
		}
	}
	if (o.unknown > 0)
		o.status = EX_UNKNOWN;
	else if (o.accepted == count)
		o.status = EX_OK;
	else if (o.accepted > 0)
		o.status = EX_PARTIAL;
	else
		o.status = worst(recipients, count);
	return o;
}

const char *
outcome_name(int status)
{
	size_t i;

	if (status > EX_SIGNAL)
		return "cancelled";
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	return "failed";
}

int
outcome_of_reply(int code)
{
	switch (code / 100) {
	case 2:
		return EX_OK;
	case 4:
		return EX_TEMPFAIL;
	case 5:
		return EX_UNAVAILABLE;
	default:
		return EX_PROTOCOL;
	}
}

/* Nobody has anything with 64 and more alone. */
int
outcome_of_many(const struct outcome_many *m)
{
	if (m->unfinished && (m->somebody || m->why == 0))
		return EX_UNFINISHED;
	if (m->unfinished)
		return m->why;
	if (m->unknown)
		return EX_UNKNOWN;
	if (!m->refused && m->bad == 0)
		return EX_OK;
	if (m->somebody)
		return EX_PARTIAL;
	return m->refused ? EX_NOUSER : m->bad;
}
