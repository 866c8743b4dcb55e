/* rows: what stands between us and the server. */
#include "options/rows.h"

static const struct option_row rows[] = {
    {
	.name = "proxy",
	.type = OPTION_STRING,
	.check = value_plain_or_empty,
	.secret = SECRET_PASSWORD,
	.offset = FIELD(server.proxy.url),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.argument = "URL",
	.completion = COMPLETE_HOST,
	.summary = "reach the server by way of this proxy",
	.manual = "Connects by way of a proxy: `socks5h://HOST:PORT`, "
		  "`socks5://`, `socks4a://`, `socks4://`, `http://` or "
		  "`https://`; see PROXIES in smtpsend(1). `none`, or "
		  "nothing at all, is no proxy, whatever is configured. "
		  "The variables `smtp_proxy` and `all_proxy` are used "
		  "when nothing else names one.",
    },
    {
	.name = "no-proxy",
	.type = OPTION_STRING,
	.check = value_plain_or_empty,
	.offset = FIELD(server.proxy.without),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.argument = "HOSTS",
	.completion = COMPLETE_HOST,
	.summary = "reach these servers without the proxy",
	.manual = "Hosts that are reached without the proxy, with "
		  "commas between: a name, which stands for those below "
		  "it, too, an address, a network such as `10.0.0.0/8`, "
		  "or `*` for all. The variable `no_proxy` is used when "
		  "nothing else says it. For a `--proxy` on the command "
		  "line only a list on the command line counts.",
    },
    {
	.name = "proxy-password-command",
	.type = OPTION_STRING,
	.secret = SECRET_COMMAND,
	.offset = FIELD(server.proxy.password_command),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.group = GROUP_PROXY_PASSWORD,
	.argument = "COMMAND",
	.summary = "take the proxy's password from a command",
	.manual = "Runs COMMAND by the shell when the proxy's URL has a "
		  "user and no password, and takes the first line that "
		  "it prints.",
    },
    {
	.name = "proxy-password-file",
	.type = OPTION_STRING,
	.offset = FIELD(server.proxy.password_file),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.group = GROUP_PROXY_PASSWORD,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "take the proxy's password from a file",
	.manual = "Takes the first line of FILE as the password of the "
		  "user in the proxy's URL. FILE must be as that of "
		  "`--password-file`.",
    },
    {
	.name = "proxy-ca",
	.type = OPTION_STRING,
	.offset = FIELD(server.proxy.ca),
	.scope = OPTION_ANYWHERE,
	.for_all = true,
	.applies = CALL_ANY,
	.argument = "FILE",
	.completion = COMPLETE_FILE,
	.summary = "trust these authorities for an https:// proxy",
	.manual = "Trusts the certification authorities in FILE (PEM) "
		  "instead of the system's when an `https://` proxy shows "
		  "its certificate. That of the mail server is none of "
		  "its business.",
    },
    {.name = NULL},
};

const struct option_section section_proxy = {"Proxy", "proxies", ROWS(rows)};
