/*
 * generate: what is made from the table of options when smtpsend is built.
 *
 *	generate man		the list of options for smtpsend.1 (mdoc)
 *	generate man-rc		the list of settings for smtpsendrc.5 (mdoc)
 *	generate bash|zsh|fish	completions
 */
#include <stdio.h>
#include <string.h>

#include "options/option_table.h"

typedef void row_printer(const struct option_row *);

/* Each row of each section; heading, if any, gets the sections' titles. */
static void
for_each(
    unsigned scope, const char *heading, const char *ending, row_printer *print)
{
	const struct option_section *const *s = option_sections;
	const struct option_row *row;
	size_t n;

	for (; *s != NULL; s++) {
		n = 0;
		for (row = (*s)->rows; row->name != NULL; row++) {
			if ((row->scope & scope) == 0)
				continue;
			if (n++ == 0 && heading != NULL)
				printf(heading, (*s)->title);
			print(row);
		}
		if (n > 0 && ending != NULL)
			fputs(ending, stdout);
	}
}

/* What is to stand for c, which may be the first of its line. */
static size_t
mdoc_char(char c, bool first, bool literal)
{
	if (c == '\\')
		return (size_t)printf("\\e");
	if (c == '-' && literal)
		return (size_t)printf("\\-");
	return (size_t)printf(
	    first && (c == '.' || c == '\'') ? "\\&%c" : "%c", c);
}

/* One sentence a line, as mdoc(7) asks, and none too long; `literal` is
 * bold. */
static void
mdoc_text(const char *text)
{
	bool literal = false;
	size_t column = 0;

	for (; *text != '\0'; text++) {
		if (*text == '`') {
			literal = !literal;
			column += (size_t)printf(literal ? "\\fB" : "\\fP");
		} else if (*text == '\n') {
			text++; /* they come in pairs */
			fputs("\n.Pp\n", stdout);
			column = 0;
		} else if (*text == ' ' &&
		    (text[-1] == '.' ||
			column + strcspn(text + 1, " \n") > 70)) {
			putchar('\n');
			column = 0;
		} else {
			column += mdoc_char(*text, column == 0, literal);
		}
	}
	putchar('\n');
}

static void
mdoc_default(const struct option_row *row)
{
	if (row->initial != NULL)
		printf("The default is\n.Ql %s .\n", row->initial);
}

static void
man_row(const struct option_row *row)
{
	fputs(".It", stdout);
	if (row->letter != '\0') {
		printf(" Fl %c", row->letter);
		if (row->argument != NULL && !row->optional)
			printf(" Ar %s", row->argument);
		fputs(" ,", stdout);
	}
	printf(" Fl -%s", row->name);
	if (row->argument != NULL)
		printf(row->optional ? " Ns Op = Ns Ar %s" : " Ns = Ns Ar %s",
		    row->argument);
	putchar('\n');
	mdoc_text(row->manual);
	mdoc_default(row);
}

static void
man(void)
{
	for_each(OPTION_ARGV, ".Ss %s\n.Bl -tag -width Ds\n", ".El\n", man_row);
}

static void
man_rc_row(const struct option_row *row)
{
	const char *value = row->argument;

	if (row->type == OPTION_FLAG)
		value = "yes | no";
	else if (row->type == OPTION_COUNT)
		value = "NUMBER";
	printf(".It Ic %s No = Ar %s\n", row->name, value);
	if ((row->scope & OPTION_ARGV) == 0)
		mdoc_text(row->manual);
	else
		printf("%c%s.\n",
		    row->summary[0] -
			('a' <= row->summary[0] && row->summary[0] <= 'z'
				? 'a' - 'A'
				: 0),
		    row->summary + 1);
	mdoc_default(row);
}

static void
man_rc(void)
{
	for_each(
	    OPTION_FILE, ".Ss %s\n.Bl -tag -width Ds\n", ".El\n", man_rc_row);
}

static void
put_topic(const struct option_row *row)
{
	printf(" %s", row->name);
}

/* What --help takes, apart by blanks. */
static void
put_topics(void)
{
	const struct option_section *const *s = option_sections;

	fputs("all exit", stdout);
	for (; *s != NULL; s++)
		printf(" %s", (*s)->topic);
	for_each(OPTION_ARGV, NULL, NULL, put_topic);
}

/* The long name and the letter as a pattern for `case`. */
static void
bash_pattern(const struct option_row *row)
{
	printf("\t--%s", row->name);
	if (row->letter != '\0')
		printf("|-%c", row->letter);
	fputs(")\n", stdout);
}

/* What an argument may be, or is likely to be; NULL: anything. */
static const char *const *
words_of(const struct option_row *row)
{
	return row->choices != NULL ? row->choices : row->hints;
}

static void
bash_argument(const struct option_row *row)
{
	const char *const *words = words_of(row);
	size_t i;

	if (row->argument == NULL ||
	    (row->optional && words == NULL &&
		row->completion == COMPLETE_NONE))
		return;
	bash_pattern(row);
	/* A topic may also be a word of its own. */
	if (row->optional)
		printf("\t\tif [[ -n $equals%s ]]; then\n",
		    row->completion == COMPLETE_TOPIC ? " || $cur != -*" : "");
	if (words != NULL) {
		fputs("\t\tCOMPREPLY=($(compgen -W '", stdout);
		for (i = 0; words[i] != NULL; i++)
			printf("%s%s", i > 0 ? " " : "", words[i]);
		fputs("' -- \"$cur\"))\n", stdout);
	} else if (row->completion == COMPLETE_FILE) {
		fputs("\t\tcompopt -o filenames\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n",
		    stdout);
	} else if (row->completion == COMPLETE_HOST) {
		fputs("\t\tCOMPREPLY=($(compgen -A hostname -- \"$cur\"))\n",
		    stdout);
	} else if (row->completion == COMPLETE_INTERFACE) {
		fputs("\t\tCOMPREPLY=($(cd /sys/class/net 2>/dev/null && "
		      "compgen -f -- \"$cur\"))\n",
		    stdout);
	} else if (row->completion == COMPLETE_ACCOUNT) {
		/* Of several, the last one. */
		if (row->type == OPTION_LIST)
			fputs("\t\tlocal before=\n"
			      "\t\t[[ $cur != *,* ]] || before=${cur%,*},\n"
			      "\t\tcur=${cur##*,}\n",
			    stdout);
		printf("\t\tmapfile -t COMPREPLY < <(compgen %s-W \"$(smtpsend "
		       "--show-settings 2>/dev/null |\n"
		       "\t\t\tsed -n 's/^# account //p')\" -- \"$cur\")\n",
		    row->type == OPTION_LIST ? "-P \"$before\" " : "");
	} else if (row->completion == COMPLETE_PROVIDER) {
		fputs("\t\tmapfile -t COMPREPLY < <(compgen -W \"$(smtpsend "
		      "--explain providers 2>/dev/null |\n"
		      "\t\t\tsed 's/ .*//')\" -- \"$cur\")\n",
		    stdout);
	} else if (row->completion == COMPLETE_TOPIC) {
		fputs("\t\tCOMPREPLY=($(compgen -W '", stdout);
		put_topics();
		fputs("' -- \"$cur\"))\n", stdout);
	}
	fputs(
	    row->optional ? "\t\treturn; fi ;;\n" : "\t\treturn ;;\n", stdout);
}

static void
bash_word(const struct option_row *row)
{
	printf(" --%s", row->name);
	if (row->letter != '\0')
		printf(" -%c", row->letter);
}

static void
bash(void)
{
	fputs("# bash completion for smtpsend\n"
	      "_smtpsend()\n"
	      "{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} equals= words\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tCOMPREPLY=()\n"
	      "\t# --name=value is three words here\n"
	      "\tif [[ $cur == = ]]; then\n"
	      "\t\tcur= equals=1\n"
	      "\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD-2]} equals=1\n"
	      "\tfi\n"
	      "\tcase $prev in\n",
	    stdout);
	for_each(OPTION_ARGV, NULL, NULL, bash_argument);
	fputs("\tesac\n"
	      "\tif [[ $cur != -* && \" ${COMP_WORDS[*]} \" == *\" --outbox "
	      "\"* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"all $(smtpsend "
	      "--outbox 2>/dev/null |\n"
	      "\t\t\tsed 's/ .*//')\" -- \"$cur\")\n"
	      "\tfi\n"
	      "\t[[ $cur == -* ]] || return\n"
	      "\twords='",
	    stdout);
	for_each(OPTION_ARGV, NULL, NULL, bash_word);
	fputs("'\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "}\n"
	      "complete -F _smtpsend smtpsend\n",
	    stdout);
}

/* Within single quotes of the shell, and what is special to the completion. */
static void
shell_text(const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr(special, *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

static void
zsh_argument(const struct option_row *row)
{
	const char *const *words = words_of(row);
	size_t i;

	if (row->argument == NULL)
		return;
	printf("%s:%s:", row->optional ? ":" : "", row->argument);
	if (words != NULL) {
		for (i = 0; words[i] != NULL; i++)
			printf("%s%s", i > 0 ? " " : "(", words[i]);
		putchar(')');
	} else if (row->completion == COMPLETE_FILE) {
		fputs("_files", stdout);
	} else if (row->completion == COMPLETE_HOST) {
		fputs("_hosts", stdout);
	} else if (row->completion == COMPLETE_INTERFACE) {
		fputs("_net_interfaces", stdout);
	} else if (row->completion == COMPLETE_ACCOUNT) {
		fputs("{compadd -- ${(f)\"$(smtpsend --show-settings "
		      "2>/dev/null | sed -n \"s/^# account //p\")\"}}",
		    stdout);
	} else if (row->completion == COMPLETE_PROVIDER) {
		fputs("{compadd -- ${${(f)\"$(smtpsend --explain providers "
		      "2>/dev/null)\"}%% *}}",
		    stdout);
	} else if (row->completion == COMPLETE_TOPIC) {
		putchar('(');
		put_topics();
		putchar(')');
	} else {
		putchar(' ');
	}
}

/* Names, as often as it may be given, and what comes after the names. */
static void
zsh_spec(const struct option_row *row, bool letter, bool name)
{
	bool many = row->type == OPTION_LIST || row->type == OPTION_COUNT ||
	    row->type == OPTION_ACTION;
	const char *plus = row->argument != NULL && !row->optional ? "+" : "";
	const char *equals = row->argument == NULL ? "" : "=";

	fputs(" \\\n  ", stdout);
	if (many)
		fputs("'*'", stdout);
	else if (letter && name)
		printf("'(-%c --%s)'", row->letter, row->name);
	if (letter && name)
		printf("{-%c%s,--%s%s}", row->letter, plus, row->name, equals);
	else if (letter)
		printf("-%c", row->letter);
	else
		printf("--%s%s%s", row->name, equals, row->optional ? "-" : "");
	fputs("'[", stdout);
	shell_text(row->summary, "[]\\");
	putchar(']');
	if (name)
		zsh_argument(row);
	putchar('\'');
}

static void
zsh_row(const struct option_row *row)
{
	if (row->letter != '\0' && row->optional) {
		/* The letter takes nothing. */
		zsh_spec(row, true, false);
		zsh_spec(row, false, true);
	} else {
		zsh_spec(row, row->letter != '\0', true);
	}
}

static void
zsh(void)
{
	fputs("#compdef smtpsend\n"
	      "_arguments -s -S",
	    stdout);
	for_each(OPTION_ARGV, NULL, NULL, zsh_row);
	fputs(
	    " \\\n  '*:recipient or ID:{if (( ${words[(I)--outbox*]} )); then "
	    "compadd -- all ${${(f)\"$(smtpsend --outbox 2>/dev/null)\"}%% "
	    "*}; else _email_addresses; fi}'\n",
	    stdout);
}

static void
fish_row(const struct option_row *row)
{
	const char *const *words = words_of(row);
	size_t i;

	fputs("complete -c smtpsend", stdout);
	if (row->letter != '\0')
		printf(" -s %c", row->letter);
	printf(" -l %s", row->name);
	if (row->argument != NULL && !row->optional)
		fputs(row->completion == COMPLETE_FILE ? " -r -F" : " -x",
		    stdout);
	if (words != NULL) {
		for (i = 0; words[i] != NULL; i++)
			printf("%s%s", i > 0 ? " " : " -a '", words[i]);
		putchar('\'');
	} else if (row->completion == COMPLETE_HOST) {
		fputs(" -a '(__fish_print_hostnames)'", stdout);
	} else if (row->completion == COMPLETE_INTERFACE) {
		fputs(" -a '(__fish_print_interfaces)'", stdout);
	} else if (row->completion == COMPLETE_ACCOUNT) {
		fputs(" -a '(smtpsend --show-settings 2>/dev/null | "
		      "string replace -rf \"^# account \" \"\")'",
		    stdout);
	} else if (row->completion == COMPLETE_PROVIDER) {
		fputs(" -a '(smtpsend --explain providers 2>/dev/null | "
		      "string replace -r \" .*\" \"\")'",
		    stdout);
	} else if (row->completion == COMPLETE_TOPIC) {
		fputs(" -a '", stdout);
		put_topics();
		putchar('\'');
	}
	fputs(" -d '", stdout);
	shell_text(row->summary, "\\");
	fputs("'\n", stdout);
}

static void
fish(void)
{
	fputs("# fish completion for smtpsend\n"
	      "complete -c smtpsend -f\n",
	    stdout);
	for_each(OPTION_ARGV, NULL, NULL, fish_row);
	fputs("complete -c smtpsend "
	      "-n 'string match -qr -- \"^--outbox\" (commandline -opc)' "
	      "-a 'all (smtpsend --outbox 2>/dev/null | "
	      "string replace -r \" .*\" \"\")'\n",
	    stdout);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} kinds[] = {
	    {"man", man},
	    {"man-rc", man_rc},
	    {"bash", bash},
	    {"zsh", zsh},
	    {"fish", fish},
	};
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) == 0) {
			kinds[i].print();
			return fflush(stdout) == EOF || ferror(stdout);
		}
	}
	fputs("usage: generate man|man-rc|bash|zsh|fish\n", stderr);
	return 64;
}
