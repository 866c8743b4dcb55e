#include "lib/http.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/ascii.h"
#include "lib/clock.h"
#include "lib/curl.h"
#include "lib/printable.h"
#include "lib/secret.h"

enum {
	SOCKETS = 8, /* two that race to a server, and the resolver's */
	TIMEOUT_MS = 30000,
	ANSWER_MAX = 64 << 10,
	HEADS_MAX = 128 << 10,
	REDIRECTS = 3,
};

static const char authorities[] = "/etc/ssl/certs";

struct exchange {
	struct curl_library curl;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	const struct http_params *params;
	const struct http_request *request;
	struct http_answer *answer;
	struct http_host host;
	struct pollfd fds[SOCKETS];
	nfds_t count;
	int64_t timer_us; /* when libcurl wants to be called; -1: never */
	int64_t end_us;	  /* when the exchange must be over */
	size_t heads;	  /* octets of status lines and fields */
	bool too_long;
	char why[CURL_ERROR_SIZE];
};

static int
failed(
    const struct exchange *x, struct error *err, int status, const char *what)
{
	struct buf text = BUF_WITH_MAX(0);

	printable_append(&text, what, strlen(what));
	error_set(err, status, "%.*s: %s", (int)x->host.len, x->host.name,
	    buf_string(&text));
	buf_clear(&text);
	return -1;
}

/* --- what libcurl calls ----------------------------------------------------- */

static size_t
take(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	n *= size;
	if (buf_append(&x->answer->body, bytes, n) == 0)
		return n;
	x->too_long = true;
	return 0;
}

/* libcurl keeps all fields, and those of answers that go before the one. */
static size_t
take_field(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	(void)bytes;
	n *= size;
	x->heads += n;
	if (x->heads <= HEADS_MAX)
		return n;
	x->too_long = true;
	return 0;
}

static int
watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct exchange *x = arg;
	nfds_t i;

	(void)easy;
	(void)unused;
	for (i = 0; i < x->count && x->fds[i].fd != fd; i++)
		;
	if (what == CURL_POLL_REMOVE) {
		if (i < x->count)
			x->fds[i] = x->fds[--x->count];
		return 0;
	}
	if (i == SOCKETS)
		return -1;
	if (i == x->count)
		x->count++;
	x->fds[i] = (struct pollfd){.fd = fd,
	    .events = (short)(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) |
		((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0))};
	return 0;
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct exchange *x = arg;

	(void)multi;
	x->timer_us = ms < 0 ? -1 : clock_monotonic_us() + ms * 1000;
	return 0;
}

/* --- the options of a transfer ---------------------------------------------- */

/* Whether a directory has authorities by their hashes, where one alone is read
 * for a chain and not all of them. */
static bool
has_hashes(const char *path)
{
	struct dirent *entry;
	bool found = false;
	DIR *d = opendir(path);

	while (d != NULL && !found && (entry = readdir(d)) != NULL)
		found = strspn(entry->d_name, "0123456789abcdef") == 8 &&
		    strcmp(entry->d_name + 8, ".0") == 0;
	if (d != NULL)
		closedir(d);
	return found;
}

static CURLcode
set_trust(struct exchange *x)
{
	__typeof__(x->curl.easy_setopt) set = x->curl.easy_setopt;
	const char *ca = x->params->ca;
	struct stat st;
	CURLcode r;

	if (ca == NULL && !has_hashes(authorities))
		return CURLE_OK;
	if (ca != NULL && (stat(ca, &st) != 0 || !S_ISDIR(st.st_mode))) {
		r = set(x->easy, CURLOPT_CAPATH, NULL);
		return r == CURLE_OK ? set(x->easy, CURLOPT_CAINFO, ca) : r;
	}
	r = set(x->easy, CURLOPT_CAINFO, NULL);
	return r == CURLE_OK
	    ? set(x->easy, CURLOPT_CAPATH, ca != NULL ? ca : authorities)
	    : r;
}

static CURLcode
set_body(struct exchange *x)
{
	__typeof__(x->curl.easy_setopt) set = x->curl.easy_setopt;
	const struct buf *body = x->request->body;
	CURLcode r;

	if (body == NULL)
		return CURLE_OK;
	if ((r = set(x->easy, CURLOPT_POST, 1L)) != CURLE_OK ||
	    (r = set(x->easy, CURLOPT_POSTFIELDS, buf_string(body))) !=
		CURLE_OK)
		return r;
	return set(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
}

static int
add_header(struct exchange *x, const char *name, const char *value)
{
	struct buf line = BUF_WITH_MAX(0);
	struct curl_slist *list;

	/* "Name:" alone keeps libcurl from sending it. */
	buf_printf(&line, "%s:%s%s", name, *value != '\0' ? " " : "", value);
	list = x->curl.slist_append(x->headers, buf_string(&line));
	buf_clear(&line);
	if (list == NULL)
		return -1;
	x->headers = list;
	return 0;
}

static CURLcode
set_headers(struct exchange *x)
{
	const struct http_request *q = x->request;

	if (add_header(x, "Accept",
		q->accept != NULL ? q->accept : "application/json") == -1 ||
	    (q->body != NULL &&
		(add_header(x, "Content-Type",
		     q->content_type != NULL
			 ? q->content_type
			 : "application/x-www-form-urlencoded") == -1 ||
		    add_header(x, "Expect", "") == -1)))
		return CURLE_OUT_OF_MEMORY;
	return x->curl.easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
}

static CURLcode
set_options(struct exchange *x)
{
	__typeof__(x->curl.easy_setopt) set = x->curl.easy_setopt;
	const struct http_request *q = x->request;
	CURL *e = x->easy;
	CURLcode r;

	if ((r = set(e, CURLOPT_URL, q->url)) != CURLE_OK ||
	    (r = set(e, CURLOPT_ERRORBUFFER, x->why)) != CURLE_OK ||
	    (r = set(e, CURLOPT_NOSIGNAL, 1L)) != CURLE_OK ||
	    (r = set(e, CURLOPT_QUICK_EXIT, 1L)) != CURLE_OK ||
	    (r = set(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) !=
		CURLE_OK ||
	    (r = set(e, CURLOPT_USERAGENT, "smtpsend")) != CURLE_OK ||
	    (r = set(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)) !=
		CURLE_OK ||
	    (r = set(e, CURLOPT_PROTOCOLS_STR,
		 x->host.secure ? "https" : "http")) != CURLE_OK ||
	    (r = set(e, CURLOPT_REDIR_PROTOCOLS_STR, "https")) != CURLE_OK ||
	    (r = set(e, CURLOPT_FOLLOWLOCATION, q->follow ? 1L : 0L)) !=
		CURLE_OK ||
	    (r = set(e, CURLOPT_MAXREDIRS, (long)REDIRECTS)) != CURLE_OK ||
	    (r = set(e, CURLOPT_WRITEFUNCTION, take)) != CURLE_OK ||
	    (r = set(e, CURLOPT_WRITEDATA, x)) != CURLE_OK ||
	    (r = set(e, CURLOPT_HEADERFUNCTION, take_field)) != CURLE_OK ||
	    (r = set(e, CURLOPT_HEADERDATA, x)) != CURLE_OK)
		return r;
	if (x->host.loopback && (r = set(e, CURLOPT_PROXY, "")) != CURLE_OK)
		return r;
	if ((r = set_trust(x)) != CURLE_OK || (r = set_body(x)) != CURLE_OK)
		return r;
	return set_headers(x);
}

static CURLMcode
set_multi(struct exchange *x)
{
	__typeof__(x->curl.multi_setopt) set = x->curl.multi_setopt;
	CURLMcode r;

	if ((r = set(x->multi, CURLMOPT_SOCKETDATA, x)) != CURLM_OK ||
	    (r = set(x->multi, CURLMOPT_TIMERDATA, x)) != CURLM_OK ||
	    (r = set(x->multi, CURLMOPT_SOCKETFUNCTION, watch)) != CURLM_OK ||
	    (r = set(x->multi, CURLMOPT_TIMERFUNCTION, set_timer)) != CURLM_OK)
		return r;
	return x->curl.multi_add_handle(x->multi, x->easy);
}

/* --- one exchange ----------------------------------------------------------- */

/* One wait: 0, or -1 with the error. */
static int
wait_once(struct exchange *x, struct error *err)
{
	struct wait_limits limits = *x->params->wait;
	struct pollfd ready[SOCKETS];
	nfds_t i, n = x->count;
	int64_t end = x->end_us;
	int running;

	if (limits.deadline_us != 0 && limits.deadline_us < end)
		end = limits.deadline_us;
	limits.deadline_us =
	    x->timer_us >= 0 && x->timer_us < end ? x->timer_us : end;
	memcpy(ready, x->fds, n * sizeof(*ready));
	switch (wait_poll(&limits, ready, n)) {
	case WAIT_READY:
		for (i = 0; i < n; i++)
			if (ready[i].revents != 0)
				x->curl.multi_socket_action(x->multi,
				    ready[i].fd,
				    ((ready[i].revents & POLLOUT) != 0
					    ? CURL_CSELECT_OUT
					    : 0) |
					((ready[i].revents & ~POLLOUT) != 0
						? CURL_CSELECT_IN
						: 0),
				    &running);
		return 0;
	case WAIT_LATE:
		if (clock_monotonic_us() >= end)
			return failed(x, err, EX_TEMPFAIL, "no answer in time");
		x->timer_us = -1;
		x->curl.multi_socket_action(
		    x->multi, CURL_SOCKET_TIMEOUT, 0, &running);
		return 0;
	case WAIT_STOPPED:
		return failed(
		    x, err, EX_SIGNAL + *x->params->wait->stop, "cancelled");
	default:
		return failed(x, err, EX_OSERR, strerror(errno));
	}
}

static int
status_of(CURLcode r)
{
	switch (r) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return EX_NOPERM;
	case CURLE_SSL_CACERT_BADFILE:
		return EX_CONFIG;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_PARTIAL_FILE:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_URL_MALFORMAT: /* of a redirect; ours is known to be one */
	case CURLE_WRITE_ERROR:
		return EX_PROTOCOL;
	case CURLE_FAILED_INIT:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_NOT_BUILT_IN:
		return EX_OSERR;
	default:
		return EX_TEMPFAIL;
	}
}

static int
finish(struct exchange *x, CURLcode r, struct error *err)
{
	const char *type = NULL;
	long code = 0;
	curl_off_t after = 0;
	size_t i;

	/* The latter is said of a line that is too long, too. */
	if (x->too_long || r == CURLE_OUT_OF_MEMORY)
		return failed(
		    x, err, EX_PROTOCOL, "the answer is longer than any is");
	if (r != CURLE_OK)
		return failed(x, err, status_of(r),
		    x->why[0] != '\0' ? x->why : x->curl.easy_strerror(r));
	x->curl.easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &code);
	x->curl.easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
	x->curl.easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &after);
	x->answer->code = (int)code;
	x->answer->retry_after_s = after > 0 ? (int64_t)after : -1;
	for (i = 0; type != NULL && type[i] != '\0' && type[i] != ';' &&
	     type[i] != ' ' && i + 1 < sizeof(x->answer->type);
	     i++)
		x->answer->type[i] = ascii_lower(type[i]);
	return 0;
}

static int
run(struct exchange *x, struct error *err)
{
	const CURLMsg *message;
	int running, left;

	x->curl.multi_socket_action(x->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	for (;;) {
		message = x->curl.multi_info_read(x->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE)
			return finish(x, message->data.result, err);
		if (wait_once(x, err) == -1)
			return -1;
	}
}

static int
begin(struct exchange *x, struct error *err)
{
	CURLcode r;

	if (curl_open(&x->curl, err) == -1)
		return error_context(err, "HTTPS");
	curl_wipe_freed(&x->curl);
	x->easy = x->curl.easy_init();
	x->multi = x->curl.multi_init();
	if (x->easy == NULL || x->multi == NULL)
		return failed(x, err, EX_OSERR, "libcurl does not start");
	r = set_options(x);
	if (r != CURLE_OK)
		return failed(x, err, status_of(r), x->curl.easy_strerror(r));
	if (set_multi(x) != CURLM_OK)
		return failed(x, err, EX_OSERR, "libcurl does not start");
	return 0;
}

static void
end(struct exchange *x)
{
	if (x->multi != NULL && x->easy != NULL)
		x->curl.multi_remove_handle(x->multi, x->easy);
	if (x->easy != NULL)
		x->curl.easy_cleanup(x->easy);
	if (x->multi != NULL)
		x->curl.multi_cleanup(x->multi);
	if (x->headers != NULL)
		x->curl.slist_free_all(x->headers);
}

int
http_fetch(const struct http_params *params, const struct http_request *request,
    struct http_answer *answer, struct error *err)
{
	struct exchange x = {
	    .params = params,
	    .request = request,
	    .answer = answer,
	    .timer_us = -1,
	    .end_us = clock_monotonic_us() +
		1000 *
		    (params->timeout_ms > 0 ? params->timeout_ms : TIMEOUT_MS),
	};
	int r;

	*answer = (struct http_answer){
	    .retry_after_s = -1,
	    .body = BUF_WITH_MAX(request->max > 0 ? request->max : ANSWER_MAX),
	};
	if (!http_url_parse(request->url, &x.host))
		return error_set(err, EX_NOPERM,
		    "this is no URL of HTTPS that is asked: %.*s",
		    (int)strcspn(request->url, "?#"), request->url);
	/* It is not moved, so that nothing of it stays behind. */
	buf_reserve(&answer->body, answer->body.max);
	r = begin(&x, err);
	if (r == 0)
		r = run(&x, err);
	end(&x);
	if (r == -1)
		http_answer_clear(answer);
	return r;
}

void
http_answer_clear(struct http_answer *answer)
{
	if (answer->body.data != NULL)
		secret_wipe(answer->body.data, answer->body.cap);
	buf_clear(&answer->body);
}
