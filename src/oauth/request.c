#include "oauth/request.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"

/* A line, without the CR LF at its end. */
struct line {
	const char *p;
	size_t n;
};

/* The next line of the head, which has CR LF at the end of each. */
static struct line
next_line(const char **p, const char *end)
{
	const char *eol = memmem(*p, (size_t)(end - *p), "\r\n", 2);
	struct line line = {*p, (size_t)(eol - *p)};

	*p = eol + 2;
	return line;
}

/* Nothing but what may stand in a request line (RFC 9112 3, RFC 3986). */
static bool
is_clean(struct line line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (line.p[i] < 0x20 || line.p[i] > 0x7e)
			return false;
	return true;
}

/* The word before the next space. */
static struct line
word_of(struct line *line)
{
	const char *space = memchr(line->p, ' ', line->n);
	struct line word = {
	    line->p, space != NULL ? (size_t)(space - line->p) : line->n};
	size_t used = word.n + (space != NULL ? 1 : 0);

	line->p += used;
	line->n -= used;
	return word;
}

static bool
is_version(struct line word)
{
	return word.n == 8 && memcmp(word.p, "HTTP/1.", 7) == 0 &&
	    ascii_is_digit(word.p[7]);
}

static enum oauth_request
read_request_line(struct line line, const char **query, size_t *query_len)
{
	struct line method = word_of(&line), target = word_of(&line);

	if (!is_version(line) || !is_clean(method) || !is_clean(target) ||
	    method.n == 0)
		return OAUTH_REQUEST_BAD;
	if (method.n != 3 || memcmp(method.p, "GET", 3) != 0)
		return OAUTH_REQUEST_METHOD;
	if (target.n == 0 || target.p[0] != '/')
		return OAUTH_REQUEST_BAD;
	if (target.n > 1 && target.p[1] != '?')
		return OAUTH_REQUEST_ELSEWHERE;
	*query = target.p + (target.n > 1 ? 2 : 1);
	*query_len = target.n > 1 ? target.n - 2 : 0;
	return OAUTH_REQUEST_ANSWER;
}

/* One field of the header: whether it can be one, and it is not for another
 * host. */
static enum oauth_request
read_field(struct line line, const char *authority, unsigned *hosts)
{
	const char *colon = memchr(line.p, ':', line.n);
	size_t name = colon != NULL ? (size_t)(colon - line.p) : 0;
	size_t i = name + 1;

	if (name == 0 || memchr(line.p, '\0', line.n) != NULL ||
	    memchr(line.p, ' ', name) != NULL)
		return OAUTH_REQUEST_BAD;
	if (!ascii_equal_n(line.p, name, "Host"))
		return OAUTH_REQUEST_ANSWER;
	while (i < line.n && ascii_is_blank(line.p[i]))
		i++;
	while (line.n > i && ascii_is_blank(line.p[line.n - 1]))
		line.n--;
	(*hosts)++;
	return ascii_equal_n(line.p + i, line.n - i, authority)
	    ? OAUTH_REQUEST_ANSWER
	    : OAUTH_REQUEST_FOREIGN;
}

enum oauth_request
oauth_request_read(const char *bytes, size_t n, const char *authority,
    const char **query, size_t *query_len)
{
	const char *p = bytes, *end;
	enum oauth_request target, field;
	unsigned hosts = 0;

	end = n > 0 ? memmem(bytes, n, "\r\n\r\n", 4) : NULL;
	if (end == NULL)
		return n >= OAUTH_REQUEST_MAX ? OAUTH_REQUEST_LARGE
					      : OAUTH_REQUEST_MORE;
	end += 2;
	if (end - bytes > OAUTH_REQUEST_MAX)
		return OAUTH_REQUEST_LARGE;
	target = read_request_line(next_line(&p, end), query, query_len);
	while (p < end) {
		field = read_field(next_line(&p, end), authority, &hosts);
		if (field != OAUTH_REQUEST_ANSWER)
			return field;
	}
	/* RFC 9112 3.2: one, and no other. */
	return hosts == 1 ? target : OAUTH_REQUEST_BAD;
}

void
oauth_request_respond(struct buf *out, enum oauth_request request)
{
	static const struct {
		const char *status, *more, *title, *text;
	} pages[] = {
	    [OAUTH_REQUEST_ANSWER] = {"200 OK", "", "Received",
		"The answer has come to smtpsend, which says in its terminal "
		"whether you are signed in. This window can be closed."},
	    [OAUTH_REQUEST_BAD] = {"400 Bad Request", "", "Bad request",
		"That is no request that smtpsend understands."},
	    [OAUTH_REQUEST_ELSEWHERE] = {"404 Not Found", "", "Not found",
		"There is nothing here but the end of a sign-in."},
	    [OAUTH_REQUEST_METHOD] = {"405 Method Not Allowed",
		"Allow: GET\r\n", "Not allowed",
		"There is nothing here but the end of a sign-in."},
	    [OAUTH_REQUEST_FOREIGN] = {"421 Misdirected Request", "",
		"Misdirected", "That was meant for another host."},
	    [OAUTH_REQUEST_LARGE] = {"431 Request Header Fields Too Large", "",
		"Too large", "That is longer than the end of a sign-in."},
	    [OAUTH_REQUEST_STRANGE] = {"400 Bad Request", "",
		"Not this sign-in",
		"That is no answer to the sign-in that smtpsend is waiting "
		"for; it goes on waiting. Use the address that it shows."},
	    [OAUTH_REQUEST_REFUSED] = {"200 OK", "", "Not signed in",
		"You are not signed in; smtpsend says in its terminal why. "
		"This window can be closed."},
	};
	struct buf page = {0};

	buf_printf(&page,
	    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
	    "<title>%s</title>\n<h1>%s</h1>\n<p>%s</p></html>\n",
	    pages[request].title, pages[request].title, pages[request].text);
	buf_printf(out,
	    "HTTP/1.1 %s\r\n%s"
	    "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n"
	    "Content-Security-Policy: default-src 'none'; frame-ancestors "
	    "'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cache-Control: no-store\r\n"
	    "Connection: close\r\n\r\n",
	    pages[request].status, pages[request].more, page.len);
	buf_append(out, page.data, page.len);
	buf_clear(&page);
}
