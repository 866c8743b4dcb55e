/* What the files of sasl share: the makings of its rows. */
#ifndef SASL_MECHANISMS_H
#define SASL_MECHANISMS_H

#include "sasl/sasl.h"

enum { SASL_SAID_MAX = 1024 };

/* own.c */
struct sasl *
plain_new(const struct sasl_mechanism *, const struct sasl_credentials *,
    const struct sasl_binding *, struct error *);
enum sasl_progress
plain_step(struct sasl *, const char *challenge, size_t n, struct buf *);
struct sasl *
login_new(const struct sasl_mechanism *, const struct sasl_credentials *,
    const struct sasl_binding *, struct error *);
enum sasl_progress
login_step(struct sasl *, const char *challenge, size_t n, struct buf *);
enum sasl_progress
external_step(struct sasl *, const char *challenge, size_t n, struct buf *);
/* For those that hold nothing else. */
void plain_free(struct sasl *);

/* oauth.c */
struct sasl *
oauth_new(const struct sasl_mechanism *, const struct sasl_credentials *,
    const struct sasl_binding *, struct error *);
enum sasl_progress
oauthbearer_step(struct sasl *, const char *challenge, size_t n, struct buf *);
enum sasl_progress
xoauth2_step(struct sasl *, const char *challenge, size_t n, struct buf *);

/* scram.c; new: the mechanism says whether it is bound. */
struct sasl *
scram_new(const struct sasl_mechanism *, const struct sasl_credentials *,
    const struct sasl_binding *, struct error *);
enum sasl_progress
scram_step(struct sasl *, const char *challenge, size_t n, struct buf *);
void scram_free(struct sasl *);

/* kerberos.c; free: exchange_free. */
struct sasl *
kerberos_new(const struct sasl_mechanism *, const struct sasl_credentials *,
    const struct sasl_binding *, struct error *);
enum sasl_progress
kerberos_step(struct sasl *, const char *challenge, size_t n, struct buf *);

/* cram.c; new and free: plain_… */
enum sasl_progress
cram_step(struct sasl *, const char *challenge, size_t n, struct buf *);

#endif
