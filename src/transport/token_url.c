#include "transport/token_url.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/shell.h"

/* The token that a URL names (RFC 7512 2.3), without object and PIN. */
static void
put_token(struct buf *out, const char *url)
{
	static const char *const names[] = {
	    "token=", "serial=", "manufacturer=", "model="};
	const char *at = strchr(url, ':'), *between = "";
	size_t n, i;

	buf_puts(out, "pkcs11:");
	for (at = at != NULL ? at + 1 : ""; *at != '\0' && *at != '?';
	     at += n + (at[n] == ';')) {
		n = strcspn(at, ";?");
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!ascii_begins(at, names[i]))
				continue;
			buf_puts(out, between);
			buf_append(out, at, n);
			between = ";";
		}
	}
}

int
token_url_failed(const char *url, struct error *err)
{
	struct buf token = {0};
	char word[SHELL_WORD_SIZE];

	put_token(&token, url);
	error_set(
	    err, EX_NOPERM, "no token that is there holds such an object");
	error_hint(err,
	    "p11tool --list-tokens lists those that are there,\n"
	    "p11tool --list-all --login %s what this one holds",
	    shell_word(buf_string(&token), "URL", word));
	buf_clear(&token);
	return -1;
}
