/* rows: its header and body. */
#include "options/rows.h"

static const char *const auto_submitted_choices[] = {
    "auto-generated", "auto-replied", "auto-notified", "no", NULL};
static const char *const binary_choices[] = {"off", "auto", "must", NULL};
static const char *const importance_choices[] = {"high", "normal", "low", NULL};

static const struct option_row rows[] = {
    {
	.name = "from",
	.letter = 'f',
	.type = OPTION_STRING,
	.offset = FIELD(message.from),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY | CALL_ACCOUNTS | CALL_LOGIN | CALL_SIGNED,
	.argument = "ADDRESS",
	.summary = "author of the message",
	.manual = "The author, in the From field, and the reverse-path "
		  "unless `--envelope-from` names another. Without it "
		  "the variable `EMAIL` counts, else your login name at "
		  "this host. Of a complete message that names its author "
		  "it is the reverse-path only if it is given on the "
		  "command line. If a configured account has this address, "
		  "or a pattern that it fits, that account is used; see "
		  "smtpsendrc(5).",
    },
    {
	.name = "envelope-from",
	.type = OPTION_STRING,
	.check = value_line_or_empty,
	.offset = FIELD(message.envelope_from),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "ADDRESS",
	.summary = "reverse-path, where bounces go",
	.manual = "The reverse-path: the address to which the servers "
		  "report failures. An empty one, or `<>`, is the null "
		  "reverse-path: no failure is reported.",
    },
    {
	.name = "subject",
	.letter = 's',
	.type = OPTION_STRING,
	.check = value_line_or_empty,
	.offset = FIELD(message.subject),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "TEXT",
	.summary = "subject of the message",
	.manual = "The Subject of a composed message. It is encoded "
		  "as needed.",
    },
    {
	.name = "reply-to",
	.type = OPTION_LIST,
	.offset = FIELD(message.reply_to),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "ADDRESS",
	.summary = "where answers should go",
	.manual = "An address, or several separated by commas, for "
		  "the Reply-To field.",
    },
    {
	.name = "header",
	.letter = 'H',
	.type = OPTION_LIST,
	.offset = FIELD(message.headers),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "FIELD",
	.summary = "header field, as 'Name: value'",
	.manual = "Adds a header field, written `Name: value`. Fields "
		  "that have an option of their own are set by that "
		  "option.",
    },
    {
	.name = "in-reply-to",
	.type = OPTION_STRING,
	.offset = FIELD(message.in_reply_to),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.once = true,
	.argument = "FILE|ID",
	.completion = COMPLETE_FILE,
	.summary = "answer the message in FILE, or with this ID",
	.manual = "Makes the message an answer to another one: to "
		  "the message in FILE (`-`: on standard input), or "
		  "to the one with this Message-ID, `<ID>`. "
		  "In-Reply-To and References are set, so that "
		  "readers show the two together. For a FILE, the "
		  "subject is its own with `Re:` before it, unless "
		  "`--subject` gives another. Recipients are not "
		  "taken from it.\n"
		  "\n"
		  "Without the angle brackets, a name is that of a "
		  "file if there is one; else it is an ID if it has "
		  "an `@` and no `/`.",
    },
    {
	.name = "flowed",
	.type = OPTION_FLAG,
	.offset = FIELD(message.flowed),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.summary = "let readers wrap the paragraphs of the body",
	.manual = "Marks the body as format=flowed (RFC 3676): long "
		  "lines are broken in such a way that a reader can "
		  "join them again and wrap them at the width of the "
		  "window. Each line of the body is a paragraph; lines "
		  "that begin with `>` are quoted text.",
    },
    {
	.name = "binary",
	.type = OPTION_CHOICE,
	.offset = FIELD(message.binary),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "MODE",
	.choices = binary_choices,
	.initial = "off",
	.summary = "unencoded attachments: off, auto or must",
	.manual = "Sends what would be encoded as it is, with "
		  "`Content-Transfer-Encoding: binary`, where the server "
		  "offers BINARYMIME (RFC 3030) and CHUNKING: attachments "
		  "lose the third that base64 adds to them, and texts with "
		  "long lines keep these. With `auto` the message is "
		  "encoded as usual for other servers; with `must` it is "
		  "not sent to them. The default is `off`.\n"
		  "\n"
		  "An attachment with an `encoding=` of its own keeps that. "
		  "A server that passes the message on to one without "
		  "BINARYMIME has to encode it, and a signature over the "
		  "message does not outlive that. A copy that is kept by "
		  "`--save` is encoded.\n"
		  "\n"
		  "A complete message goes byte for byte to such a server "
		  "if its header says `Content-Transfer-Encoding: binary`, "
		  "and each line of that ends with CRLF; to others only if "
		  "they can take it as it is. With `--repair` it is encoded.",
    },
    {
	.name = "date",
	.type = OPTION_STRING,
	.offset = FIELD(message.date),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.argument = "DATE",
	.summary = "date of the message, instead of now",
	.manual = "The Date field of a composed message, written as "
		  "in a header: `Tue, 1 Dec 2026 09:30:00 +0100`; or as "
		  "`2026-12-01T09:30:00+01:00`; or in seconds since the "
		  "epoch: `@1796113800`. Without it, it is the current time.",
    },
    {
	.name = "message-id",
	.type = OPTION_STRING,
	.offset = FIELD(message.message_id),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.argument = "ID",
	.summary = "Message-ID, instead of a new one",
	.manual = "The Message-ID field of a composed message, with "
		  "or without the angle brackets. Without it, a new "
		  "one is made.",
    },
    {
	.name = "list-unsubscribe",
	.type = OPTION_LIST,
	.offset = FIELD(message.list_unsubscribe),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "URI",
	.summary = "where to leave the mailing list",
	.manual = "Where to leave the list, in the List-Unsubscribe "
		  "field: an `https:` or `mailto:` URI, or an address. "
		  "Several are alternatives, the best one first. If "
		  "one of them, and no more, is an `https:` URI (and none "
		  "`http:`), it is declared to work with one click (RFC "
		  "8058): a POST to it has to be enough.",
    },
    {
	.name = "list-id",
	.type = OPTION_STRING,
	.offset = FIELD(message.list_id),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "ID",
	.summary = "identifier of the mailing list",
	.manual = "The List-Id field, which readers sort by: an "
		  "identifier like `news.example.org`, or `Our news "
		  "<news.example.org>`.",
    },
    {
	.name = "auto-submitted",
	.type = OPTION_STRING,
	.offset = FIELD(message.auto_submitted),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "KEYWORD",
	.choices = auto_submitted_choices,
	.summary = "say that no human wrote this",
	.manual = "The Auto-Submitted field, which keeps other "
		  "programs from answering (RFC 3834): "
		  "`auto-generated` for what a program sends by "
		  "itself, such as a report; `auto-replied` for an "
		  "answer that a program gives; `auto-notified` for "
		  "a notice that somebody subscribed to; `no` for a "
		  "human's message.",
    },
    {
	.name = "importance",
	.type = OPTION_STRING,
	.offset = FIELD(message.importance),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPOSING,
	.argument = "LEVEL",
	.choices = importance_choices,
	.summary = "high, normal or low",
	.manual = "The Importance field, which many readers show: "
		  "`high`, `normal` or `low`.",
    },
    {
	.name = "charset",
	.type = OPTION_STRING,
	.check = value_token,
	.offset = FIELD(message.charset),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.argument = "CHARSET",
	.summary = "character set of body and arguments",
	.manual = "The character set that the body and the texts on "
		  "the command line are written in, and with --repair "
		  "and --forward the 8-bit text in a header. Without it "
		  "the locale says so.",
    },
    {
	.name = "body",
	.type = OPTION_STRING,
	.check = value_any,
	.offset = FIELD(message.body),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.once = true,
	.group = GROUP_INPUT,
	.argument = "TEXT",
	.summary = "body, instead of standard input",
	.manual = "The body of the message. Standard input is not "
		  "read.",
    },
    {
	.name = "body-file",
	.type = OPTION_STRING,
	.offset = FIELD(message.body_file),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPOSING,
	.once = true,
	.group = GROUP_INPUT,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "read the body from FILE",
	.manual = "Reads the body of the message from FILE; `-` is "
		  "standard input.",
    },
    {
	.name = "message",
	.letter = 'm',
	.type = OPTION_LIST,
	.offset = FIELD(message.files),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPLETING,
	.group = GROUP_INPUT,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "send FILE, a complete message",
	.manual = "Sends the complete message in FILE, header and body; "
		  "`-` is standard input. It goes out as it is, but for "
		  "line ends and Bcc fields; a missing Date, Message-ID "
		  "or From is added.\n"
		  "\n"
		  "Without recipients on the command line they are those "
		  "of its To, Cc and Bcc fields, or, if it was resent, "
		  "of its newest block of Resent- fields.\n"
		  "\n"
		  "Given several times, each FILE is a message of its own, "
		  "as are those of `--each`; see smtpsend-each(7).",
    },
    {
	.name = "keep-bcc",
	.type = OPTION_FLAG,
	.offset = FIELD(message.keep_bcc),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_MESSAGE,
	.summary = "show the Bcc field to everyone",
	.manual = "Lets the Bcc field of a message, composed or complete, "
		  "leave with it, for everyone to see. Without it none ever "
		  "does, and never that of a forwarded message.",
    },
    {
	.name = "resend",
	.type = OPTION_FLAG,
	.offset = FIELD(message.resend),
	.scope = OPTION_ARGV,
	.applies = CALL_COMPLETING,
	.summary = "add a Resent- block to a complete message",
	.manual = "Resends the complete message of `-m` as somebody "
		  "who received it: a new block of Resent- fields "
		  "with the author and the recipients of this call "
		  "goes on top, and the rest stays as it was. The "
		  "recipients have to be named.",
    },
    {
	.name = "strict",
	.type = OPTION_FLAG,
	.offset = FIELD(message.strict),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPLETING,
	.group = GROUP_FIDELITY,
	.summary = "refuse a complete message with mixed line ends",
	.manual = "Refuses a complete message whose lines do not "
		  "all end in the same way, or in which a CR stands "
		  "alone, instead of making all line ends CRLF.",
    },
    {
	.name = "repair",
	.type = OPTION_FLAG,
	.offset = FIELD(message.repair),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_COMPLETING,
	.group = GROUP_FIDELITY,
	.summary = "encode what a complete message may not have",
	.manual = "Sends a complete message that cannot go out as "
		  "it is, by encoding the parts with lines that are "
		  "too long or with bytes that the server does not "
		  "take, and 8-bit text in headers, which --charset "
		  "says the charset of. What a reader sees stays the "
		  "same, but a signature over those parts breaks, which "
		  "is said in a note. Without it, such a message is "
		  "refused.",
    },
    {.name = NULL},
};

const struct option_section section_message = {
    "Message", "messages", ROWS(rows)};
