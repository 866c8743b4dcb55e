#include "transport/dial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/memory.h"
#include "transport/dial_error.h"
#include "transport/endpoint.h"
#include "transport/transport.h"

enum {
	EVENTS_MAX = 4,
	/* libcurl tells of progress with each octet of an answer to CONNECT. */
	ANSWER_MAX = 256 * 1024,
};

struct dial {
	const struct curl_library *curl;
	const struct proxy *proxy;
	unsigned port;
	int fd;
	bool fd_given;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *names;
	int epoll, timer;
	size_t told; /* how often of progress */
	struct dial_answer answer;
	CURLcode result;
};

static curl_socket_t
give_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct dial *d = arg;

	(void)purpose;
	(void)address;
	if (d->fd_given)
		return CURL_SOCKET_BAD;
	d->fd_given = true;
	return d->fd;
}

/* Version 7.88 connects it once more all the same, which Linux lets pass. */
static int
is_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int
leave_open(void *arg, curl_socket_t fd)
{
	(void)arg;
	(void)fd;
	return 0;
}

/* A proxy that answers without end is not listened to for ever. */
static int
note_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct dial *dial = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return ++dial->told > ANSWER_MAX;
}

static size_t
note_header(char *line, size_t size, size_t n, void *arg)
{
	struct dial *d = arg;

	dial_answer_note(&d->answer, line, size * n);
	return size * n;
}

static int
watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	const struct dial *d = arg;
	struct epoll_event ev = {.data.fd = fd};

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		ev.events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		ev.events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(d->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(d->epoll, EPOLL_CTL_MOD, fd, &ev) == -1 &&
	    epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		return -1;
	return 0;
}

/* Negative: never. */
static int
set_timer(CURLM *multi, long ms, void *arg)
{
	const struct dial *d = arg;
	struct itimerspec delay = {0};

	(void)multi;
	if (ms >= 0) {
		delay.it_value.tv_sec = ms / 1000;
		/* Nothing at all would mean never, too. */
		delay.it_value.tv_nsec = ms % 1000 * 1000000 + (ms == 0);
	}
	return timerfd_settime(d->timer, 0, &delay, NULL);
}

/* How libcurl is to write a host in a URL. */
static void
put_host(struct buf *out, const char *host)
{
	buf_printf(out, strchr(host, ':') != NULL ? "[%s]" : "%s", host);
}

/* SOCKS4a is for names, and libcurl would have an address for one. */
static const char *
scheme(const struct dial_params *p)
{
	static const char *const names[] = {
	    "socks4", "socks4a", "socks5", "socks5h", "http", "https"};
	struct endpoint numeric;
	enum proxy_kind kind = p->proxy->kind;

	if (kind == PROXY_SOCKS4A && endpoint_parse(&numeric, p->host) == 0)
		kind = PROXY_SOCKS4;
	return names[kind];
}

/* The proxy by its address; one with a certificate by its name, of which libcurl
 * is told the address. */
static CURLcode
set_proxy(struct dial *d, const struct dial_params *p)
{
	const bool secure = p->proxy->kind == PROXY_HTTPS;
	struct buf url = BUF_WITH_MAX(0), known = BUF_WITH_MAX(0);
	struct endpoint numeric;
	CURLcode r;

	buf_printf(&url, "%s://", scheme(p));
	put_host(&url, secure ? p->proxy->host : p->address);
	buf_printf(&url, ":%u", p->proxy->port);
	r = d->curl->easy_setopt(d->easy, CURLOPT_PROXY, buf_string(&url));
	if (secure && endpoint_parse(&numeric, p->proxy->host) == -1) {
		buf_printf(&known, "%s:%u:", p->proxy->host, p->proxy->port);
		put_host(&known, p->address);
		d->names = d->curl->slist_append(NULL, buf_string(&known));
		if (r == CURLE_OK)
			r = d->curl->easy_setopt(
			    d->easy, CURLOPT_RESOLVE, d->names);
	}
	buf_clear(&url);
	buf_clear(&known);
	return r;
}

static CURLcode
set_login(struct dial *d, const struct dial_params *p)
{
	const struct proxy *proxy = p->proxy;
	__typeof__(d->curl->easy_setopt) set = d->curl->easy_setopt;
	CURLcode r;

	if (proxy->user == NULL)
		return CURLE_OK;
	r = set(d->easy, CURLOPT_PROXYUSERNAME, proxy->user);
	if (r == CURLE_OK)
		r = set(d->easy, CURLOPT_PROXYPASSWORD,
		    proxy->password.bytes != NULL ? proxy->password.bytes : "");
	if (r == CURLE_OK)
		r = set(d->easy, CURLOPT_PROXYAUTH,
		    (long)(p->digest ? CURLAUTH_DIGEST : CURLAUTH_BASIC));
	return r;
}

/* A mail server's URL would make libcurl speak to it. */
static CURLcode
set_server(struct dial *d, const struct dial_params *p)
{
	struct buf url = BUF_WITH_MAX(0);
	CURLcode r;

	buf_puts(&url, "http://");
	put_host(&url, p->host);
	buf_printf(&url, ":%u", p->port);
	r = d->curl->easy_setopt(d->easy, CURLOPT_URL, buf_string(&url));
	buf_clear(&url);
	return r;
}

static CURLcode
set_options(struct dial *d, const struct dial_params *p)
{
	__typeof__(d->curl->easy_setopt) set = d->curl->easy_setopt;
	CURL *e = d->easy;
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
	    {CURLOPT_CONNECT_ONLY, 1},
	    {CURLOPT_HTTPPROXYTUNNEL, 1},
	    {CURLOPT_NOSIGNAL, 1},
	    {CURLOPT_NOPROGRESS, 0},
	    {CURLOPT_SOCKS5_AUTH, CURLAUTH_BASIC},
	    {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	    /* How long it may take is the caller's to say. */
	    {CURLOPT_CONNECTTIMEOUT_MS, 0x7fffffff},
	};
	const struct {
		CURLoption option;
		const void *value;
	} pointers[] = {
	    {CURLOPT_NOPROXY, ""}, /* nor what the variable has */
	    {CURLOPT_ERRORBUFFER, d->answer.text},
	    {CURLOPT_OPENSOCKETDATA, d},
	    {CURLOPT_HEADERDATA, d},
	    {CURLOPT_XFERINFODATA, d},
	};
	CURLcode r = set_server(d, p);
	size_t i;

	for (i = 0; r == CURLE_OK && i < sizeof(numbers) / sizeof(*numbers);
	     i++)
		r = set(e, numbers[i].option, numbers[i].value);
	for (i = 0; r == CURLE_OK && i < sizeof(pointers) / sizeof(*pointers);
	     i++)
		r = set(e, pointers[i].option, pointers[i].value);
	if (r == CURLE_OK && p->ca_file != NULL)
		r = set(e, CURLOPT_PROXY_CAINFO, p->ca_file);
	if (r != CURLE_OK ||
	    (r = set(e, CURLOPT_OPENSOCKETFUNCTION, give_socket)) != CURLE_OK ||
	    (r = set(e, CURLOPT_SOCKOPTFUNCTION, is_connected)) != CURLE_OK ||
	    (r = set(e, CURLOPT_CLOSESOCKETFUNCTION, leave_open)) != CURLE_OK ||
	    (r = set(e, CURLOPT_HEADERFUNCTION, note_header)) != CURLE_OK ||
	    (r = set(e, CURLOPT_XFERINFOFUNCTION, note_progress)) != CURLE_OK)
		return r;
	r = set_proxy(d, p);
	return r == CURLE_OK ? set_login(d, p) : r;
}

static CURLMcode
set_multi(struct dial *d)
{
	__typeof__(d->curl->multi_setopt) set = d->curl->multi_setopt;
	CURLMcode r;

	if ((r = set(d->multi, CURLMOPT_SOCKETDATA, d)) != CURLM_OK ||
	    (r = set(d->multi, CURLMOPT_TIMERDATA, d)) != CURLM_OK ||
	    (r = set(d->multi, CURLMOPT_SOCKETFUNCTION, watch)) != CURLM_OK ||
	    (r = set(d->multi, CURLMOPT_TIMERFUNCTION, set_timer)) != CURLM_OK)
		return r;
	return d->curl->multi_add_handle(d->multi, d->easy);
}

static int
begin_waiting(struct dial *d, struct error *err)
{
	struct epoll_event ev = {.events = EPOLLIN};

	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ev.data.fd = d->timer;
	if (d->epoll >= 0 && d->timer >= 0 &&
	    epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->timer, &ev) == 0)
		return 0;
	return error_set(err, EX_OSERR, "epoll: %s", strerror(errno));
}

struct dial *
dial_new(const struct dial_params *p, struct error *err)
{
	struct dial *d = memory_alloc(sizeof(*d));
	CURLcode r = CURLE_OUT_OF_MEMORY;

	d->curl = p->curl;
	d->proxy = p->proxy;
	d->port = p->port;
	d->fd = p->fd;
	d->epoll = d->timer = -1;
	if (begin_waiting(d, err) == -1) {
		dial_free(d);
		return NULL;
	}
	if (p->proxy->user != NULL)
		curl_wipe_freed(d->curl);
	d->easy = d->curl->easy_init();
	d->multi = d->curl->multi_init();
	if (d->easy != NULL && d->multi != NULL)
		r = set_options(d, p);
	if (r == CURLE_OK && set_multi(d) != CURLM_OK)
		r = CURLE_FAILED_INIT;
	if (r == CURLE_OK)
		return d;
	error_set(err, EX_OSERR, "libcurl: %s", d->curl->easy_strerror(r));
	dial_free(d);
	return NULL;
}

static void
act(struct dial *d, const struct epoll_event *ev)
{
	uint64_t expired;
	int running, bits = 0, fd = ev->data.fd;

	if (fd == d->timer) {
		if (read(fd, &expired, sizeof(expired)) < 0)
			return;
		fd = CURL_SOCKET_TIMEOUT;
	} else {
		if ((ev->events & EPOLLIN) != 0)
			bits |= CURL_CSELECT_IN;
		if ((ev->events & EPOLLOUT) != 0)
			bits |= CURL_CSELECT_OUT;
		if ((ev->events & (EPOLLERR | EPOLLHUP)) != 0)
			bits |= CURL_CSELECT_ERR;
	}
	d->curl->multi_socket_action(d->multi, fd, bits, &running);
}

static int
failed(struct dial *d, struct error *err)
{
	long http = 0, socks = 0;

	d->curl->easy_getinfo(d->easy, CURLINFO_HTTP_CONNECTCODE, &http);
	d->curl->easy_getinfo(d->easy, CURLINFO_PROXY_ERROR, &socks);
	d->answer.http = http;
	d->answer.socks = (CURLproxycode)socks;
	d->answer.result = d->result;
	if (d->answer.text[0] == '\0')
		snprintf(d->answer.text, sizeof(d->answer.text), "%s",
		    d->curl->easy_strerror(d->result));
	return dial_error(&d->answer, d->proxy, d->port, err);
}

int
dial_step(struct dial *d, struct error *err)
{
	struct epoll_event ev[EVENTS_MAX];
	int n = epoll_wait(d->epoll, ev, EVENTS_MAX, 0), left;
	const CURLMsg *message;

	if (n < 0 && errno != EINTR)
		return error_set(err, EX_OSERR, "epoll: %s", strerror(errno));
	while (n-- > 0)
		act(d, &ev[n]);
	message = d->curl->multi_info_read(d->multi, &left);
	if (message == NULL)
		return TRANSPORT_AGAIN;
	d->result = message->data.result;
	return d->result == CURLE_OK ? 0 : failed(d, err);
}

int
dial_fd(const struct dial *d)
{
	return d->epoll;
}

bool
dial_wants_digest(const struct dial *d)
{
	long offered = 0;

	d->curl->easy_getinfo(d->easy, CURLINFO_PROXYAUTH_AVAIL, &offered);
	return d->answer.http == 407 &&
	    ((unsigned long)offered & CURLAUTH_DIGEST) != 0 &&
	    ((unsigned long)offered & CURLAUTH_BASIC) == 0;
}

static ssize_t
lost(struct dial *d, CURLcode r, const char *doing, struct error *err)
{
	if (r == CURLE_AGAIN)
		return TRANSPORT_AGAIN;
	return error_set(err, EX_TEMPFAIL,
	    "connection to the proxy lost while %s: %s", doing,
	    d->curl->easy_strerror(r));
}

ssize_t
dial_send(struct dial *d, const void *bytes, size_t n, struct error *err)
{
	size_t sent = 0;
	CURLcode r = d->curl->easy_send(d->easy, bytes, n, &sent);

	return r == CURLE_OK ? (ssize_t)sent : lost(d, r, "sending", err);
}

ssize_t
dial_recv(struct dial *d, void *bytes, size_t n, struct error *err)
{
	size_t got = 0;
	CURLcode r = d->curl->easy_recv(d->easy, bytes, n, &got);

	return r == CURLE_OK ? (ssize_t)got : lost(d, r, "receiving", err);
}

void
dial_free(struct dial *d)
{
	if (d == NULL)
		return;
	if (d->multi != NULL && d->easy != NULL)
		d->curl->multi_remove_handle(d->multi, d->easy);
	if (d->easy != NULL)
		d->curl->easy_cleanup(d->easy);
	if (d->multi != NULL)
		d->curl->multi_cleanup(d->multi);
	d->curl->slist_free_all(d->names);
	if (d->timer >= 0)
		close(d->timer);
	if (d->epoll >= 0)
		close(d->epoll);
	free(d);
}
