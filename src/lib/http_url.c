/* http_url: whom a URL leads to, decided before libcurl is there. */
#include <arpa/inet.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/http.h"

static bool
is_loopback(const char *host, size_t n)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr in;

	if (ascii_equal_n(host, n, "localhost") ||
	    ascii_equal_n(host, n, "[::1]"))
		return true;
	if (n >= sizeof(text))
		return false;
	memcpy(text, host, n);
	text[n] = '\0';
	return inet_pton(AF_INET, text, &in) == 1 &&
	    (ntohl(in.s_addr) >> 24) == IN_LOOPBACKNET;
}

/* RFC 3986 3.2.2, as far as hosts of HTTPS are so. */
static size_t
host_length(const char *host)
{
	size_t n;

	if (*host == '[') {
		n = strspn(host + 1, "0123456789abcdefABCDEF:.");
		return n > 0 && host[n + 1] == ']' ? n + 2 : 0;
	}
	for (n = 0; ascii_is_letter_or_digit(host[n]) || host[n] == '.' ||
	     host[n] == '-';
	     n++)
		;
	return n > 0 && n < 254 && *host != '.' && *host != '-' ? n : 0;
}

static bool
is_port(const char *text, size_t n)
{
	unsigned long port = 0;
	size_t i;

	for (i = 0; i < n; i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	return n > 0 && n <= 5 && port > 0 && port <= 65535;
}

bool
http_url_parse(const char *url, struct http_host *out)
{
	const char *p;
	size_t n;

	*out = (struct http_host){.secure = ascii_begins(url, "https://")};
	if (!out->secure && !ascii_begins(url, "http://"))
		return false;
	for (p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 127 ||
		    strchr("\"'<>\\^`{|}#", *p) != NULL)
			return false;
	out->name = url + (out->secure ? 8 : 7);
	out->len = host_length(out->name);
	if (out->len == 0)
		return false;
	out->loopback = is_loopback(out->name, out->len);
	p = out->name + out->len;
	if (*p == ':') {
		n = strspn(p + 1, "0123456789");
		if (!is_port(p + 1, n))
			return false;
		p += n + 1;
	}
	return (*p == '\0' || *p == '/' || *p == '?') &&
	    (out->secure || out->loopback);
}

bool
http_url_is_safe(const char *url)
{
	struct http_host host;

	return http_url_parse(url, &host);
}
