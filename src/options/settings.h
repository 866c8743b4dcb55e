/*
 * settings: what the user wants, from all origins, ready to be used.
 *
 * Filled by options/; read by command/ only, each part by those who do that
 * part of the work.  Strings live in the settings' arena.  Every field is an
 * option's value, if nothing else is said: the row that fills it is in the
 * rows_*.c of its section.
 */
#ifndef OPTIONS_SETTINGS_H
#define OPTIONS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/secret.h"

struct strings {
	const char **items;
	size_t count;
};

/* Adds a copy of text that lives in the arena. */
void strings_append(struct strings *, struct arena *, const char *text);
/* Adds the text itself, which the caller keeps. */
void strings_add(struct strings *, struct arena *, const char *text);

struct option_origin; /* option.h */

/* In the order of their choices. */
enum settings_tls_least { TLS_LEAST_1_2, TLS_LEAST_1_3 };
enum settings_tls_mode { TLS_AUTO, TLS_OFF, TLS_STARTTLS, TLS_IMPLICIT };

/* Parts that go as they are, where BINARYMIME is offered */
enum settings_binary { BINARY_OFF, BINARY_AUTO, BINARY_MUST };

/* What is asked for: one of these, or several queries of one kind. */
enum settings_action {
	ACTION_SEND, /* nothing else was asked */
	ACTION_EACH, /* many messages */
	ACTION_DRY_RUN,
	ACTION_PREVIEW,
	ACTION_USAGE,
	ACTION_VERSION,
	ACTION_SHOW_SETTINGS,
	ACTION_OPTION_HELP, /* action_argument: the option */
	ACTION_VRFY,	    /* action_arguments: the names */
	ACTION_EXPN,
	ACTION_ETRN, /* action_arguments: the nodes */
	ACTION_NOOP,
	ACTION_SERVER_HELP, /* action_arguments: topics, none for plain HELP */
	ACTION_EXPLAIN,	    /* action_arguments: words of replies */
	ACTION_SCRIPT,	    /* action_arguments: the file */
	ACTION_CHECK,	    /* what a message would be answered */
	ACTION_SERVER_INFO, /* action_arguments: "anonymous", or none */
	ACTION_LOGOUT,
	ACTION_PRINT_TOKEN,
	ACTION_ACCOUNTS,
	ACTION_FLUSH,
	ACTION_OUTBOX,	       /* action_arguments: what, and the IDs */
	ACTION_IMPORT_MSMTPRC, /* action_arguments: the file, or none */
	ACTION_CONFIGURE,      /* action_arguments: the address, or none */
	ACTION_LOGIN,	       /* action_arguments: how, or none */
};

/* Who gets the message, and what it is made of. */
struct settings_message {
	struct strings to, cc, bcc, to_file, cc_file, bcc_file, operands;
	/* Configured ones, where the command line has some, too */
	struct strings standing_bcc, standing_bcc_file;
	const char *from, *envelope_from, *subject;
	/* "PATTERN (FILE:12)": none is given, and the account is for addresses
	 * that fit it; NULL: there may be one */
	const char *from_pattern;
	struct strings reply_to, headers;
	const char *charset;
	struct strings list_unsubscribe;
	const char *list_id, *auto_submitted, *importance, *date, *message_id;
	const char *in_reply_to; /* FILE, "-" or a Message-ID */
	bool flowed;
	enum settings_binary binary;

	const char *body, *body_file;
	struct strings files; /* complete ones: -m FILE or "-" */
	const char *file;     /* the only one of them; NULL: none, or many */
	bool on_stdin;	      /* bare -t: a complete one on standard input,
			     recipients from its header */
	bool keep_bcc, strict, repair, resend;

	/* Parts beside the body: FILE, and what follows it behind commas */
	struct strings attach, inlined, forward;
	const char *html, *calendar;
};

/* What the envelope asks of the servers on the way; NULL: nothing. */
struct settings_envelope {
	const char *notify, *ret, *id; /* DSN (RFC 3461) */
	bool dsn_if_offered;	       /* it is for whoever can; no option's */
	bool require_tls;	       /* RFC 8689 */
	const char *tls_required;      /* "no": the field of RFC 8689 */
	const char *deliver_by, *priority;
	int64_t hold_for_ms;
	const char *hold_until, *valid_since;
	const char *mail_auth; /* an address, or "<>" */
	struct strings mail_params, rcpt_params;
};

struct settings_tls {
	enum settings_tls_mode mode;
	bool demanded; /* by the call, whatever the account says */
	const char *ca, *crl;
	struct strings pins;
	const char *server_name, *priority;
	enum settings_tls_least least;
	int64_t expiry_warning_ms; /* 0: none */
	bool trust_on_first_use;
	/* Our own: files, or URLs of tokens */
	const char *cert, *key, *key_password_file, *key_password_command;
};

/* What stands between us and the server. */
struct settings_proxy {
	const char *url;     /* NULL, "" or "none": nothing */
	const char *without; /* hosts with commas between; NULL: none */
	const char *ca, *password_command, *password_file;
};

/* Where the message goes, and how it gets there. */
struct settings_server {
	struct strings names; /* never empty: "localhost" by default */
	const char *origin;   /* where they came from; NULL: default */
	bool on_argv;
	struct settings_tls tls;
	const char *ehlo_name;
	struct strings without;
	bool no_cache;
	bool ipv4, ipv6;
	const char *source_address, *interface; /* one of them */
	const char *proxy_protocol; /* VERSION, and what follows it */
	struct settings_proxy proxy;
};

/* Signing in by OAuth; NULL: as the provider has it. */
struct settings_oauth {
	const char *provider; /* its id, or an issuer's URL; NULL: no OAuth */
	const char *client_id, *client_secret_file, *client_secret_command;
	const char *scope, *tenant, *ca;
};

/* Who we are to the server. */
struct settings_auth {
	const char *user, *password_command, *password_file;
	const char *token_command, *token_file; /* one of them */
	bool file_on_argv;	/* the command line names the password file */
	struct secret password; /* from a configuration file only */
	const char *password_fd, *password_credential, *password_from;
	const char *netrc;  /* one that names users, too */
	bool netrc_on_argv; /* the command line names it */
	bool no_netrc;	    /* nor ~/.netrc for a user that is named */
	struct settings_oauth oauth;
	const char *mechanism;
	bool in_clear;
};

struct settings_delivery {
	bool all_or_nothing;
	struct strings failover; /* names of accounts, with commas between */
	const char *dry_run; /* keywords with commas between; "" none; NULL: no
				dry run */
	const char *preview; /* "text" or "open"; NULL: no preview */
	const char *save;    /* path; NULL: no copy is kept */
	int64_t timeout_ms;  /* one step; 0: the RFC's limits */
	int64_t deadline_ms; /* the whole run; 0: none */
};

/* One message for each of many records, or several complete ones. */
struct settings_many {
	const char *each; /* the list; NULL: none */
	const char *format, *delimiter, *key, *record, *dir;
	bool skip_bad, yes;
	uint64_t connections, per_connection, tries, stop_after;
	const char *rate, *quota;
	int64_t retry_for_ms;
	const char *results, *resume;
	bool resend_unknown, resume_changed;
};

/* Messages that wait on disk. */
struct settings_outbox {
	bool queue, on_failure;
	const char *directory; /* NULL: where it always is */
	const char *spool;     /* of the system; NULL: the usual one, if it is
				  there; "none" */
	int64_t lifetime_ms;
};

/* What is local to this host. */
struct settings_local {
	struct strings aliases; /* files; "none" */
	const char *domain;	/* of bare names; NULL: as the system has it */
	/* Of sendmail(8), set by its command and no option's: it is what was
	 * called; -F; -t; -n. */
	bool face;
	const char *full_name;
	bool header_too;
	bool no_aliases;
	const char *config_file; /* -C, its whole path */
	const char *log_tag;	 /* -L; NULL: what we are called */
};

struct settings_script {
	bool keep_going, keep_open;
};

/* Commands; NULL or "": none. */
struct settings_hooks {
	const char *on_commit, *on_success, *on_failure;
};

/* Where --configure looks for servers; NULL: where everybody does. */
struct settings_search {
	const char *dns_server, *autoconfig_url;
};

struct settings_report {
	unsigned verbose;
	bool quiet, json, timing, hexdump;
	const char *transcript;
	const char *log; /* a file, or "syslog"; NULL, "" or "none": no log */
};

/* What holds where another account is used. */
struct settings_account {
	const char *name;	   /* NULL: what stands above all of them */
	bool used;		   /* the call would use it */
	struct strings from;	   /* addresses and patterns that it is for */
	struct settings *settings; /* of server, proxy and authentication */
	struct strings faults;	   /* why it cannot be used */
};

struct settings {
	struct arena arena;
	struct option_origin *origins; /* by number of the row: where the value
					  came from */
	struct strings files;  /* configuration files that were looked for, each
				 "PATH", or "PATH (why it was not read)" */
	bool system_denied;    /* there is a system's file, and we may not read
				  it */
	const char *user_file; /* the one of the user, there or not; NULL: no
				    place for one is ours */
	struct strings accounts; /* that those files have */
	const char *account;	 /* the one that was chosen; NULL: none */
	const char *home; /* what "~" in the name of a file stands for; NULL:
				 HOME is not set */

	enum settings_action action;
	const char *action_argument;
	struct strings action_arguments;

	struct settings_message message;
	struct settings_envelope envelope;
	struct settings_server server;
	struct settings_auth auth;
	struct settings_delivery delivery;
	struct settings_many many;
	struct settings_outbox outbox;
	struct settings_local local;
	struct settings_script script;
	struct settings_hooks hooks;
	struct settings_search search;
	struct settings_report report;

	/* Those of --failover, in order; with --accounts and --configure all
	 * there are, behind what holds for a new one (name NULL). */
	struct settings_account *others;
	size_t other_count;
};

/* More than one message is asked for. */
static inline bool
settings_are_for_many(const struct settings *s)
{
	return s->many.each != NULL || s->message.files.count > 1;
}

void settings_clear(struct settings *);
/* The password and those of the servers' URLs, when somebody has a copy. */
void settings_forget_secrets(struct settings *);
void settings_forget_proxy_password(struct settings *);

#endif
