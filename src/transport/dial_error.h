/*
 * dial_error: what a proxy answered, or did not, as an error of ours.
 */
#ifndef TRANSPORT_DIAL_ERROR_H
#define TRANSPORT_DIAL_ERROR_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "transport/proxy_url.h"

struct dial_answer {
	CURLcode result;
	CURLproxycode socks; /* of CURLE_PROXY */
	long http;	     /* the last status, 0: none */
	char status[128]; /* the line that it stood in, "HTTP/1.1 …", or "" */
	bool heard;	  /* there was a line */
	char text[CURL_ERROR_SIZE]; /* libcurl's words, or "" */
};

/* A line of an answer to CONNECT, with its end. */
void dial_answer_note(struct dial_answer *, const char *line, size_t n);
/* Fills *err with a text that does not name the proxy, and the statuses that
 * proxy.h promises; returns -1. */
int dial_error(const struct dial_answer *, const struct proxy *, unsigned port,
    struct error *);

#endif
