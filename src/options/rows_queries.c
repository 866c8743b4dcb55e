/* rows: what a server can be asked, and what its answers mean. */
#include "options/rows.h"

static const char *const server_info_choices[] = {"anonymous", NULL};

static const struct option_row rows[] = {
    {
	.name = "vrfy",
	.type = OPTION_ACTION,
	.check = value_query,
	.scope = OPTION_ARGV,
	.argument = "NAME",
	.summary = "ask whether mailboxes exist (VRFY)",
	.manual = "Asks the server to verify NAME, and each operand, "
		  "with VRFY.",
	.action = ACTION_VRFY,
    },
    {
	.name = "expn",
	.type = OPTION_ACTION,
	.check = value_query,
	.scope = OPTION_ARGV,
	.argument = "LIST",
	.summary = "ask for the members of lists (EXPN)",
	.manual = "Asks the server for the members of the mailing list "
		  "LIST, and of each operand, with EXPN.",
	.action = ACTION_EXPN,
    },
    {
	.name = "etrn",
	.type = OPTION_ACTION,
	.check = value_query,
	.scope = OPTION_ARGV,
	.argument = "NODE",
	.summary = "ask for the mail that waits for hosts (ETRN)",
	.manual = "Asks the server to send what it has for the host "
		  "NODE, and for each operand, with ETRN (RFC 1985). "
		  "`@NODE` is the host and all below it, `#NAME` a "
		  "queue of the server's.",
	.action = ACTION_ETRN,
    },
    {
	.name = "noop",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "ask whether the server answers (NOOP)",
	.manual = "Connects, secures the connection and authenticates "
		  "as for a message, then sends NOOP.",
	.action = ACTION_NOOP,
    },
    {
	.name = "server-info",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.argument = "HOW",
	.optional = true,
	.choices = server_info_choices,
	.summary = "show what a server offers and who it is",
	.manual = "Prints what the server says of itself in clear and "
		  "under TLS, what smtpsend would use of it, the "
		  "certificates that it shows, whether they could be "
		  "verified, its limits, and how long all of that took. "
		  "The exit status is 0 if a message could be handed in "
		  "with the security that is configured, else the one "
		  "that a send would end with. If a user is configured, "
		  "it signs in, but not to a server whose certificate "
		  "fails; `--server-info=anonymous` does not. See QUERIES "
		  "in smtpsend(1).",
	.action = ACTION_SERVER_INFO,
    },
    {
	.name = "check",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.summary = "ask whether a message would be taken",
	.manual = "Goes as far as a message can go without being sent: "
		  "connects, secures the connection, authenticates, says "
		  "MAIL and RCPT for all recipients, and then RSET. What "
		  "the server said of each is printed, and the exit status "
		  "is what it would be if the message itself were taken. "
		  "Nothing is read from standard input unless `-m -` or the "
		  "like names it; where the message is given, its size and "
		  "form are announced as in earnest. See QUERIES in "
		  "smtpsend(1).",
	.action = ACTION_CHECK,
    },
    {
	.name = "server-help",
	.type = OPTION_ACTION,
	.check = value_query,
	.scope = OPTION_ARGV,
	.argument = "TOPIC",
	.optional = true,
	.summary = "ask the server for help (HELP)",
	.manual = "Sends HELP, with TOPIC and with each operand if "
		  "there are any, and prints the answer.",
	.action = ACTION_SERVER_HELP,
    },
    {
	.name = "script",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "say the SMTP commands of a file, line by line",
	.manual = "Connects and says the lines of FILE (`-`: standard input) "
		  "as they are written, prints every reply, and ends at "
		  "the first that refuses; see smtpsend-script(7). "
		  "Nothing is said by itself but QUIT at the end: a script "
		  "begins with EHLO. The whole of it is read and checked "
		  "before anything is opened.",
	.action = ACTION_SCRIPT,
    },
    {
	.name = "keep-going",
	.type = OPTION_FLAG,
	.offset = FIELD(script.keep_going),
	.scope = OPTION_ARGV,
	.applies = CALL_SCRIPT,
	.summary = "go on with a script after refusals",
	.manual = "Goes on with the script after replies that refuse. The "
		  "exit status is that of the first of them.",
    },
    {
	.name = "keep-open",
	.type = OPTION_FLAG,
	.offset = FIELD(script.keep_open),
	.scope = OPTION_ARGV,
	.applies = CALL_SCRIPT,
	.summary = "say each line of a script as it comes",
	.manual = "With a script that comes from a pipe: says each line "
		  "as soon as it is there, keeps the session until the "
		  "input ends, and goes on after refusals; the last reply "
		  "decides on the exit status. On a terminal that is so "
		  "anyway.",
    },
    {
	.name = "explain",
	.type = OPTION_ACTION,
	.check = value_any,
	.scope = OPTION_ARGV,
	.argument = "CODE|PROVIDER",
	.completion = COMPLETE_PROVIDER,
	.summary = "explain a code, or a mail provider",
	.manual = "Prints what CODE means: a reply code such as 550, an "
		  "enhanced status code such as 5.7.30, both, or a line of "
		  "a reply that begins with them; operands go on with it. "
		  "Nobody is asked.\n"
		  "\n"
		  "The same code means one thing in the RFCs and others to "
		  "some providers. Who said it is seen from the text, or "
		  "from the server that `-S` names; else all their meanings "
		  "are printed.\n"
		  "\n"
		  "PROVIDER is a mail provider's id (`gmail`), one of its "
		  "domains or an address there: its servers are printed, how "
		  "one signs in, what is to be prepared, and lines for a "
		  "configuration file. `--explain providers` lists those that "
		  "are known. See PROVIDERS in smtpsend(1).",
	.action = ACTION_EXPLAIN,
    },
    {.name = NULL},
};

const struct option_section section_queries = {
    "Queries", "queries", ROWS(rows)};
