/*
 * http: a question by HTTPS, and its answer, through libcurl.
 *
 * The only place that speaks HTTP.  Plain HTTP goes to loopback only (a host of
 * 127.0.0.0/8, ::1, or the name localhost, which is not looked up elsewhere).
 * Certificates are verified against the system's authorities, as a directory
 * (CURLOPT_CAPATH), since to read the bundle costs eight times as much.  A proxy
 * is that of the variables https_proxy and no_proxy.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/wait.h"

struct http_params {
	const struct wait_limits *wait; /* signals, the deadline of the run */
	int64_t timeout_ms;		/* for one answer; 0: 30 s */
	const char *ca; /* file or directory of authorities; NULL: the
			   system's */
};

struct http_request {
	const char *url;
	const char *accept;	  /* media type; NULL: application/json */
	const char *content_type; /* of the body; NULL: it is a form */
	const struct buf *body;	  /* NULL: GET, else POST */
	size_t max;		  /* octets of the answer; 0: 64 KiB */
	bool
	    follow; /* redirects, at most three, to HTTPS only; otherwise one is
			the answer */
};

struct http_answer {
	int code;      /* 200 */
	char type[64]; /* media type, small letters, without parameters */
	int64_t retry_after_s; /* RFC 9110 10.2.3, both forms; -1: not said */
	struct buf body;       /* there may be secrets in it */
};

/*
 * 0: there is an answer, whatever its code, which http_answer_clear wipes.
 * -1: EX_TEMPFAIL (no address, no connection, time is up), EX_NOPERM (its
 * certificate, or plain HTTP elsewhere than on loopback), EX_PROTOCOL (no HTTP,
 * cut short, too long), EX_SIGNAL plus n, EX_OSERR (there is no libcurl).  The
 * text begins with the host, and no query of the URL is in it.
 */
int http_fetch(const struct http_params *, const struct http_request *,
    struct http_answer *, struct error *);
void http_answer_clear(struct http_answer *);

struct http_host {
	const char *name; /* in the URL, with the brackets of an IPv6 address */
	size_t len;
	bool secure;   /* https */
	bool loopback; /* an address of it, or the name localhost */
};

/* Whether it is https, or http on loopback, with a host, without user, password
 * and fragment: what http_fetch takes, decided without libcurl. */
bool http_url_parse(const char *url, struct http_host *);
bool http_url_is_safe(const char *url);

#endif
