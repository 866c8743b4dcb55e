/*
 * aliases: any file is read to its end or refused with a line, and who gets the
 * mail are whole addresses: those of the file, or the names themselves.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "rfc5322/aliases.h"

enum { EXPANDED_MAX = 4096 }; /* an address takes two bytes of the text */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_error(const struct error *err, bool anywhere)
{
	MUST(err->status == EX_CONFIG || err->status == EX_OSERR,
	    "status %d: %s", err->status, err->text);
	MUST(strncmp(err->text, anywhere ? "f" : "f:", anywhere ? 1 : 2) == 0,
	    "no place in '%s'", err->text);
	MUST(!fuzz_control(err->text, strlen(err->text), ""),
	    "a control in '%s'", err->text);
}

static void
check_addresses(const struct address_list *who)
{
	size_t i;

	MUST(who->count <= EXPANDED_MAX, "%zu addresses", who->count);
	for (i = 0; i < who->count; i++)
		MUST(strchr(who->addresses[i].mailbox, '@') != NULL,
		    "no domain: %s", who->addresses[i].mailbox);
}

static void
expand(const struct aliases *as, struct arena *arena)
{
	static const char given[] =
	    "root, a, \"on call\", x@x.test, l@local, m";
	static const struct address_params params = {
	    .what = "given", .domain = "h.test"};
	struct address_list list = {0}, who = {0};
	struct error err = {0}, why = {0};
	int r;

	MUST(address_parse(arena, given, &params, &list, &err) == 0, "%s",
	    err.text);
	r = aliases_expand(as, arena, &list, &who, &err);
	if (r == -1) {
		check_error(&err, false);
		MUST(who.count == 0, "%zu addresses, too", who.count);
		MUST(aliases_check(as, &why) == -1, "nothing wrong but %s",
		    err.text);
		check_error(&why, false);
		return;
	}
	check_addresses(&who);
	MUST(who.count > 0, "nobody gets it");
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const local[] = {"local", NULL};
	struct fuzz f = {bytes, bytes + n};
	struct aliases as = {.domain = "h.test", .local = local};
	struct arena arena = {0};
	struct error err = {0};
	size_t len;
	char *text = fuzz_rest(&f, &len);

	if (aliases_read(&as, &arena, "f", text, len, &err) == -1) {
		check_error(&err, memchr(text, '\0', len) != NULL);
		MUST(as.count == 0, "%zu aliases of a bad file", as.count);
	}
	free(text);
	expand(&as, &arena);
	arena_clear(&arena);
	return 0;
}
