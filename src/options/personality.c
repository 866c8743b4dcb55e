/* personality: see personality.h. */
#include "options/personality.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	enum personality is;
} names[] = {
    {"smtpsend", PERSONALITY_SMTPSEND},
    {"sendmail", PERSONALITY_SENDMAIL},
    {"send-mail", PERSONALITY_SENDMAIL},
    {"mailq", PERSONALITY_MAILQ},
    {"newaliases", PERSONALITY_NEWALIASES},
};

/* The row of the name; that of smtpsend for any other. */
static size_t
by_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t i;

	name += name[0] == '-';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i].name) == 0)
			return i;
	return 0;
}

static bool
is_of_sendmail(const char *word)
{
	static const char *const words[] = {"-i", "-it", "-ti", "-toi", "-oi",
	    "-om", "-o7", "-o8", "-oee", "-oem", "-oep", "-oeq", "-oew", "-odb",
	    "-odd", "-odf", "-odi", "-odq", "-bm", "-bs", "-bp", "-bv", "-bi"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* How many words at *argv mean the same to both; 0: it does not. */
static int
in_common(char *const *argv, int n)
{
	if (strcmp(argv[0], "-v") == 0)
		return 1;
	if (strcmp(argv[0], "-t") == 0)
		return n > 1 && argv[1][0] == '-' && argv[1][1] != '\0' ? 1 : 0;
	if (strncmp(argv[0], "-f", 2) != 0)
		return 0;
	return argv[0][2] != '\0' ? 1 : 2;
}

static bool
is_called_as_sendmail(char *const *argv, int n)
{
	int common;

	if (n > 0 && strcmp(argv[0], "--sendmail") == 0)
		return true;
	for (; n > 0; argv += common, n -= common) {
		if (is_of_sendmail(argv[0]))
			return true;
		common = in_common(argv, n);
		if (common == 0)
			return false;
	}
	return false;
}

enum personality
personality_of(int argc, char *const *argv)
{
	enum personality is;

	if (argc < 1)
		return PERSONALITY_SMTPSEND;
	is = names[by_name(argv[0])].is;
	if (is == PERSONALITY_SMTPSEND &&
	    is_called_as_sendmail(argv + 1, argc - 1))
		return PERSONALITY_SENDMAIL;
	return is;
}

const char *
personality_name(int argc, char *const *argv)
{
	return names[argc > 0 ? by_name(argv[0]) : 0].name;
}
