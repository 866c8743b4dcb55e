/*
 * curl: the functions of libcurl, opened when first needed.
 *
 * Linked, it would cost every run several milliseconds.  The members are the
 * library's functions without the prefix: curl.url_set(...) is
 * curl_url_set(...); a further one is a line in CURL_FUNCTIONS.
 */
#ifndef LIB_CURL_H
#define LIB_CURL_H

#include <curl/curl.h>

#include "lib/error.h"

#define CURL_FUNCTIONS(X)      \
	X(easy_cleanup)        \
	X(easy_getinfo)        \
	X(easy_init)           \
	X(easy_recv)           \
	X(easy_send)           \
	X(easy_setopt)         \
	X(easy_strerror)       \
	X(free)                \
	X(global_init_mem)     \
	X(multi_add_handle)    \
	X(multi_cleanup)       \
	X(multi_info_read)     \
	X(multi_init)          \
	X(multi_remove_handle) \
	X(multi_setopt)        \
	X(multi_socket_action) \
	X(slist_append)        \
	X(slist_free_all)      \
	X(url)                 \
	X(url_cleanup)         \
	X(url_get)             \
	X(url_set)             \
	X(url_strerror)

struct curl_library {
#define CURL_MEMBER(name) __typeof__(&curl_##name) name;
	CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* As library_open; the hint says nothing of what works without it. */
int curl_open(struct curl_library *, struct error *);
/* Before it is handed a password: what it frees from here on is wiped.  That
 * begins its TLS, too, as a transfer does anyway. */
void curl_wipe_freed(const struct curl_library *);

#endif
