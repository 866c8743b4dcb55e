#include "transport/tls_ticket.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/secret.h"
#include "transport/anchors.h"
#include "transport/first_use.h"
#include "transport/tls.h"
#include "transport/tls_keys.h"

/* Another number for another form of key or record. */
#define FORM "smtpsend TLS session 1"

enum { DIGEST = 32, HEAD_MAX = 256 };

/* --- the key --------------------------------------------------------------*/

/* Each value with its length: no two policies give the same bytes. */
static void
put(struct buf *out, const char *name, const void *value, size_t n)
{
	buf_printf(out, "%s %zu ", name, n);
	buf_append(out, value, n);
	buf_putc(out, '\n');
}

static void
put_text(struct buf *out, const char *name, const char *value)
{
	if (value != NULL)
		put(out, name, value, strlen(value));
	else
		buf_printf(out, "%s -\n", name);
}

static void
put_number(struct buf *out, const char *name, long long value)
{
	buf_printf(out, "%s %lld\n", name, value);
}

/* A file as it is: whoever changes it changes the time of that.  False for what
 * is no file, as a directory, whose files may change behind its back. */
static bool
put_file(struct buf *out, const char *name, const char *path)
{
	struct stat st;

	put_text(out, name, path);
	if (path == NULL)
		return true;
	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return false;
	buf_printf(out, "%ju %ju %jd %jd.%09ld %jd.%09ld\n",
	    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino, (intmax_t)st.st_size,
	    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
	    (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return true;
}

/* The keys by which the server is known, in their order. */
static void
put_first_use(struct buf *out, const struct tls_first_use *f)
{
	size_t i;

	put_number(out, "first use", f != NULL);
	for (i = 0; f != NULL && i < f->count; i++)
		put(out, "known", &f->keys[i].pin, sizeof(f->keys[i].pin));
}

/* Every field is named here, or on whose account nothing is verified:
 * not of the key: if_clear, look, note_expiry, tickets
 * make check-layers compares this with the struct. */
static bool
put_policy(struct buf *out, const struct tls_policy *policy)
{
	const char *ca = policy->ca_file;
	const gnutls_datum_t *own;

	put_text(out, "name", policy->name);
	put_number(out, "port", policy->port);
	put_number(out, "optional", policy->optional);
	put(out, "pins", policy->pins,
	    policy->pin_count * sizeof(*policy->pins));
	put_number(out, "least", policy->least);
	put_text(out, "priority", policy->priority);
	put_text(out, "ca", ca);
	put_first_use(out, policy->first_use);
	if (policy->keys != NULL) {
		own = tls_keys_certificate(policy->keys);
		put(out, "own", own->data, own->size);
	}
	return put_file(out, "authorities", ca != NULL ? ca : anchors_system());
}

bool
tls_ticket_key(const struct gnutls *g, const struct tls_policy *policy,
    char key[TLS_TICKET_KEY])
{
	struct buf text = {0};
	unsigned char digest[DIGEST];
	bool known = policy->tickets != NULL && !policy->look &&
	    policy->crl_file == NULL;
	size_t i;

	key[0] = '\0';
	if (!known)
		return false;
	put_text(&text, "form", FORM);
	put_text(&text, "GnuTLS", g->check_version(NULL));
	put_text(&text, "version", VERSION);
	known = put_policy(&text, policy) &&
	    g->hash_fast(GNUTLS_DIG_SHA256, text.data, text.len, digest) == 0;
	buf_clear(&text);
	for (i = 0; known && i < DIGEST; i++)
		snprintf(key + 2 * i, 3, "%02x", digest[i]);
	return known;
}

/* --- the record -----------------------------------------------------------*/

/*
 * A line of text, the session as GnuTLS packs it, and the SHA-256 of the key and
 * of both: what is torn, or lies under another name, is no record.
 */
static bool
seal(const struct gnutls *g, const char *key, const void *bytes, size_t n,
    unsigned char digest[DIGEST])
{
	gnutls_hash_hd_t hash;

	if (g->hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		return false;
	g->hash(hash, key, strlen(key));
	g->hash(hash, bytes, n);
	g->hash_deinit(hash, digest);
	return true;
}

/* False if it is none that is good now. */
static bool
read_record(struct tls_ticket *t, const struct gnutls *g, time_t now)
{
	const struct buf *record = &t->record;
	size_t n = record->len > DIGEST ? record->len - DIGEST : 0;
	const char *end = n > 0 ? memchr(record->data, '\n', n) : NULL;
	unsigned char digest[DIGEST];
	char head[HEAD_MAX];
	int used = 0, own, trust;

	t->begin = end != NULL ? (size_t)(end - record->data) + 1 : 0;
	if (t->begin == 0 || t->begin >= sizeof(head) ||
	    !seal(g, t->key, record->data, n, digest) ||
	    memcmp(digest, record->data + n, DIGEST) != 0)
		return false;
	memcpy(head, record->data, t->begin);
	head[t->begin] = '\0';
	if (sscanf(head,
		FORM " since %" SCNd64 " until %" SCNd64
		     " group %u own %d trust %d key %44s%n",
		&t->since, &t->until, &t->group, &own, &trust, t->fingerprint,
		&used) != 6 ||
	    (size_t)used + 1 != t->begin)
		return false;
	t->own = (enum transport_own)own;
	t->trust = (enum transport_trust)trust;
	t->len = n - t->begin;
	return t->since <= now && now - t->since < TLS_TICKET_AGE &&
	    now < t->until;
}

static bool
write_record(struct buf *out, const struct tls_ticket *t,
    const struct gnutls *g, const gnutls_datum_t *session,
    const struct transport_tls *info)
{
	unsigned char digest[DIGEST];

	if (session->size > TLS_TICKET_MAX - HEAD_MAX - DIGEST ||
	    buf_reserve(out, HEAD_MAX + session->size + DIGEST) == -1)
		return false;
	buf_printf(out,
	    FORM " since %" PRId64 " until %" PRId64
		 " group %u own %d trust %d key %s\n",
	    t->since, t->until, t->group, (int)info->own, (int)info->trust,
	    info->fingerprint);
	buf_append(out, session->data, session->size);
	if (!seal(g, t->key, out->data, out->len, digest))
		return false;
	buf_append(out, digest, DIGEST);
	return true;
}

/* --- their life -----------------------------------------------------------*/

void
tls_ticket_clear(struct tls_ticket *t)
{
	secret_wipe(t->record.data, t->record.len);
	buf_clear(&t->record);
	t->len = 0;
}

unsigned
tls_ticket_take(struct tls_ticket *t, const struct gnutls *g,
    const struct tls_policy *policy, time_t now)
{
	const struct tls_tickets *tickets = policy->tickets;
	int taken;

	*t = (struct tls_ticket){.record = BUF_WITH_MAX(TLS_TICKET_MAX)};
	if (!tls_ticket_key(g, policy, t->key))
		return GNUTLS_NO_TICKETS;
	taken = tickets->take(tickets->arg, t->key, &t->record);
	if (taken < 0) {
		t->key[0] = '\0';
		return GNUTLS_NO_TICKETS;
	}
	if (taken == 0)
		return 0;
	if (!read_record(t, g, now)) {
		tls_ticket_clear(t);
		return 0;
	}
	/* By itself GnuTLS puts this group first, and the server is known to
	 * take it: no second key is made in vain. */
	return t->group == GNUTLS_GROUP_SECP256R1 && policy->priority == NULL
	    ? GNUTLS_KEY_SHARE_TOP
	    : 0;
}

bool
tls_ticket_offer(
    struct tls_ticket *t, const struct gnutls *g, gnutls_session_t session)
{
	t->offered = t->len > 0 &&
	    g->session_set_data(session, t->record.data + t->begin, t->len) ==
		0;
	tls_ticket_clear(t);
	return t->offered;
}

bool
tls_ticket_resumed(const struct tls_ticket *t, const struct gnutls *g,
    gnutls_session_t session, struct transport_tls *info)
{
	if (!t->offered || !g->session_is_resumed(session))
		return false;
	snprintf(
	    info->fingerprint, sizeof(info->fingerprint), "%s", t->fingerprint);
	info->own = t->own; /* the server has not forgotten it */
	info->trust = t->trust;
	return true;
}

/* When the first of the peer's certificates ends; 0: that cannot be told. */
static int64_t
end_of_chain(const struct gnutls *g, gnutls_session_t session)
{
	const gnutls_datum_t *der;
	gnutls_x509_crt_t crt;
	unsigned i, n = 0;
	int64_t first = 0, end;

	der = g->certificate_get_peers(session, &n);
	for (i = 0; der != NULL && i < n; i++) {
		if (g->x509_crt_init(&crt) < 0)
			return 0;
		end = g->x509_crt_import(crt, &der[i], GNUTLS_X509_FMT_DER) < 0
		    ? 0
		    : g->x509_crt_get_expiration_time(crt);
		g->x509_crt_deinit(crt);
		if (end <= 0)
			return 0;
		if (i == 0 || end < first)
			first = end;
	}
	return first;
}

/* A ticket came; without an extended master secret a session of TLS 1.2 is not
 * to be resumed (RFC 7627 5.3). */
static bool
can_be_resumed(const struct gnutls *g, gnutls_session_t session)
{
	unsigned flags = g->session_get_flags(session);

	return (flags & GNUTLS_SFLAGS_SESSION_TICKET) != 0 &&
	    (g->protocol_get_version(session) > GNUTLS_TLS1_2 ||
		(flags & GNUTLS_SFLAGS_EXT_MASTER_SECRET) != 0);
}

void
tls_ticket_keep(const struct tls_ticket *ticket, const struct gnutls *g,
    gnutls_session_t session, const struct tls_tickets *tickets,
    const struct transport_tls *info, time_t now)
{
	struct tls_ticket t = *ticket;
	struct buf record = BUF_WITH_MAX(TLS_TICKET_MAX);
	gnutls_datum_t data = {NULL, 0};

	if (t.key[0] == '\0' || info->unverified[0] != '\0' ||
	    info->trust == TRANSPORT_TRUST_FIRST_USE ||
	    !can_be_resumed(g, session))
		return;
	if (!info->resumed) {
		t.since = now;
		t.until = end_of_chain(g, session);
	}
	t.group = g->group_get(session);
	if (now >= t.until || g->session_get_data2(session, &data) < 0)
		return;
	if (write_record(&record, &t, g, &data, info))
		tickets->keep(tickets->arg, t.key, record.data, record.len);
	secret_wipe(data.data, data.size);
	(*g->free)(data.data);
	secret_wipe(record.data, record.len);
	buf_clear(&record);
}
