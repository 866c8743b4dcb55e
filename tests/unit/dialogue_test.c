/*
 * Every dialogue of tests/dialogues between a session and the player, in this
 * process, with the bytes of both sides cut into pieces of several sizes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/memory.h"
#include "lib/secret.h"
#include "lib/source.h"
#include "report/outcome.h"
#include "servers/dialogue.h"
#include "smtp/session.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

enum {
	RECIPIENTS_MAX = 16,
	WITHOUT_MAX = 16,
	PARAMETERS_MAX = 16,
	TURNS_MAX = 20000000
};

struct talk {
	const struct dialogue *dialogue;
	struct dialogue_player *player;
	size_t server_piece, client_piece;

	const char *without[WITHOUT_MAX];
	struct sasl_credentials credentials;
	struct smtp_params params;
	struct smtp_session *session;

	struct arena arena;
	struct smtp_texts texts;
	struct smtp_recipient recipients[RECIPIENTS_MAX];
	struct smtp_transaction transaction;

	bool tls_wanted, closed;
	struct error error; /* status 0: none */
};

/* --- what the file says ---------------------------------------------------*/

static void
check_options(const struct dialogue *d)
{
	static const char *const known[] = {"lmtp", "all-or-nothing", "check",
	    "without", "user", "password", "token", "auth", "auth-in-clear",
	    "starttls", "timeout", "deadline", "mail-param", "rcpt-param",
	    "tls", "socket-only", "in-process-only"};
	size_t i, k;

	for (i = 0; i < dialogue_value_count(d, "option"); i++) {
		const char *option = dialogue_value(d, "option", i);

		for (k = 0; k < ELEMENTS(known); k++)
			if (strlen(known[k]) == strcspn(option, "=") &&
			    strncmp(option, known[k], strlen(known[k])) == 0)
				break;
		if (k == ELEMENTS(known))
			fail_msg(
			    "%s: unknown option: %s", dialogue_path(d), option);
	}
}

static bool
has_eight_bit(const struct dialogue *d)
{
	const char *body;
	size_t n, i;

	dialogue_body(d, &body, &n);
	for (i = 0; i < n; i++)
		if ((unsigned char)body[i] >= 0x80)
			return true;
	return false;
}

static void
read_params(struct talk *t)
{
	const struct dialogue *d = t->dialogue;
	const char *starttls = dialogue_option(d, "starttls", 0);
	const char *password = dialogue_option(d, "password", 0);
	const char *token = dialogue_option(d, "token", 0);
	struct smtp_params *p = &t->params;

	p->ehlo_name = "client.test";
	p->lmtp = dialogue_option(d, "lmtp", 0) != NULL;
	p->clear_ok = dialogue_option(d, "auth-in-clear", 0) != NULL;
	p->starttls = SMTP_STARTTLS_MAY;
	if (starttls != NULL) {
		assert_string_equal(starttls, "must");
		p->starttls = SMTP_STARTTLS_MUST;
	}
	t->credentials.user = dialogue_option(d, "user", 0);
	if (t->credentials.user != NULL) {
		p->mechanism = dialogue_option(d, "auth", 0);
		p->credentials = &t->credentials;
	}
	if (password != NULL)
		secret_set(
		    &t->credentials.password, password, strlen(password));
	if (token != NULL)
		secret_set(&t->credentials.token, token, strlen(token));
	while (p->without_count < WITHOUT_MAX &&
	    (t->without[p->without_count] =
		    dialogue_option(d, "without", p->without_count)) != NULL)
		p->without_count++;
	p->without = t->without;
}

static struct smtp_parameters
read_parameters(struct talk *t, const char *option)
{
	struct smtp_parameter *all =
	    arena_alloc(&t->arena, PARAMETERS_MAX * sizeof(*all));
	const char *text;
	size_t n = 0, len;

	while ((text = dialogue_option(t->dialogue, option, n)) != NULL) {
		assert_in_range(n, 0, PARAMETERS_MAX - 1);
		len = strcspn(text, "=");
		all[n].keyword = arena_strndup(&t->arena, text, len);
		all[n].value = text[len] == '=' ? text + len + 1 : NULL;
		all[n].demanded = true;
		smtp_parameter_judge(&all[n++]);
	}
	return (struct smtp_parameters){all, n};
}

static void
read_transaction(struct talk *t)
{
	const struct dialogue *d = t->dialogue;
	struct smtp_transaction *tx = &t->transaction;
	const char *body;
	size_t n, i;

	tx->reverse_path = dialogue_value(d, "from", 0);
	assert_non_null(tx->reverse_path);
	tx->recipients = t->recipients;
	tx->recipient_count = dialogue_value_count(d, "to");
	assert_in_range(tx->recipient_count, 1, RECIPIENTS_MAX);
	tx->asked = read_parameters(t, "mail-param");
	for (i = 0; i < tx->recipient_count; i++) {
		t->recipients[i].address = dialogue_value(d, "to", i);
		t->recipients[i].parameters = read_parameters(t, "rcpt-param");
	}
	dialogue_body(d, &body, &n);
	tx->body = source_from_bytes(body, n);
	tx->size = n;
	tx->all_or_nothing = dialogue_option(d, "all-or-nothing", 0) != NULL;
	tx->probe = dialogue_option(d, "check", 0) != NULL;
	t->texts.arena = &t->arena;
	tx->texts = &t->texts;
}

/* --- the client's side ----------------------------------------------------*/

static void
pull_events(struct talk *t)
{
	struct smtp_event e;

	while (smtp_session_event(t->session, &e)) {
		switch (e.type) {
		case SMTP_READY:
			smtp_session_send(t->session, &t->transaction);
			smtp_session_quit(t->session);
			break;
		case SMTP_START_TLS:
			t->tls_wanted = true;
			break;
		case SMTP_CLOSED:
			t->closed = true;
			if (e.error != NULL)
				t->error = *e.error;
			break;
		default:
			break;
		}
	}
}

/* Sends one piece; false when there is nothing to send. */
static bool
say(struct talk *t)
{
	const char *bytes;
	size_t n;

	pull_events(t);
	smtp_session_output(t->session, &bytes, &n);
	pull_events(t);
	smtp_session_output(t->session, &bytes, &n);
	if (n == 0)
		return false;
	if (n > t->client_piece)
		n = t->client_piece;
	dialogue_player_receive(t->player, bytes, n);
	smtp_session_sent(t->session, n);
	pull_events(t);
	return true;
}

/* The client has said all and closes. */
static bool
gone(const struct talk *t)
{
	return t->closed || smtp_session_finished(t->session);
}

/* --- the server's side ----------------------------------------------------*/

static void
hear(struct talk *t)
{
	size_t room = smtp_session_room(t->session), n;
	const char *bytes;

	dialogue_player_output(t->player, &bytes, &n);
	if (!gone(t)) {
		assert_int_not_equal(room, 0);
		if (n > t->server_piece)
			n = t->server_piece;
		if (n > room)
			n = room;
		smtp_session_receive(t->session, bytes, n);
		pull_events(t);
	}
	dialogue_player_sent(t->player, n);
}

static void
want_input(struct talk *t)
{
	if (say(t))
		return;
	if (!gone(t))
		fail_msg("%s:%u: both sides wait", dialogue_path(t->dialogue),
		    dialogue_player_line(t->player));
	dialogue_player_peer_closed(t->player);
}

static void
handshake(struct talk *t)
{
	while (say(t))
		;
	if (t->tls_wanted && !gone(t)) {
		t->tls_wanted = false;
		smtp_session_secured(t->session, NULL);
		dialogue_player_secured(t->player);
	} else {
		dialogue_player_peer_closed(t->player);
	}
}

static void
disconnect(struct talk *t, const char *why)
{
	struct error err;

	if (why != NULL)
		error_set(&err, EX_TEMPFAIL, "%s", why);
	smtp_session_disconnected(t->session, why != NULL ? &err : NULL);
	pull_events(t);
}

/* One step; false at the end. */
static bool
step(struct talk *t)
{
	switch (dialogue_player_action(t->player)) {
	case DIALOGUE_WANT_INPUT:
		want_input(t);
		return true;
	case DIALOGUE_HAVE_OUTPUT:
		hear(t);
		return true;
	case DIALOGUE_PAUSE:
		while (say(t))
			;
		dialogue_player_proceed(t->player);
		return true;
	case DIALOGUE_TLS:
		handshake(t);
		return true;
	case DIALOGUE_HALFCLOSE:
		disconnect(t, NULL);
		dialogue_player_proceed(t->player);
		return true;
	case DIALOGUE_RESET:
		disconnect(t, "connection reset");
		return false;
	case DIALOGUE_STALL:
	case DIALOGUE_DEAF:
		if (say(t))
			return true;
		if (!gone(t))
			disconnect(t, "no answer in time");
		return false;
	case DIALOGUE_FAILED:
		fail_msg("%s", dialogue_player_failure(t->player));
		return false;
	default:
		disconnect(t, NULL);
		return false;
	}
}

/* --- what came of it ------------------------------------------------------*/

/* What ended the session before the transaction began holds for all. */
static void
settle(struct talk *t)
{
	struct smtp_result why = {
	    .verdict = t->error.status == EX_TEMPFAIL ? SMTP_DEFERRED
		: t->error.reply / 100 == 5	      ? SMTP_REFUSED
						      : SMTP_NOT_SENT,
	    .status = t->error.status,
	    .code = t->error.reply,
	    .text = t->error.text,
	};
	size_t i;

	for (i = 0; i < t->transaction.recipient_count; i++)
		if (t->recipients[i].result.text == NULL)
			t->recipients[i].result = why;
}

static void
check(struct talk *t)
{
	const char *path = dialogue_path(t->dialogue);
	int status = dialogue_status(t->dialogue), got;
	struct dialogue_result want;
	size_t i, k;

	assert_true(t->closed);
	settle(t);
	got = outcome_of(t->recipients, t->transaction.recipient_count).status;
	if (got != status)
		fail_msg("%s: status %d, not %d: %s", path, got, status,
		    t->recipients[0].result.text);
	for (i = 0; dialogue_result(t->dialogue, i, &want); i++) {
		const struct smtp_result *r = NULL;

		for (k = 0; k < t->transaction.recipient_count; k++)
			if (strcmp(t->recipients[k].address, want.address) == 0)
				r = &t->recipients[k].result;
		assert_non_null(r);
		assert_string_equal(
		    smtp_verdict_name(r->verdict), want.verdict);
		if (want.code != 0)
			assert_int_equal(r->code, want.code);
	}
}

static void
play(const struct dialogue *d, bool eight_bit, size_t server_piece,
    size_t client_piece)
{
	static const struct smtp_parameter body = {
	    "BODY", "8BITMIME", SMTP_8BITMIME, NULL, false};
	struct talk t = {.dialogue = d,
	    .transaction.parameters = {&body, eight_bit},
	    .server_piece = server_piece,
	    .client_piece = client_piece};
	unsigned turns = 0;

	read_params(&t);
	read_transaction(&t);
	t.session = smtp_session_new(&t.params);
	t.player = dialogue_player_new(d, 0);
	while (step(&t))
		assert_true(turns++ < TURNS_MAX);
	if (dialogue_player_failure(t.player) != NULL)
		fail_msg("%s", dialogue_player_failure(t.player));
	if (!t.closed)
		disconnect(&t, NULL);
	check(&t);
	dialogue_player_free(t.player);
	smtp_session_free(t.session);
	source_free(t.transaction.body);
	secret_clear(&t.credentials.password);
	secret_clear(&t.credentials.token);
	smtp_texts_clear(&t.texts);
	arena_clear(&t.arena);
}

static void
run_dialogue(void **state)
{
	/* Bytes at a time, of the server and of the client. */
	static const size_t pieces[][2] = {{1, SIZE_MAX}, {2, SIZE_MAX},
	    {3, SIZE_MAX}, {7, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}, {SIZE_MAX, 1}};
	const struct dialogue *d = *state;
	bool eight_bit = has_eight_bit(d);
	size_t i;

	check_options(d);
	assert_int_equal(dialogue_connections(d), 1);
	assert_int_not_equal(dialogue_status(d), -1);
	for (i = 0; i < ELEMENTS(pieces); i++)
		play(d, eight_bit, pieces[i][0], pieces[i][1]);
}

int
main(void)
{
	const char *root = getenv("SMTPSEND_SOURCE");
	struct CMUnitTest *tests;
	struct dialogue **all;
	char pattern[4096], err[512];
	glob_t files;
	size_t i, n = 0;
	int r;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	snprintf(pattern, sizeof(pattern), "%s/tests/dialogues/*.dialogue",
	    root != NULL ? root : ".");
	if (glob(pattern, 0, NULL, &files) != 0) {
		fprintf(stderr, "%s: no dialogues\n", pattern);
		return 1;
	}
	tests = memory_alloc(files.gl_pathc * sizeof(*tests));
	all = memory_alloc(files.gl_pathc * sizeof(struct dialogue *));
	for (i = 0; i < files.gl_pathc; i++) {
		if (dialogue_load(
			files.gl_pathv[i], &all[i], err, sizeof(err)) == -1) {
			fprintf(stderr, "%s\n", err);
			return 1;
		}
		/* Those need a clock, or several connections. */
		if (dialogue_option(all[i], "socket-only", 0) != NULL)
			continue;
		tests[n++] = (struct CMUnitTest){
		    .name = dialogue_value(all[i], "name", 0),
		    .test_func = run_dialogue,
		    .initial_state = all[i]};
	}
	r = _cmocka_run_group_tests("dialogues", tests, n, NULL, NULL);
	for (i = 0; i < files.gl_pathc; i++)
		dialogue_free(all[i]);
	free(all);
	free(tests);
	globfree(&files);
	return r;
}
