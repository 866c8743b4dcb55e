/*
 * curl: libcurl, opened when first needed.
 *
 * Linking it would cost every call several milliseconds, so this is the one
 * place that knows how to get at it.  The fields are libcurl's functions
 * without the prefix: curl.url_set(…) is curl_url_set(…); a further one is a
 * line in CURL_FUNCTIONS.  The library stays loaded until the process ends;
 * opening it again is cheap and gives the same functions.
 */
#ifndef TRANSPORT_CURL_H
#define TRANSPORT_CURL_H

#include <curl/curl.h>

#include "lib/error.h"

#define CURL_FUNCTIONS(X) \
	X(free)           \
	X(url)            \
	X(url_cleanup)    \
	X(url_get)        \
	X(url_set)        \
	X(url_strerror)

struct curl_library {
#define X(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(X)
#undef X
};

/* 0, or -1 with EX_OSERR and a text that names the library (or the function
 * that it lacks); the caller adds what it was needed for and, as the hint,
 * what works without it. */
int curl_open(struct curl_library *, struct error *);

#endif
