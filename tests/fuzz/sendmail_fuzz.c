/* argv_sendmail: any words are understood or refused; recipients are words, and
 * there is something to be done. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "options/argv_sendmail.h"

enum { WORDS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
is_word(const char *text, char **argv, int argc)
{
	while (argc > 0)
		if (argv[--argc] == text)
			return true;
	return false;
}

static void
check(const struct argv_sendmail *s, char **argv, int argc)
{
	bool options = true;
	size_t i;
	int at;

	if (s->mode == SENDMAIL_SEND)
		MUST(s->recipients.count > 0 || s->from_header, "to nobody");
	if (s->mode == SENDMAIL_VERIFY)
		MUST(s->recipients.count > 0, "nobody to verify");
	for (i = 0; i < s->recipients.count; i++)
		MUST(is_word(s->recipients.items[i], argv + 1, argc - 1),
		    "no word: %s", s->recipients.items[i]);
	/* Nothing that may be an option is a recipient. */
	for (at = 1; at < argc && options; at++) {
		options = strcmp(argv[at], "--") != 0;
		for (i = 0; i < s->recipients.count && options; i++)
			MUST(s->recipients.items[i] != argv[at] ||
				argv[at][0] != '-',
			    "a recipient: %s", argv[at]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static char name[] = "sendmail", ours[] = "smtpsend";
	struct fuzz f = {bytes, bytes + n};
	struct argv_sendmail s;
	struct arena arena = {0};
	struct error err = {0};
	char *argv[WORDS + 1] = {name}, *text, *next;
	enum personality is;
	size_t len;
	int argc = 1;

	text = fuzz_rest(&f, &len);
	for (next = text; next != NULL && argc < WORDS;)
		argv[argc++] = strsep(&next, "\n");
	if (argv_sendmail_read(
		PERSONALITY_SENDMAIL, argc, argv, &arena, &s, &err) == 0)
		check(&s, argv, argc);
	else
		MUST(err.status == EX_USAGE &&
			!fuzz_control(err.text, strlen(err.text), ""),
		    "status %d: %s", err.status, err.text);
	argv[0] = ours;
	is = personality_of(argc, argv);
	MUST(is == PERSONALITY_SMTPSEND || is == PERSONALITY_SENDMAIL,
	    "personality %d", is);
	free(text);
	arena_clear(&arena);
	return 0;
}
