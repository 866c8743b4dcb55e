#include "transport/dial_error.h"

#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "transport/endpoint.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What SOCKS has words for. */
static const struct row {
	CURLproxycode code;
	int status;
	const char *text;
} rows[] = {
    {CURLPX_BAD_VERSION, EX_PROTOCOL, "what it says is not SOCKS"},
    {CURLPX_BAD_ADDRESS_TYPE, EX_PROTOCOL,
	"its reply has an address of no type that SOCKS knows"},
    {CURLPX_UNKNOWN_FAIL, EX_PROTOCOL, "its reply is none that SOCKS knows"},
    {CURLPX_UNKNOWN_MODE, EX_PROTOCOL,
	"it wants to be signed in to in a way that was not offered"},
    {CURLPX_REPLY_UNASSIGNED, EX_PROTOCOL,
	"its reply is none that SOCKS5 knows"},
    {CURLPX_CLOSED, EX_TEMPFAIL, "it closed the connection"},
    {CURLPX_RECV_ADDRESS, EX_TEMPFAIL, "it closed the connection"},
    {CURLPX_RECV_AUTH, EX_TEMPFAIL, "it closed the connection"},
    {CURLPX_RECV_CONNECT, EX_TEMPFAIL, "it closed the connection"},
    {CURLPX_RECV_REQACK, EX_TEMPFAIL, "it closed the connection"},
    {CURLPX_IDENTD, EX_NOPERM, "it finds no identd at this host"},
    {CURLPX_IDENTD_DIFFER, EX_NOPERM,
	"the identd at this host has another user"},
    {CURLPX_NO_AUTH, EX_NOPERM, NULL},
    {CURLPX_GSSAPI, EX_NOPERM, NULL},
    {CURLPX_GSSAPI_PERMSG, EX_NOPERM, NULL},
    {CURLPX_USER_REJECTED, EX_NOPERM, NULL},
    {CURLPX_REQUEST_FAILED, EX_TEMPFAIL,
	"it refuses the connection, or cannot make it"},
    {CURLPX_REPLY_GENERAL_SERVER_FAILURE, EX_TEMPFAIL,
	"it cannot make the connection: general failure"},
    {CURLPX_REPLY_NETWORK_UNREACHABLE, EX_TEMPFAIL,
	"it cannot make the connection: network unreachable"},
    {CURLPX_REPLY_HOST_UNREACHABLE, EX_TEMPFAIL,
	"it cannot make the connection: host unreachable"},
    {CURLPX_REPLY_CONNECTION_REFUSED, EX_TEMPFAIL,
	"it cannot make the connection: connection refused"},
    {CURLPX_REPLY_TTL_EXPIRED, EX_TEMPFAIL,
	"it cannot make the connection: TTL expired"},
    {CURLPX_REPLY_NOT_ALLOWED, EX_UNAVAILABLE,
	"its rules do not allow the connection"},
    {CURLPX_REPLY_COMMAND_NOT_SUPPORTED, EX_UNAVAILABLE,
	"it makes no connections"},
    {CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED, EX_UNAVAILABLE,
	"it does not take this type of address"},
};

void
dial_answer_note(struct dial_answer *a, const char *line, size_t n)
{
	static const char begin[] = "HTTP/";

	a->heard = true;
	while (n > 0 && strchr("\r\n", line[n - 1]) != NULL)
		n--;
	if (n >= sizeof(begin) - 1 &&
	    memcmp(line, begin, sizeof(begin) - 1) == 0)
		snprintf(a->status, sizeof(a->status), "%.*s", (int)n, line);
}

static int
not_signed_in(const struct proxy *p, struct error *err)
{
	if (p->user != NULL)
		return error_set(err, EX_NOPERM, "it refuses the user %s%s",
		    p->user,
		    p->password.bytes != NULL ? ", or the password" : "");
	error_set(err, EX_NOPERM, "it wants a user and a password");
	return error_hint(err,
	    "name the user in the proxy's URL (USER@), and use "
	    "--proxy-password-file\nor --proxy-password-command");
}

static int
refused_by_http(const struct dial_answer *a, const struct proxy *p,
    unsigned port, struct error *err)
{
	const char *reason = strchr(a->status, ' ');
	int status = EX_UNAVAILABLE;

	/* tinyproxy has it as a web server would. */
	if (a->http == 407 || a->http == 401)
		return not_signed_in(p, err);
	/* RFC 9110 15.5.9, RFC 6585 4, RFC 8470 5.2 */
	if (a->http >= 500 || a->http == 408 || a->http == 425 ||
	    a->http == 429)
		status = EX_TEMPFAIL;
	/* In its words it may repeat what it was told. */
	if (p->user != NULL)
		error_set(err, status, "it answers %ld", a->http);
	else
		error_set(err, status, "it answers %s",
		    reason != NULL ? reason + 1 : a->status);
	if (a->http != 403 && a->http != 405)
		return -1;
	return error_hint(err,
	    "many HTTP proxies lead to few ports only: whoever runs it may "
	    "allow port %u",
	    port);
}

static int
refused_by_socks(
    const struct dial_answer *a, const struct proxy *p, struct error *err)
{
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		if (rows[i].code != a->socks)
			continue;
		if (rows[i].text == NULL)
			return not_signed_in(p, err);
		return error_set(err, rows[i].status, "%s", rows[i].text);
	}
	return error_set(err, EX_TEMPFAIL, "%s", a->text);
}

/* libcurl has one code for many failures, and the words of OpenSSL or GnuTLS. */
static int
without_tls(const struct dial_answer *a, struct error *err)
{
	static const char authority[] = "an authority that the system does "
					"not know is named with --proxy-ca "
					"FILE";
	static const char clear[] = "perhaps it speaks no TLS: its URL begins "
				    "with http:// then";
	static const struct {
		const char *words, *hint;
	} hints[] = {
	    {"self-signed", authority},
	    {"self signed", authority},
	    {"issuer certificate", authority},
	    {"certificate verification failed", authority},
	    {"wrong version number", clear},
	    {"unexpected TLS packet", clear},
	};
	size_t i;

	error_set(err, EX_NOPERM, "TLS with it failed: %s", a->text);
	for (i = 0; i < LENGTH(hints); i++)
		if (strstr(a->text, hints[i].words) != NULL)
			return error_hint(err, "%s", hints[i].hint);
	return -1;
}

int
dial_error(const struct dial_answer *a, const struct proxy *p, unsigned port,
    struct error *err)
{
	if (a->http >= 300)
		return refused_by_http(a, p, port, err);
	switch (a->result) {
	case CURLE_PROXY:
		return refused_by_socks(a, p, err);
	case CURLE_ABORTED_BY_CALLBACK:
		return error_set(
		    err, EX_PROTOCOL, "its answer does not come to an end");
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_HTTP2:
		return error_set(
		    err, EX_PROTOCOL, "what it says is not HTTP: %s", a->text);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return without_tls(a, err);
	default:
		break;
	}
	if (a->heard && a->status[0] == '\0')
		return error_set(err, EX_PROTOCOL, "what it says is not HTTP");
	if (a->result == CURLE_RECV_ERROR || a->result == CURLE_GOT_NOTHING)
		return error_set(err, EX_TEMPFAIL, "it closed the connection");
	return error_set(err, EX_TEMPFAIL, "%s", a->text);
}
