/*
 * gsasl: the functions of libgsasl, opened when a mechanism first needs them.
 *
 * The members are the library's functions without the prefix: g->step(...) is
 * gsasl_step(...).  What is used of its header is declared here, as its versions
 * 2.0 and later have it: so nobody needs the header to build.
 */
#ifndef LIB_GSASL_H
#define LIB_GSASL_H

#include <stddef.h>

#include "lib/error.h"

/* Its own names and numbers. */
typedef struct Gsasl Gsasl;
typedef struct Gsasl_session Gsasl_session;
typedef int Gsasl_callback(Gsasl *, Gsasl_session *, int property);

enum gsasl_result {
	GSASL_OK = 0,
	GSASL_NEEDS_MORE = 1,
	GSASL_AUTHENTICATION_ERROR = 31,
	GSASL_NO_CALLBACK = 51,
};

enum gsasl_property {
	GSASL_AUTHID = 1,
	GSASL_AUTHZID = 2,
	GSASL_SERVICE = 5,
	GSASL_HOSTNAME = 6,
	GSASL_SCRAM_ITER = 15,
	GSASL_SCRAM_SALT = 16,
	GSASL_SCRAM_SALTED_PASSWORD = 17,
	GSASL_SCRAM_SERVERKEY = 23,
	GSASL_SCRAM_STOREDKEY = 24,
	GSASL_CB_TLS_EXPORTER = 25,
};

struct gsasl {
	int (*init)(Gsasl **);
	void (*done)(Gsasl *);
	void (*callback_set)(Gsasl *, Gsasl_callback *);
	int (*client_start)(Gsasl *, const char *mechanism, Gsasl_session **);
	void (*finish)(Gsasl_session *);
	void (*session_hook_set)(Gsasl_session *, void *);
	void *(*session_hook_get)(Gsasl_session *);
	int (*property_set)(Gsasl_session *, int property, const char *);
	const char *(*property_fast)(Gsasl_session *, int property);
	int (*step)(Gsasl_session *, const char *input, size_t input_len,
	    char **output, size_t *output_len);
	const char *(*strerror)(int);
	void (*free)(void *);
};

/* As library_open. */
int gsasl_open(struct gsasl *, struct error *);

#endif
