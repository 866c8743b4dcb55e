/* rows: which server, and how it is reached. */
#include "options/foreign.h"
#include "options/rows.h"

/* In the order of enum settings_tls_mode. */
static const char *const tls_choices[] = {
    "auto", "off", "starttls", "implicit", NULL};

/* In the order of enum settings_tls_least. */
static const char *const least_choices[] = {"1.2", "1.3", NULL};
static const char *const priority_hints[] = {
    "NORMAL", "PFS", "SECURE128", "SECURE192", "SECURE256", "SUITEB192", NULL};

static const struct option_row rows[] = {
    {
	.name = "server",
	.letter = 'S',
	.type = OPTION_LIST,
	.check = value_server,
	.secret = SECRET_PASSWORD,
	.offset = FIELD(server.names),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY | CALL_EXPLAIN | CALL_LOGIN | CALL_SIGNED,
	.argument = "SERVER",
	.completion = COMPLETE_HOST,
	.initial = "localhost",
	.summary = "server: host, host:port or URL",
	.manual = "The server to hand the message to: a host, "
		  "`HOST:PORT`, or a URL; see SERVERS in smtpsend(1). "
		  "Of several, each is tried when the one before it "
		  "cannot be reached or has no time. The variable "
		  "`SMTPSERVER` is used when nothing else names one.",
    },
    {
	.name = "account",
	.letter = 'A',
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(account),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY | CALL_ACCOUNTS | CALL_LOGIN | CALL_SIGNED,
	.argument = "NAME",
	.completion = COMPLETE_ACCOUNT,
	.summary = "section of the configuration to use",
	.manual = "Uses the settings of the section `[account NAME]` "
		  "in the configuration; see smtpsendrc(5).",
    },
    {
	.name = "failover",
	.type = OPTION_LIST,
	.check = value_plain_or_empty,
	.offset = FIELD(delivery.failover),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "ACCOUNTS",
	.completion = COMPLETE_ACCOUNT,
	.summary = "accounts to try when this one has no time",
	.manual = "Accounts, with commas between, whose servers are tried "
		  "one after the other when none of those before can be "
		  "reached or has time, each with the TLS, the "
		  "credentials and the names that its own account says; "
		  "message, From and envelope stay as they are. An empty "
		  "value is none. See Failover in smtpsend(1).",
    },
    {
	.name = "tls",
	.type = OPTION_CHOICE,
	.offset = FIELD(server.tls.mode),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "MODE",
	.choices = tls_choices,
	.initial = "auto",
	.summary = "use of TLS: auto, off, starttls or implicit",
	.manual = "When the connection is secured. `auto` takes STARTTLS "
		  "where it is offered, and demands it when credentials "
		  "are used, the port is 587, or an option says whom to "
		  "trust or what TLS is to be; loopback and Unix "
		  "sockets need none. `starttls` demands it. `implicit` "
		  "begins with TLS, as port 465 does. `off` uses none. "
		  "See TLS in smtpsend(1).",
    },
    {
	.name = "tls-ca",
	.type = OPTION_STRING,
	.offset = FIELD(server.tls.ca),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "trust these authorities, not the system's",
	.manual = "Trusts the certification authorities in FILE (PEM; "
		  "or a directory of such files) instead of the "
		  "system's. TLS is demanded then.",
    },
    {
	.name = "tls-pin",
	.type = OPTION_LIST,
	.check = value_pin,
	.offset = FIELD(server.tls.pins),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "PIN",
	.summary = "accept the server with this key only",
	.manual = "Accepts the server whose public key has this SHA-256 "
		  "digest, whatever else its certificate says, and no "
		  "other server. 44 base64 characters or 64 hexadecimal "
		  "digits, with or without `sha256//` before them. "
		  "Several pins are alternatives. TLS is demanded then.",
    },
    {
	.name = "tls-trust-on-first-use",
	.type = OPTION_FLAG,
	.offset = FIELD(server.tls.trust_on_first_use),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.summary = "know the server by its key from now on",
	.manual = "A server whose certificate no authority has issued, or "
		  "that is for another name, is accepted the first time, "
		  "and known by its key from then on: with another key it is "
		  "refused. The key is kept in "
		  "`$XDG_STATE_HOME/smtpsend/known-hosts`. One that has "
		  "expired or was revoked is never accepted so. Who is in "
		  "between the first time gets what is sent, the password "
		  "too; `--tls-pin` has no first time. TLS is demanded "
		  "then. See TLS in smtpsend(1).",
    },
    {
	.name = "tls-crl",
	.type = OPTION_STRING,
	.offset = FIELD(server.tls.crl),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "refuse the certificates on this list",
	.manual = "Refuses certificates that their authority has revoked: "
		  "FILE has its list (PEM, or DER), or those of several "
		  "(PEM). Every certificate of the chain is looked for. "
		  "An authority without a list there has revoked none; "
		  "a list that is out of date, or that its authority has "
		  "not signed, vouches for nobody, and a server whose "
		  "authority has no better one is refused. TLS is "
		  "demanded then.",
    },
    {
	.name = "tls-server-name",
	.type = OPTION_STRING,
	.check = value_host,
	.offset = FIELD(server.tls.server_name),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "NAME",
	.completion = COMPLETE_HOST,
	.summary = "the name in the server's certificate",
	.manual = "The host name or address that the certificate must be "
		  "for, and that the server is asked for in TLS (SNI), "
		  "where it is another one than that of `--server`: by a "
		  "tunnel, an address, or a Unix socket. It holds for "
		  "each server that is named. TLS is demanded then.",
    },
    {
	.name = "tls-min-version",
	.type = OPTION_CHOICE,
	.offset = FIELD(server.tls.least),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.argument = "VERSION",
	.choices = least_choices,
	.initial = "1.2",
	.summary = "speak no TLS below this: 1.2 or 1.3",
	.manual = "The least version of TLS that is spoken: `1.2` or "
		  "`1.3`. If it is given, TLS is demanded, and "
		  "`--tls-priority` does not lower it.",
    },
    {
	.name = "tls-priority",
	.type = OPTION_STRING,
	.check = value_tls_priority,
	.offset = FIELD(server.tls.priority),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "STRING",
	.hints = priority_hints,
	.summary = "what TLS may agree on (GnuTLS)",
	.manual = "The ciphers, groups, signatures and versions that may "
		  "be agreed on, as a priority string of GnuTLS, such as "
		  "`SECURE256` or `NORMAL:-CIPHER-ALL:+AES-256-GCM`. What "
		  "it does not speak of stays as it is: versions below "
		  "TLS 1.2 are spoken only if it names them one by one "
		  "(`+VERS-TLS1.1`), and keys and signatures below "
		  "`%PROFILE_MEDIUM` (RSA of 2048 bits, no SHA-1) pass "
		  "only if it names another profile. TLS is demanded "
		  "then.",
    },
    {
	.name = "tls-expiry-warning",
	.type = OPTION_DURATION,
	.offset = FIELD(server.tls.expiry_warning_ms),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "DURATION",
	.summary = "warn when the certificate ends soon",
	.manual = "Warns on standard error when the server's certificate "
		  "ends within this time, `14d` for example, or has "
		  "ended; `--json` has the date. The status is what it "
		  "would be without.",
    },
    {
	.name = "no-cache",
	.type = OPTION_FLAG,
	.offset = FIELD(server.no_cache),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.summary = "keep nothing of this connection for the next",
	.manual = "Begins anew with the server, and keeps nothing for the "
		  "next time. Without it, a TLS session with a server that "
		  "was verified goes on where the last run left it, if that "
		  "was within a day; see TLS in smtpsend(1).",
    },
    {
	.name = "ehlo-name",
	.type = OPTION_STRING,
	.check = value_ehlo_name,
	.offset = FIELD(server.ehlo_name),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY & ~CALL_SCRIPT,
	.argument = "NAME",
	.summary = "our name to the server",
	.manual = "The name by which this host introduces itself: a "
		  "host name, of which EHLO gets the ASCII form, or an "
		  "address literal. Without it, the "
		  "host's full name, else its address.",
    },
    {
	.name = "without",
	.type = OPTION_LIST,
	.check = value_token,
	.offset = FIELD(server.without),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY & ~CALL_SCRIPT,
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
	.offset = FIELD(server.ipv4),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.group = GROUP_FAMILY,
	.summary = "use IPv4 only",
	.manual = "Connects over IPv4 only.",
    },
    {
	.name = "ipv6",
	.letter = '6',
	.type = OPTION_FLAG,
	.offset = FIELD(server.ipv6),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.group = GROUP_FAMILY,
	.summary = "use IPv6 only",
	.manual = "Connects over IPv6 only.",
    },
    {
	.name = "source-address",
	.type = OPTION_STRING,
	.check = value_ip_address,
	.offset = FIELD(server.source_address),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.group = GROUP_SOURCE,
	.argument = "IP",
	.summary = "connect from this address",
	.manual = "Connects from this local address, given in numbers.",
    },
    {
	.name = "interface",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(server.interface),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.group = GROUP_SOURCE,
	.argument = "ADDRESS|NAME",
	.completion = COMPLETE_INTERFACE,
	.summary = "connect from this address or interface",
	.manual = "Connects from this local address, given in numbers, or "
		  "by the network interface of this name: through no "
		  "other one and, where that is not permitted, from its "
		  "addresses. If it has addresses of one family only, "
		  "servers are looked for in that one.",
    },
    {
	.name = "proxy-protocol",
	.type = OPTION_STRING,
	.check = value_plain,
	.offset = FIELD(server.proxy_protocol),
	.scope = OPTION_ANYWHERE,
	.applies = CALL_ANY,
	.argument = "VERSION",
	.summary = "begin with a PROXY header: v1 or v2",
	.manual = "Begins the connection with a header of the PROXY protocol, "
		  "version `v1` or `v2`, as a load balancer in front of "
		  "the server does, to test a server that expects one; "
		  "TLS comes behind it.\n\n"
		  "It names the addresses of the connection, or those "
		  "that follow: `,source=ADDRESS:PORT` is the client's, "
		  "`,destination=ADDRESS:PORT` the one that it called; "
		  "numeric, IPv6 with a port in brackets. `,local` names "
		  "none (`UNKNOWN`, in version 2 `LOCAL`).",
    },
    {.name = NULL},
};

const struct option_section section_server = {"Server", "servers", ROWS(rows)};
