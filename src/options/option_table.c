/* option_table: see option_table.h. */
#include "options/option_table.h"

#include <string.h>

#include "options/nearest.h"

#define FIELD(name) offsetof(struct settings, name)

/* In the order of enum settings_tls. */
static const char *const tls_choices[] = {
    "auto", "off", "starttls", "implicit", NULL};
static const char *const auto_submitted_choices[] = {
    "auto-generated", "auto-replied", "auto-notified", "no", NULL};
static const char *const importance_choices[] = {"high", "normal", "low", NULL};
static const char *const preview_choices[] = {"text", "open", NULL};

const struct option_row option_rows[] = {
    {
	.name = "to",
	.letter = 't',
	.bare_letter = true,
	.type = OPTION_LIST,
	.offset = FIELD(to),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_RECIPIENTS,
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
	.offset = FIELD(cc),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_RECIPIENTS,
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
	.offset = FIELD(bcc),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_RECIPIENTS,
	.applies = CALL_MESSAGE,
	.argument = "ADDRESS",
	.summary = "recipient whom the others do not see",
	.manual = "A recipient, or several separated by commas, named "
		  "nowhere in the message.",
    },
    {
	.name = "to-file",
	.type = OPTION_LIST,
	.offset = FIELD(to_file),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_RECIPIENTS,
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
	.offset = FIELD(cc_file),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_RECIPIENTS,
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
	.offset = FIELD(bcc_file),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_RECIPIENTS,
	.applies = CALL_MESSAGE,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "unseen recipients, one a line",
	.manual = "Recipients as with `--bcc`, read from FILE as with "
		  "`--to-file`.",
    },
    {
	.name = "from",
	.letter = 'f',
	.type = OPTION_STRING,
	.offset = FIELD(from),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_ANY,
	.argument = "ADDRESS",
	.summary = "author of the message",
	.manual = "The author, in the From field, and the reverse-path "
		  "unless `--envelope-from` names another. Without it "
		  "the variable `EMAIL` counts, else your login name at "
		  "this host. Of a complete message that names its author "
		  "it is the reverse-path only if it is given on the "
		  "command line. If a configured account has this address, "
		  "that account is used; see smtpsendrc(5).",
    },
    {
	.name = "envelope-from",
	.type = OPTION_STRING,
	.form = VALUE_LINE_OR_EMPTY,
	.offset = FIELD(envelope_from),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
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
	.form = VALUE_LINE_OR_EMPTY,
	.offset = FIELD(subject),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "TEXT",
	.summary = "subject of the message",
	.manual = "The Subject of a composed message. It is encoded "
		  "as needed.",
    },
    {
	.name = "reply-to",
	.type = OPTION_LIST,
	.offset = FIELD(reply_to),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "ADDRESS",
	.summary = "where answers should go",
	.manual = "An address, or several separated by commas, for "
		  "the Reply-To field.",
    },
    {
	.name = "header",
	.letter = 'H',
	.type = OPTION_LIST,
	.offset = FIELD(headers),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "FIELD",
	.summary = "header field, as 'Name: value'",
	.manual = "Adds a header field, written `Name: value`. Fields "
		  "that have an option of their own are set by that "
		  "option.",
    },
    {
	.name = "in-reply-to",
	.type = OPTION_STRING,
	.offset = FIELD(in_reply_to),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
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
	.offset = FIELD(flowed),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.summary = "let readers wrap the paragraphs of the body",
	.manual = "Marks the body as format=flowed (RFC 3676): long "
		  "lines are broken in such a way that a reader can "
		  "join them again and wrap them at the width of the "
		  "window. Each line of the body is a paragraph; lines "
		  "that begin with `>` are quoted text.",
    },
    {
	.name = "date",
	.type = OPTION_STRING,
	.offset = FIELD(date),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
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
	.offset = FIELD(message_id),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "ID",
	.summary = "Message-ID, instead of a new one",
	.manual = "The Message-ID field of a composed message, with "
		  "or without the angle brackets. Without it, a new "
		  "one is made.",
    },
    {
	.name = "list-unsubscribe",
	.type = OPTION_LIST,
	.offset = FIELD(list_unsubscribe),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
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
	.offset = FIELD(list_id),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "ID",
	.summary = "identifier of the mailing list",
	.manual = "The List-Id field, which readers sort by: an "
		  "identifier like `news.example.org`, or `Our news "
		  "<news.example.org>`.",
    },
    {
	.name = "auto-submitted",
	.type = OPTION_STRING,
	.offset = FIELD(auto_submitted),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
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
	.offset = FIELD(importance),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "LEVEL",
	.choices = importance_choices,
	.summary = "high, normal or low",
	.manual = "The Importance field, which many readers show: "
		  "`high`, `normal` or `low`.",
    },
    {
	.name = "charset",
	.type = OPTION_STRING,
	.form = VALUE_TOKEN,
	.offset = FIELD(charset),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
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
	.form = VALUE_TEXT,
	.offset = FIELD(body),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
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
	.offset = FIELD(body_file),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
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
	.type = OPTION_STRING,
	.offset = FIELD(message),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPLETE | CALL_REHEARSAL,
	.once = true,
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
		  "of its newest block of Resent- fields.",
    },
    {
	.name = "keep-bcc",
	.type = OPTION_FLAG,
	.offset = FIELD(keep_bcc),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_MESSAGE,
	.summary = "show the Bcc field to everyone",
	.manual = "Lets the Bcc field of a message, composed or complete, "
		  "leave with it, for everyone to see. Without it none ever "
		  "does, and never that of a forwarded message.",
    },
    {
	.name = "resend",
	.type = OPTION_FLAG,
	.offset = FIELD(resend),
	.scope = OPTION_ARGV,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPLETE | CALL_REHEARSAL,
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
	.offset = FIELD(strict),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPLETE | CALL_REHEARSAL,
	.group = GROUP_FIDELITY,
	.summary = "refuse a complete message with mixed line ends",
	.manual = "Refuses a complete message whose lines do not "
		  "all end in the same way, or in which a CR stands "
		  "alone, instead of making all line ends CRLF.",
    },
    {
	.name = "repair",
	.type = OPTION_FLAG,
	.offset = FIELD(repair),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_MESSAGE,
	.applies = CALL_COMPLETE | CALL_REHEARSAL,
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
    {
	.name = "attach",
	.letter = 'a',
	.type = OPTION_LIST,
	.offset = FIELD(attach),
	.scope = OPTION_ARGV,
	.section = SECTION_PARTS,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "attach a file",
	.manual = "Attaches FILE, byte for byte; `-` is standard "
		  "input. Behind the name, each after a comma, may "
		  "follow `type=TYPE`, `name=NAME`, `inline`, "
		  "`cid=ID` and `encoding=ENC`; see PARTS in "
		  "smtpsend(1).",
    },
    {
	.name = "html",
	.type = OPTION_STRING,
	.offset = FIELD(html),
	.scope = OPTION_ARGV,
	.section = SECTION_PARTS,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "the text as HTML, beside the plain one",
	.manual = "The text as HTML (`-`: standard input), for "
		  "readers that show it; the plain body is for the "
		  "others. Without a plain body, one is derived "
		  "from the HTML, with its links. Standard input is "
		  "that body, if it is neither a terminal nor used "
		  "for something else, and not empty.",
    },
    {
	.name = "inline",
	.type = OPTION_LIST,
	.offset = FIELD(inlined),
	.scope = OPTION_ARGV,
	.section = SECTION_PARTS,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "a picture that the HTML shows",
	.manual =
	    "A file that the HTML shows, as a rule a picture. "
	    "Where the HTML says `src=\"FILE\"`, with FILE as "
	    "it is written here, or `cid:FILE`, it gets the "
	    "reference to this part. What it says and no part "
	    "is, or the other way round, is warned of. Without `--html` it is shown where "
	    "the text ends. What may follow the name is as "
	    "with `--attach`.",
    },
    {
	.name = "calendar",
	.type = OPTION_STRING,
	.offset = FIELD(calendar),
	.scope = OPTION_ARGV,
	.section = SECTION_PARTS,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.once = true,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "an invitation (iCalendar)",
	.manual = "An invitation, or an answer to one: an iCalendar "
		  "object, with the METHOD that it names. Readers "
		  "that know calendars offer to accept it; for the "
		  "others it is attached as a file, too.",
    },
    {
	.name = "forward",
	.type = OPTION_LIST,
	.offset = FIELD(forward),
	.scope = OPTION_ARGV,
	.section = SECTION_PARTS,
	.applies = CALL_COMPOSED | CALL_REHEARSAL,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "a message to pass on, whole",
	.manual = "Attaches the message in FILE (`-`: on standard "
		  "input) as a message, with its header and its own "
		  "attachments. What mail cannot carry in it is encoded, "
		  "which is said in a note; but what is signed goes as "
		  "it is or is refused. A message with UTF-8 addresses "
		  "in its header needs SMTPUTF8.",
    },
    {
	.name = "server",
	.letter = 'S',
	.type = OPTION_STRING,
	.form = VALUE_SERVER,
	.offset = FIELD(server),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "SERVER",
	.completion = COMPLETE_HOST,
	.initial = "localhost",
	.summary = "server: host, host:port or URL",
	.manual = "The server to hand the message to: a host, "
		  "`HOST:PORT`, or a URL; see SERVERS in smtpsend(1). "
		  "The variable `SMTPSERVER` is used when nothing else "
		  "names one.",
    },
    {
	.name = "account",
	.letter = 'A',
	.type = OPTION_STRING,
	.form = VALUE_PLAIN,
	.offset = FIELD(account),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "NAME",
	.summary = "section of the configuration to use",
	.manual = "Uses the settings of the section `[account NAME]` "
		  "in the configuration; see smtpsendrc(5).",
    },
    {
	.name = "tls",
	.type = OPTION_CHOICE,
	.offset = FIELD(tls),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "MODE",
	.choices = tls_choices,
	.initial = "auto",
	.summary = "use of TLS: auto, off, starttls or implicit",
	.manual = "When the connection is secured. `auto` takes STARTTLS "
		  "where it is offered, and demands it when credentials "
		  "are used or the port is 587; loopback and Unix "
		  "sockets need none. `starttls` demands it. `implicit` "
		  "begins with TLS, as port 465 does. `off` uses none.",
    },
    {
	.name = "tls-ca",
	.type = OPTION_STRING,
	.offset = FIELD(tls_ca),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "trust these authorities, not the system's",
	.manual = "Trusts the certification authorities in FILE (PEM; "
		  "or a directory of such files) instead of the "
		  "system's.",
    },
    {
	.name = "tls-pin",
	.type = OPTION_LIST,
	.form = VALUE_PIN,
	.offset = FIELD(tls_pin),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "PIN",
	.summary = "accept the server with this key only",
	.manual = "Accepts the server whose public key has this SHA-256 "
		  "digest, whatever else its certificate says, and no "
		  "other server. 44 base64 characters or 64 hexadecimal "
		  "digits, with or without `sha256//` before them. "
		  "Several pins are alternatives.",
    },
    {
	.name = "ehlo-name",
	.type = OPTION_STRING,
	.form = VALUE_EHLO_NAME,
	.offset = FIELD(ehlo_name),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "NAME",
	.summary = "our name to the server",
	.manual = "The name by which this host introduces itself: a "
		  "host name or an address literal. Without it, the "
		  "host's full name, else its address.",
    },
    {
	.name = "without",
	.type = OPTION_LIST,
	.form = VALUE_TOKEN,
	.offset = FIELD(without),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "KEYWORD",
	.summary = "ignore this capability of the server",
	.manual = "Does not use the extension KEYWORD, such as "
		  "`CHUNKING` or `SMTPUTF8`, though the server offers "
		  "it.",
    },
    {
	.name = "ipv4",
	.letter = '4',
	.type = OPTION_FLAG,
	.offset = FIELD(ipv4),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.group = GROUP_FAMILY,
	.summary = "use IPv4 only",
	.manual = "Connects over IPv4 only.",
    },
    {
	.name = "ipv6",
	.letter = '6',
	.type = OPTION_FLAG,
	.offset = FIELD(ipv6),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.group = GROUP_FAMILY,
	.summary = "use IPv6 only",
	.manual = "Connects over IPv6 only.",
    },
    {
	.name = "source-address",
	.type = OPTION_STRING,
	.form = VALUE_IP_ADDRESS,
	.offset = FIELD(source_address),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_SERVER,
	.applies = CALL_ANY,
	.argument = "IP",
	.summary = "connect from this address",
	.manual = "Connects from this local address, given in numbers.",
    },
    {
	.name = "user",
	.letter = 'u',
	.type = OPTION_STRING,
	.form = VALUE_PLAIN,
	.offset = FIELD(user),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_AUTHENTICATION,
	.applies = CALL_ANY,
	.argument = "NAME",
	.summary = "authenticate as NAME",
	.manual = "The user name to authenticate with. It can be part "
		  "of the server's URL, too.",
    },
    {
	.name = "password-command",
	.type = OPTION_STRING,
	.form = VALUE_COMMAND,
	.offset = FIELD(password_command),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_AUTHENTICATION,
	.applies = CALL_ANY,
	.group = GROUP_PASSWORD,
	.argument = "COMMAND",
	.summary = "take the password from a command",
	.manual = "Runs COMMAND by the shell when the password is "
		  "needed, and takes the first line that it prints.",
    },
    {
	.name = "password-file",
	.type = OPTION_STRING,
	.offset = FIELD(password_file),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_AUTHENTICATION,
	.applies = CALL_ANY,
	.group = GROUP_PASSWORD,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "take the password from a file",
	.manual = "Takes the first line of FILE as the password. FILE "
		  "must belong to you or to root, and give no rights "
		  "to group and others.",
    },
    {
	.name = "password",
	.type = OPTION_SECRET,
	.offset = FIELD(password),
	.scope = OPTION_FILE,
	.section = SECTION_AUTHENTICATION,
	.applies = CALL_ANY,
	.group = GROUP_PASSWORD,
	.argument = "TEXT",
	.summary = "the password itself",
	.manual = "The password. It is accepted in a configuration file "
		  "only, and only in one that belongs to you, is not "
		  "reached by a symbolic link, and that nobody else can "
		  "read (mode 0600).",
    },
    {
	.name = "auth",
	.type = OPTION_STRING,
	.form = VALUE_TOKEN,
	.offset = FIELD(auth),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_AUTHENTICATION,
	.applies = CALL_ANY,
	.argument = "MECHANISM",
	.summary = "use this SASL mechanism and no other",
	.manual = "Authenticates by this SASL mechanism and no other. "
		  "Without it, the strongest that both sides have.",
    },
    {
	.name = "auth-in-clear",
	.type = OPTION_FLAG,
	.offset = FIELD(auth_in_clear),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_AUTHENTICATION,
	.applies = CALL_ANY,
	.summary = "allow credentials without TLS",
	.manual = "Allows credentials to travel unencrypted. Without "
		  "it they do so on loopback only.",
    },
    {
	.name = "all-or-nothing",
	.type = OPTION_FLAG,
	.offset = FIELD(all_or_nothing),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_DELIVERY,
	.applies = CALL_MESSAGE,
	.summary = "send nothing if a recipient is not accepted",
	.manual = "Sends the message to all recipients or to none: when "
		  "the server does not accept one, the exit status is "
		  "that of its reply, and nothing is sent. Without it, "
		  "the message goes to those who are accepted.",
    },
    {
	.name = "dry-run",
	.letter = 'n',
	.type = OPTION_STRING,
	.form = VALUE_TOKENS,
	.offset = FIELD(dry_run_capabilities),
	.scope = OPTION_ARGV,
	.section = SECTION_DELIVERY,
	.applies = CALL_MESSAGE,
	.group = GROUP_REHEARSAL,
	.argument = "KEYWORDS",
	.optional = true,
	.omitted = "",
	.summary = "print what would go out, connect nowhere",
	.manual = "Prints on standard output exactly the bytes of "
		  "the message that would go out, and connects "
		  "nowhere. KEYWORDS are the extensions that the "
		  "server is taken to offer, with commas between, "
		  "such as `8BITMIME,SMTPUTF8`; without them it "
		  "offers none. `-n` takes no KEYWORDS. With `-v`, the "
		  "envelope and the size go to standard error.",
    },
    {
	.name = "preview",
	.type = OPTION_STRING,
	.offset = FIELD(preview_mode),
	.scope = OPTION_ARGV,
	.section = SECTION_DELIVERY,
	.applies = CALL_MESSAGE,
	.group = GROUP_REHEARSAL,
	.argument = "MODE",
	.optional = true,
	.omitted = "text",
	.choices = preview_choices,
	.summary = "show what a reader would see, send nothing",
	.manual = "Shows what a reader of the message would see, "
		  "and sends nothing. `text`, which is meant "
		  "without a MODE, prints it on standard output. "
		  "`open` opens the message in the mail reader of "
		  "the desktop.",
    },
    {
	.name = "save",
	.type = OPTION_STRING,
	.offset = FIELD(save),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_DELIVERY,
	.applies = CALL_MESSAGE,
	.argument = "PATH",
	.completion = COMPLETE_FILE,
	.summary = "keep a copy of what the server accepted",
	.manual = "Keeps a copy of the message after the server has "
		  "accepted it for at least one recipient. A PATH that "
		  "is a Maildir, or ends in `/`, gets it as a message "
		  "that was read; a Maildir is created when it is "
		  "missing. A name that ends in `.eml` is that of a new "
		  "file, with this message alone. Any other is a mailbox "
		  "file (mboxrd), to which it is appended. `~/` is the "
		  "home.\n"
		  "\n"
		  "What is wrong with PATH is an error before anything "
		  "is sent. If a copy cannot be kept after that, there "
		  "is a warning: the message has been sent.",
    },
    {
	.name = "timeout",
	.type = OPTION_DURATION,
	.offset = FIELD(timeout_ms),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_DELIVERY,
	.applies = CALL_ANY,
	.argument = "DURATION",
	.summary = "longest wait for one step",
	.manual = "The longest wait for one step: a connection, a "
		  "reply. Without it, or with 0, the limits of RFC "
		  "5321 hold, which are minutes.",
    },
    {
	.name = "deadline",
	.type = OPTION_DURATION,
	.offset = FIELD(deadline_ms),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_DELIVERY,
	.applies = CALL_ANY,
	.argument = "DURATION",
	.summary = "longest time for the whole run",
	.manual = "The longest time for the whole run, readers of its output "
		  "included. Without it, or with 0, there is no such limit.",
    },
    {
	.name = "verbose",
	.letter = 'v',
	.type = OPTION_COUNT,
	.offset = FIELD(verbose),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_REPORT,
	.applies = CALL_ANY,
	.summary = "print the server's answer (-vv: the dialogue)",
	.manual = "Prints the server's final reply, with its queue "
		  "identifier. Given twice, prints the whole dialogue "
		  "on standard error, without credentials.",
    },
    {
	.name = "quiet",
	.letter = 'q',
	.type = OPTION_FLAG,
	.offset = FIELD(quiet),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_REPORT,
	.applies = CALL_ANY,
	.summary = "no questions, notes or progress",
	.manual = "Asks nothing, and prints neither notes nor progress "
		  "on the terminal. Errors are still printed.",
    },
    {
	.name = "json",
	.type = OPTION_FLAG,
	.offset = FIELD(json),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_REPORT,
	.applies = CALL_REAL,
	.summary = "print the result as a JSON object",
	.manual = "Prints the result on standard output as one JSON "
		  "object; see REPORTS in smtpsend(1).",
    },
    {
	.name = "timing",
	.type = OPTION_FLAG,
	.offset = FIELD(timing),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_REPORT,
	.applies = CALL_ANY,
	.summary = "show how long each phase took",
	.manual = "Shows how long each phase took, and puts times into "
		  "the dialogue of `-vv`.",
    },
    {
	.name = "transcript",
	.type = OPTION_STRING,
	.offset = FIELD(transcript),
	.scope = OPTION_ANYWHERE,
	.section = SECTION_REPORT,
	.applies = CALL_ANY,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "write the dialogue to FILE",
	.manual = "Writes the dialogue with the server to FILE, "
		  "without credentials; `-` is standard output. A file that "
		  "exists is replaced only if it is empty or a transcript, "
		  "and neither read in the same call nor being written to; "
		  "else nothing is sent (73).",
    },
    {
	.name = "vrfy",
	.type = OPTION_ACTION,
	.form = VALUE_QUERY,
	.scope = OPTION_ARGV,
	.section = SECTION_QUERIES,
	.argument = "NAME",
	.summary = "ask whether mailboxes exist (VRFY)",
	.manual = "Asks the server to verify NAME, and each operand, "
		  "with VRFY.",
	.action = ACTION_VRFY,
    },
    {
	.name = "expn",
	.type = OPTION_ACTION,
	.form = VALUE_QUERY,
	.scope = OPTION_ARGV,
	.section = SECTION_QUERIES,
	.argument = "LIST",
	.summary = "ask for the members of lists (EXPN)",
	.manual = "Asks the server for the members of the mailing list "
		  "LIST, and of each operand, with EXPN.",
	.action = ACTION_EXPN,
    },
    {
	.name = "noop",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.section = SECTION_QUERIES,
	.summary = "ask whether the server answers (NOOP)",
	.manual = "Connects, secures the connection and authenticates "
		  "as for a message, then sends NOOP.",
	.action = ACTION_NOOP,
    },
    {
	.name = "server-help",
	.type = OPTION_ACTION,
	.form = VALUE_QUERY,
	.scope = OPTION_ARGV,
	.section = SECTION_QUERIES,
	.argument = "TOPIC",
	.optional = true,
	.summary = "ask the server for help (HELP)",
	.manual = "Sends HELP, with TOPIC and with each operand if "
		  "there are any, and prints the answer.",
	.action = ACTION_SERVER_HELP,
    },
    {
	.name = "show-settings",
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.section = SECTION_GENERAL,
	.summary = "print all settings and where they come from",
	.manual = "Prints every setting with its value and its origin, "
		  "and the configuration files that were looked for. "
		  "Nothing is sent. Passwords are not shown, and of a "
		  "command that gives one only, with `-v`, its text.",
	.action = ACTION_SHOW_SETTINGS,
    },
    {
	.name = "help",
	.letter = 'h',
	.type = OPTION_ACTION,
	.form = VALUE_QUERY,
	.scope = OPTION_ARGV,
	.section = SECTION_GENERAL,
	.argument = "TOPIC",
	.optional = true,
	.summary = "print this, or more about one option",
	.manual = "Prints a summary of all options. With the name of an "
		  "option as TOPIC, prints what this manual says about "
		  "it.\n"
		  "\n"
		  "With a server named by `-S` and nothing to send, it "
		  "is `--server-help`. `-h` is always the summary.",
	.action = ACTION_OPTION_HELP,
    },
    {
	.name = "version",
	.letter = 'V',
	.type = OPTION_ACTION,
	.scope = OPTION_ARGV,
	.section = SECTION_GENERAL,
	.summary = "print the version",
	.manual = "Prints the version.",
	.action = ACTION_VERSION,
    },
};

const size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);

const char *
option_section_title(enum option_section section)
{
	static const char *const titles[SECTION_COUNT] = {
	    [SECTION_RECIPIENTS] = "Recipients",
	    [SECTION_MESSAGE] = "Message",
	    [SECTION_PARTS] = "Parts",
	    [SECTION_SERVER] = "Server",
	    [SECTION_AUTHENTICATION] = "Authentication",
	    [SECTION_DELIVERY] = "Delivery",
	    [SECTION_REPORT] = "Report",
	    [SECTION_QUERIES] = "Queries",
	    [SECTION_GENERAL] = "General",
	};

	return titles[section];
}

const struct option_row *
option_next(
    const struct option_row *row, enum option_section section, unsigned scope)
{
	size_t i = row == NULL ? 0 : (size_t)(row - option_rows) + 1;

	for (; i < option_row_count; i++)
		if (option_rows[i].section == section &&
		    (option_rows[i].scope & scope) != 0)
			return &option_rows[i];
	return NULL;
}

const struct option_row *
option_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < option_row_count; i++)
		if (strcmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	return NULL;
}

const char *
option_nearest(const char *name, unsigned scope)
{
	struct nearest n = {.word = name};
	size_t i;

	for (i = 0; i < option_row_count; i++)
		if ((option_rows[i].scope & scope) != 0)
			nearest_offer(&n, option_rows[i].name);
	return n.best;
}

void
option_variable(const struct option_row *row, char out[OPTION_VARIABLE_SIZE])
{
	static const char prefix[] = "SMTPSEND_";
	const char *name = row->name;
	size_t n = sizeof(prefix) - 1;

	memcpy(out, prefix, n);
	for (; *name != '\0' && n < OPTION_VARIABLE_SIZE - 1; name++)
		if (*name == '-')
			out[n++] = '_';
		else if (*name >= 'a' && *name <= 'z')
			out[n++] = (char)(*name - 'a' + 'A');
		else
			out[n++] = *name;
	out[n] = '\0';
}
