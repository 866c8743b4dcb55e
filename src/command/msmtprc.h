/*
 * msmtprc: a configuration of msmtp (1.8), taken apart.
 *
 * A line is a command and an argument, which may stand in double quotes; `#`
 * begins a comment where it is the first character.  `defaults` holds for the
 * accounts below it, `account NAME : BASE,…` takes what stands in others above.
 * What stands before the first account belongs to one called `default`.
 * Nothing is opened and nothing run.
 */
#ifndef COMMAND_MSMTPRC_H
#define COMMAND_MSMTPRC_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

enum msmtprc_command {
	/* Several of them are one setting of ours, or one is looked into. */
	MSMTPRC_HOST,
	MSMTPRC_PORT,
	MSMTPRC_SOCKET,
	MSMTPRC_PROTOCOL,
	MSMTPRC_TLS,
	MSMTPRC_TLS_STARTTLS,
	MSMTPRC_TLS_TRUST_FILE,
	MSMTPRC_AUTH,
	MSMTPRC_USER,
	MSMTPRC_PASSWORD,
	MSMTPRC_PASSWORDEVAL,
	MSMTPRC_FROM,
	MSMTPRC_FROM_FULL_NAME,
	MSMTPRC_PROXY_HOST,
	MSMTPRC_PROXY_PORT,
	MSMTPRC_TIMEOUT,
	MSMTPRC_DOMAIN,
	MSMTPRC_DSN_RETURN,
	MSMTPRC_REMOVE_BCC_HEADERS,
	/* One setting, and the same value. */
	MSMTPRC_SOURCE_IP,
	MSMTPRC_DSN_NOTIFY,
	MSMTPRC_TLS_CERT_FILE,
	MSMTPRC_TLS_KEY_FILE,
	MSMTPRC_TLS_CRL_FILE,
	MSMTPRC_TLS_PRIORITIES,
	MSMTPRC_TLS_HOST_OVERRIDE,
	MSMTPRC_KNOWN, /* so many; others have nothing here */
	MSMTPRC_OTHER = MSMTPRC_KNOWN,
};

struct msmtprc_line {
	unsigned number;
	const char *name; /* the command as it is written */
	enum msmtprc_command command;
	const char *argument; /* without its quotes; "": none */
	const char *account;  /* that it stands in; NULL: in defaults */
	const char *lacking;  /* why there is nothing for it here; NULL: it has
				 no need of it, or there is something */
};

struct msmtprc_account {
	const char *name;
	unsigned number; /* its line; 0: it has none */
	/* What holds there; NULL: msmtp's default. */
	const struct msmtprc_line *own[MSMTPRC_KNOWN];
	const struct msmtprc_line *defaults[MSMTPRC_KNOWN];
};

struct msmtprc {
	struct msmtprc_line *lines; /* in order */
	size_t line_count;
	struct msmtprc_account *accounts;
	size_t account_count;
};

/* text is cut into pieces in place, and they point into it.  0, or -1 with
 * EX_CONFIG and "PATH:LINE: …". */
int msmtprc_read(struct msmtprc *, struct arena *, char *text, size_t n,
    const char *path, struct error *);

static inline const struct msmtprc_line *
msmtprc_line_of(const struct msmtprc_account *a, enum msmtprc_command command)
{
	return a->own[command] != NULL ? a->own[command] : a->defaults[command];
}

/* Its argument, "" if there is none. */
static inline const char *
msmtprc_argument(const struct msmtprc_account *a, enum msmtprc_command command)
{
	const struct msmtprc_line *line = msmtprc_line_of(a, command);

	return line != NULL ? line->argument : "";
}

#endif
