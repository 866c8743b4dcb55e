/*
 * Addresses: what is read can be carried by SMTP and by a header, means the
 * same when it is written and read again, and what is refused changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/ascii.h"
#include "rfc5322/address.h"

enum { MAILBOX_MAX = 254 }; /* RFC 5321 4.5.3.1.3, without <> */

/* A Mailbox of RFC 5321 4.1.2 (RFC 6531: with UTF-8), as far as a server could
 * take it for something else. */
static void
check_mailbox(const struct address *a)
{
	const char *m = a->mailbox, *at = strrchr(m, '@'), *p;
	size_t n = strlen(m);
	bool quoted = false, high = false;

	MUST(at != NULL && at > m && at[1] != '\0', "no mailbox: %s", m);
	MUST(n <= MAILBOX_MAX, "%zu octets", n);
	MUST(!fuzz_control(m, n, ""), "a control in %s", m);
	MUST(fuzz_utf8(m, n), "no UTF-8: %s", m);
	for (p = m; *p != '\0'; p++) {
		high |= (unsigned char)*p >= 0x80;
		if (quoted && *p == '\\')
			MUST(*++p != '\0', "it ends in a backslash: %s", m);
		else if (*p == '"')
			quoted = !quoted;
		else
			MUST(quoted || strchr("<> ,;()\\", *p) == NULL,
			    "'%c' in %s", *p, m);
	}
	MUST(!quoted, "a quote that is not closed: %s", m);
	MUST(high == a->utf8, "whether it needs SMTPUTF8: %s", m);
	for (p = at; *p != '\0'; p++)
		MUST((unsigned char)*p < 0x80, "no A-labels: %s", m);
}

/* What is written is read again as the same. */
static void
check_format(struct arena *arena, const struct address *a)
{
	static const struct address_params header = {
	    .what = "From", .single = true, .encoded_words = true};
	struct buf out = {0};
	struct address_list again = {0};
	struct error err = {0};
	const char *read;

	MUST(address_format(a, &out) == 0, "it cannot be written");
	MUST(!fuzz_control(out.data, out.len, "\t"), "a control in %s",
	    out.data);
	if (address_parse(arena, buf_string(&out), &header, &again, &err) == -1)
		fuzz_fail("%s cannot be read again: %s", out.data, err.text);
	MUST(strcmp(again.addresses[0].mailbox, a->mailbox) == 0,
	    "%s is read as %s", out.data, again.addresses[0].mailbox);
	read = again.addresses[0].display;
	/* What looks like an encoded word is none when it is read. */
	if (a->display != NULL && strstr(a->display, "=?") == NULL)
		fuzz_same("the display name", a->display, strlen(a->display),
		    read, read != NULL ? strlen(read) : 0);
	MUST(address_equal(a, &again.addresses[0]), "not equal to itself");
	buf_clear(&out);
}

static void
check_parameters(const struct address_parameter *p)
{
	const char *c;

	for (; p != NULL && p->keyword != NULL; p++) {
		MUST(*p->keyword != '\0', "a keyword without a letter");
		for (c = p->keyword; *c != '\0'; c++)
			MUST(ascii_is_letter_or_digit(*c) || *c == '-',
			    "'%c' in the keyword %s", *c, p->keyword);
		MUST(p->value == NULL || *p->value != '\0', "an empty value");
		MUST(p->value == NULL ||
			!fuzz_control(p->value, strlen(p->value), "\t"),
		    "a control in %s", p->value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	unsigned how = fuzz_byte(&f);
	struct address_params params = {
	    .domain = how & 1 ? "host.test" : NULL,
	    .what = "--to",
	    .single = how & 2,
	    .encoded_words = how & 4,
	    .folded = how & 8,
	    .parameters = how & 16,
	};
	size_t len, i;
	char *text = fuzz_rest(&f, &len);
	struct arena arena = {0};
	struct address_list list = {0};
	struct error err = {0};

	if (address_parse(&arena, text, &params, &list, &err) == -1) {
		MUST(list.count == 0, "an error, and addresses");
		MUST(err.status == EX_USAGE || err.status == EX_DATAERR ||
			err.status == EX_CONFIG || err.status == EX_OSERR,
		    "status %d", err.status);
		MUST(err.text[0] != '\0', "an error without a word");
	}
	MUST(!params.single || err.status != 0 || list.count == 1,
	    "%zu addresses for one", list.count);
	for (i = 0; i < list.count; i++) {
		const char *shown = list.addresses[i].display;

		MUST(shown == NULL ||
			(fuzz_utf8(shown, strlen(shown)) &&
			    !fuzz_control(shown, strlen(shown), "\t")),
		    "a display name with a control: %s", shown);
		check_mailbox(&list.addresses[i]);
		check_parameters(list.addresses[i].parameters);
		check_format(&arena, &list.addresses[i]);
	}
	arena_clear(&arena);
	free(text);
	return 0;
}
