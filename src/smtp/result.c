#include "smtp/result.h"

#include <stddef.h>

const char *
smtp_phase_name(enum smtp_phase phase)
{
	static const char *const names[] = {
	    [SMTP_PHASE_CONNECT] = "connect",
	    [SMTP_PHASE_GREETING] = "greeting",
	    [SMTP_PHASE_EHLO] = "EHLO",
	    [SMTP_PHASE_STARTTLS] = "STARTTLS",
	    [SMTP_PHASE_AUTH] = "AUTH",
	    [SMTP_PHASE_MAIL] = "MAIL",
	    [SMTP_PHASE_RCPT] = "RCPT",
	    [SMTP_PHASE_DATA] = "DATA",
	    [SMTP_PHASE_MESSAGE] = "message",
	    [SMTP_PHASE_RSET] = "RSET",
	    [SMTP_PHASE_COMMAND] = "command",
	    [SMTP_PHASE_QUIT] = "QUIT",
	};

	return names[phase];
}

const char *
smtp_verdict_name(enum smtp_verdict verdict)
{
	static const char *const names[] = {
	    [SMTP_NOT_SENT] = "not sent",
	    [SMTP_ACCEPTED] = "accepted",
	    [SMTP_DEFERRED] = "deferred",
	    [SMTP_REFUSED] = "refused",
	    [SMTP_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

const char *
smtp_result_step(const struct smtp_result *r)
{
	return r->command != NULL ? r->command : smtp_phase_name(r->phase);
}
