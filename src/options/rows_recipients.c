/* rows: who gets the message. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "to",
	.letter = 't',
	.bare_letter = true,
	.type = OPTION_LIST,
	.offset = FIELD(message.to),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "ADDRESS",
	.summary = "recipient",
	.manual = "A recipient, or several separated by commas, named "
		  "in the To field. Operands are such recipients, too.\n"
		  "\n"
		  "A bare `-t`, at the end of the line or before "
		  "another option, is sendmail's: standard input is a "
		  "complete message, and the recipients are those of "
		  "its To, Cc and Bcc fields.",
    },
    {
	.name = "cc",
	.letter = 'c',
	.type = OPTION_LIST,
	.offset = FIELD(message.cc),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "ADDRESS",
	.summary = "recipient of a copy",
	.manual = "A recipient, or several separated by commas, named "
		  "in the Cc field.",
    },
    {
	.name = "bcc",
	.letter = 'b',
	.type = OPTION_LIST,
	.offset = FIELD(message.bcc),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "ADDRESS",
	.summary = "recipient whom the others do not see",
	.manual = "A recipient, or several separated by commas, named "
		  "nowhere in the message.",
    },
    {
	.name = "to-file",
	.type = OPTION_LIST,
	.offset = FIELD(message.to_file),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "recipients, one a line",
	.manual = "Recipients as with `--to`, read from FILE, one "
		  "address a line. Empty lines and lines that begin "
		  "with `#` are skipped. `-` is standard input, if "
		  "the body comes from elsewhere.",
    },
    {
	.name = "cc-file",
	.type = OPTION_LIST,
	.offset = FIELD(message.cc_file),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "recipients of a copy, one a line",
	.manual = "Recipients as with `--cc`, read from FILE as with "
		  "`--to-file`.",
    },
    {
	.name = "bcc-file",
	.type = OPTION_LIST,
	.offset = FIELD(message.bcc_file),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "unseen recipients, one a line",
	.manual = "Recipients as with `--bcc`, read from FILE as with "
		  "`--to-file`.",
    },
    {
	.name = "aliases",
	.type = OPTION_LIST,
	.offset = FIELD(local.aliases),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "for whom names without a domain stand",
	.manual = "A file that says for whom recipients without a domain "
		  "stand, in the form of /etc/aliases; see ALIASES in "
		  "smtpsendrc(5). Of several files the first one that has a "
		  "name counts. `none` takes back those before it. The header "
		  "of the message stays as it is. Without this option a name "
		  "stands for the mailbox at this host; sendmail(8) then has "
		  "/etc/aliases, if it is there.",
    },
    {
	.name = "local-domain",
	.type = OPTION_STRING,
	.check = value_ehlo_name,
	.offset = FIELD(local.domain),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "DOMAIN",
	.completion = COMPLETE_HOST,
	.summary = "domain of names without one",
	.manual = "The domain of recipients and of an author who have none, "
		  "and of a login name: `root` is `root@DOMAIN`. The default "
		  "is what /etc/mailname says, else the name of this host.",
    },
    {.name = NULL},
};

const struct option_section section_recipients = {
    "Recipients", "recipients", ROWS(rows)};
