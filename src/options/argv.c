/* argv: see argv.h. */
#include "options/argv.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/memory.h"
#include "lib/url.h"
#include "options/call.h"
#include "options/foreign.h"
#include "options/nearest.h"
#include "options/option.h"

/* What getopt_long returns for the first row; below are the letters. */
enum { FIRST_LONG = 256 };

struct scan {
	struct settings *settings;
	const struct option_row *action; /* the row that asked for it */
	bool usage;			 /* -h was given */
};

static const struct option_origin command_line = {LAYER_ARGV, "command line"};

static int
long_argument(const struct option_row *row)
{
	if (row->optional || row->type == OPTION_FLAG ||
	    row->type == OPTION_COUNT)
		return optional_argument;
	return row->argument != NULL ? required_argument : no_argument;
}

/* Operands are returned in their place ('-'), and a missing argument is told
 * from an unknown option (':'). */
static void
describe(struct buf *letters, struct option *names)
{
	const struct option_row *row = NULL;
	int number = FIRST_LONG;

	buf_puts(letters, "-:");
	for (; (row = option_next(row)) != NULL; number++) {
		if ((row->scope & OPTION_ARGV) == 0)
			continue;
		*names++ = (struct option){
		    row->name, long_argument(row), NULL, number};
		if (row->letter == '\0')
			continue;
		buf_putc(letters, row->letter);
		if (row->argument != NULL && !row->optional)
			buf_puts(letters, row->bare_letter ? "::" : ":");
	}
	memset(names, 0, sizeof(*names));
}

static const struct option_row *
row_of(int returned)
{
	const struct option_row *row = NULL;

	if (returned >= FIRST_LONG)
		return option_numbered((size_t)(returned - FIRST_LONG));
	while ((row = option_next(row)) != NULL)
		if (row->letter == returned && (row->scope & OPTION_ARGV) != 0)
			break;
	return row;
}

/* How many long names begin with name; they are listed. */
static unsigned
candidates(const char *name, struct buf *list)
{
	const struct option_row *row = NULL;
	unsigned n = 0;

	while ((row = option_next(row)) != NULL)
		if ((row->scope & OPTION_ARGV) != 0 &&
		    strncmp(row->name, name, strlen(name)) == 0)
			buf_printf(
			    list, "%s--%s", n++ > 0 ? ", " : "", row->name);
	return n;
}

/* word is "--NAME" or "--NAME=VALUE", and getopt_long could not resolve it. */
static int
unknown_name(struct settings *s, const char *word, struct error *err)
{
	char *name = arena_strndup(&s->arena, word, strcspn(word, "="));
	const struct option_row *row = option_by_name(name + 2);
	struct buf list = BUF_WITH_MAX(600);
	char quoted[OPTION_QUOTED_SIZE];

	option_quote(name, quoted);
	if (row != NULL) {
		error_set(err, EX_USAGE, "%s is for configuration files only",
		    quoted);
		if (row->type == OPTION_SECRET)
			error_hint(err,
			    "On the command line everyone can see "
			    "it: use --password-command or "
			    "--password-file.");
	} else if (foreign_hint(name) != NULL) {
		error_set(err, EX_USAGE, "unknown option %s", quoted);
		error_hint(err, "%s", foreign_hint(name));
	} else if (candidates(name + 2, &list) > 1) {
		error_set(err, EX_USAGE, "option %s is ambiguous: %s", quoted,
		    buf_string(&list));
	} else {
		error_set(err, EX_USAGE, "unknown option %s", quoted);
		nearest_suggest(
		    err, "--", option_nearest(name + 2, OPTION_ARGV));
		error_hint(err, "'smtpsend --help=all' lists the options.");
	}
	buf_clear(&list);
	return -1;
}

/* Whether it is a long name behind one dash: -server, which as letters would be
 * a subject. */
static bool
has_one_dash(const char *word)
{
	const struct option_row *row;

	if (word[0] != '-' || word[1] == '-' || strlen(word) < 3)
		return false;
	row = option_by_name(word + 1);
	return row != NULL && (row->scope & OPTION_ARGV) != 0;
}

static int
one_dash(const char *word, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE];

	error_set(
	    err, EX_USAGE, "unknown option %s", option_quote(word, quoted));
	return error_hint(err, "a long name has two dashes: -%s", word);
}

/* Letters that other mailers have together, such as -bs, and here the second
 * one would be a value. */
static bool
is_misread(const char *word)
{
	return has_one_dash(word) || foreign_hint(word) != NULL;
}

static int
misread(const char *word, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE];

	if (has_one_dash(word))
		return one_dash(word, err);
	error_set(
	    err, EX_USAGE, "unknown option %s", option_quote(word, quoted));
	return error_hint(err, "%s", foreign_hint(word));
}

/* What other mailers have by this name goes before one of ours that begins with
 * it: --config is a file there. */
static int
check_abbreviation(struct settings *s, const struct option_row *row,
    const char *word, struct error *err)
{
	const char *name = arena_strndup(&s->arena, word, strcspn(word, "="));

	if (strcmp(name + 2, row->name) == 0 || foreign_hint(name) == NULL)
		return 0;
	return misread(name, err);
}

/* getopt_long had to stop within word: it goes on there, or behind it.  Letters
 * are what it sees in the long names that others have behind one dash. */
static bool
is_cluster_with(const char *word, int letter)
{
	return word[0] == '-' && word[1] != '-' && strlen(word) > 2 &&
	    letter != 0 && strchr(word + 1, letter) != NULL;
}

static int
bad_option(struct scan *scan, int returned, const char *word, struct error *err)
{
	const struct option_row *row = row_of(optopt);
	char letter[] = {'-', (char)optopt, '\0'};
	const char *hint = foreign_hint(letter);
	char quoted[OPTION_QUOTED_SIZE];

	if (optopt == 0)
		return unknown_name(scan->settings, word, err);
	if (row == NULL) {
		error_set(err, EX_USAGE, "unknown option %s",
		    option_quote(letter, quoted));
		return error_hint(err, "%s",
		    hint != NULL ? hint
				 : "'smtpsend --help=all' lists the options.");
	}
	if (returned == ':')
		return error_set(err, EX_USAGE, "%s%s needs a value: %s",
		    optopt < FIRST_LONG ? "" : "--",
		    optopt < FIRST_LONG ? letter : row->name, row->argument);
	return error_set(err, EX_USAGE, "--%s takes no value", row->name);
}

static int
take_action(struct scan *scan, const struct option_row *row, bool by_letter,
    const char *value, struct error *err)
{
	struct settings *s = scan->settings;

	if (scan->action != NULL && scan->action != row)
		return error_set(err, EX_USAGE,
		    "--%s and --%s cannot be "
		    "combined",
		    scan->action->name, row->name);
	if (option_check(row, value, &command_line, err) == -1 ||
	    option_expand(s, row, &command_line, &value, err) == -1)
		return -1;
	scan->action = row;
	scan->usage |= by_letter && row->action == ACTION_OPTION_HELP;
	s->action = row->action;
	if (value != NULL)
		strings_append(&s->action_arguments, &s->arena, value);
	return 0;
}

/* What it was is in the settings: others look at the command line for as long as
 * we run. */
static void
forget_password(const struct option_row *row, const char *value)
{
	if (row->secret == SECRET_PASSWORD && value != NULL)
		url_forget_password((char *)(uintptr_t)value);
}

/* next: the word after the option, NULL at the end.  1: it was the option's
 * value. */
static int
take_option(struct scan *scan, int returned, const char *value,
    const char *next, struct error *err)
{
	const struct option_row *row = row_of(returned);
	bool by_letter = returned < FIRST_LONG, took = false;

	if (row->type == OPTION_ACTION)
		return take_action(scan, row, by_letter, value, err);
	if (by_letter && row->bare_letter && value == NULL) {
		if (next == NULL || (next[0] == '-' && next[1] != '\0')) {
			scan->settings->message.on_stdin = true;
			return 0;
		}
		value = next;
		took = true;
	}
	if (option_set(scan->settings, row, value, &command_line, err) == -1)
		return -1;
	forget_password(row, value);
	return took ? 1 : 0;
}

/* --help[=TOPIC]: usage, an option's manual, or the server's help. */
static int
resolve_help(const struct scan *scan, struct error *err)
{
	struct settings *s = scan->settings;

	if (scan->usage) {
		s->action = ACTION_USAGE;
		s->action_arguments.count = 0;
	} else if (s->server.on_argv && !call_is_for_message(s)) {
		s->action = ACTION_SERVER_HELP;
	} else if (s->action_arguments.count == 0) {
		s->action = ACTION_USAGE;
	} else if (s->action_arguments.count == 1) {
		s->action_argument = s->action_arguments.items[0];
	} else {
		return error_set(err, EX_USAGE, "--help: one option at a time");
	}
	return 0;
}

static int
resolve_action(const struct scan *scan, struct error *err)
{
	struct settings *s = scan->settings;
	const struct option_row *row = scan->action;
	size_t i;

	if (row->argument == NULL || row->action == ACTION_SCRIPT ||
	    row->action == ACTION_SERVER_INFO)
		return 0;
	/* Operands are further names, lists or topics. */
	for (i = 0; i < s->message.operands.count; i++) {
		if (option_check(row, s->message.operands.items[i],
			&command_line, err) == -1)
			return -1;
		strings_append(&s->action_arguments, &s->arena,
		    s->message.operands.items[i]);
	}
	s->message.operands.count = 0;
	return row->action == ACTION_OPTION_HELP ? resolve_help(scan, err) : 0;
}

/* A message, sent or not. */
static int
resolve_message(struct settings *s, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;

	for (i = 0; i < s->message.operands.count; i++)
		if (value_line(s->message.operands.items[i], err) == -1)
			return error_set(err, EX_USAGE, "recipient %s %s",
			    option_quote(s->message.operands.items[i], quoted),
			    err->text);
	if (s->action == ACTION_SEND && s->delivery.dry_run != NULL)
		s->action = ACTION_DRY_RUN;
	else if (s->action == ACTION_SEND && s->delivery.preview != NULL)
		s->action = ACTION_PREVIEW;
	else if (s->action == ACTION_SEND && settings_are_for_many(s))
		s->action = ACTION_EACH;
	if (s->message.files.count == 1)
		s->message.file = s->message.files.items[0];
	if ((s->many.resend_unknown || s->many.resume_changed) &&
	    s->many.resume == NULL)
		return error_set(err, EX_USAGE,
		    "--%s is for --resume, which goes on with a journal",
		    s->many.resend_unknown ? "resend-unknown"
					   : "resume-changed");
	if (s->many.each != NULL &&
	    (s->message.on_stdin || s->message.files.count > 0))
		return error_set(err, EX_USAGE,
		    "--each brings its messages itself: it cannot be combined "
		    "with --message");
	if (!s->message.on_stdin)
		return 0;
	/* -m - says the same again. */
	if (s->message.files.count > 1 ||
	    (s->message.file != NULL && strcmp(s->message.file, "-") != 0))
		return error_set(err, EX_USAGE,
		    "a bare -t takes the message from standard input: it "
		    "cannot be combined with --message");
	return 0;
}

static int
scan_words(struct scan *scan, int argc, char **argv, const char *letters,
    const struct option *names, struct error *err)
{
	struct settings *s = scan->settings;
	const char *word;
	int c, took;

	if (argc < 1)
		return 0;
	optind = 0; /* from the beginning, whoever was here before */
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (c == 1) {
			strings_append(&s->message.operands, &s->arena, optarg);
			continue;
		}
		if (c == '?' || c == ':')
			return optind < argc &&
				is_cluster_with(argv[optind], optopt) &&
				is_misread(argv[optind])
			    ? misread(argv[optind], err)
			    : bad_option(scan, c, argv[optind - 1], err);
		if (optarg == argv[optind - 1] + 2 &&
		    is_misread(argv[optind - 1]))
			return misread(argv[optind - 1], err);
		word =
		    argv[optarg == argv[optind - 1] ? optind - 2 : optind - 1];
		if (c >= FIRST_LONG &&
		    check_abbreviation(s, row_of(c), word, err) == -1)
			return -1;
		took = take_option(
		    scan, c, optarg, optind < argc ? argv[optind] : NULL, err);
		if (took == -1)
			return -1;
		optind += took;
	}
	for (; optind < argc; optind++)
		strings_append(&s->message.operands, &s->arena, argv[optind]);
	return 0;
}

int
argv_read(int argc, char **argv, struct settings *s, struct error *err)
{
	struct scan scan = {.settings = s};
	struct option *names;
	struct buf letters = BUF_WITH_MAX(0);
	int r;

	names = memory_realloc(NULL, option_count() + 1, sizeof(*names));
	describe(&letters, names);
	r = scan_words(&scan, argc, argv, buf_string(&letters), names, err);
	free(names);
	buf_clear(&letters);
	if (r == -1)
		return -1;
	s->auth.file_on_argv = s->auth.password_file != NULL;
	s->auth.netrc_on_argv = s->auth.netrc != NULL;
	s->server.on_argv = s->server.names.count > 0;
	r = scan.action != NULL && s->action != ACTION_CHECK
	    ? resolve_action(&scan, err)
	    : resolve_message(s, err);
	return r == 0 ? call_check(s, err) : -1;
}
