#include "command/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "options/option.h"
#include "options/value.h"

/* What the system calls us, without a final dot. */
static const char *
node_name(struct arena *a)
{
	struct utsname u;
	size_t n;

	if (uname(&u) == -1)
		return "";
	n = strlen(u.nodename);
	return arena_strndup(
	    a, u.nodename, n > 1 && u.nodename[n - 1] == '.' ? n - 1 : n);
}

/* RFC 5321 4.1.4 */
const char *
identity_host_name(struct arena *a)
{
	const char *name = node_name(a), *form;
	struct error why;

	if (name[0] == '[' || strchr(name, '.') == NULL ||
	    ascii_begins(name, "localhost.") ||
	    value_ehlo_form(a, name, &form, &why) == -1)
		return NULL;
	return form;
}

/* A name in the form that addresses have; NULL: it can be in none. */
static const char *
domain_of(struct arena *a, const char *name)
{
	size_t n = strlen(name);
	const char *domain;
	struct error ignored;

	if (n > 1 && name[n - 1] == '.')
		name = arena_strndup(a, name, n - 1);
	if (n == 0 || address_domain_to_ascii(a, name, &domain, &ignored) == -1)
		return NULL;
	return domain;
}

/* The first word of /etc/mailname, where Debian keeps the domain of bare names;
 * a file of a line is read at once, and nobody waits for another kind. */
static const char *
mailname_file(struct arena *a)
{
	const char *name;
	char text[1024];
	ssize_t n = -1;
	size_t len;
	int fd = open("/etc/mailname", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd != -1) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	name = text + charset_mark(text, n > 0 ? (size_t)n : 0);
	len = strcspn(name, " \t\r\n");
	/* What is cut off by a NUL was another name. */
	return n > 0 && name + len < text + n && name[len] == '\0'
	    ? ""
	    : arena_strndup(a, name, len);
}

/* The domain of bare names: the first that the system names and that is one. */
static const char *
mail_name(struct arena *a)
{
	const char *name = domain_of(a, mailname_file(a));

	if (name == NULL)
		name = domain_of(a, node_name(a));
	return name != NULL ? name : "localhost";
}

/* The passwd entry is looked up only when no From is given: it may ask a
 * directory server. */
static void
who_we_are(struct ident *ident, struct arena *a)
{
	const struct passwd *pw = getpwuid(getuid());
	char *name;

	if (pw == NULL) {
		ident->user = arena_printf(a, "uid%u", (unsigned)getuid());
		return;
	}
	ident->user = arena_strdup(a, pw->pw_name);
	if (pw->pw_gecos == NULL)
		return;
	name = arena_strdup(a, pw->pw_gecos);
	name[strcspn(name, ",")] = '\0';
	if (name[0] != '\0')
		ident->name = name;
}

/* Seconds since the epoch up to the year 9999, which is as far as a date
 * goes. */
static int
read_epoch(const char *text, int64_t *out, struct error *err)
{
	static const uint64_t last = 253402300799;
	char quoted[OPTION_QUOTED_SIZE];
	uint64_t n;

	if (value_number(text, &n, err) == -1 || n > last)
		return error_set(err, EX_USAGE,
		    "SOURCE_DATE_EPOCH: %s is not a number of seconds since "
		    "1970, up to %llu",
		    option_quote(text, quoted), (unsigned long long)last);
	*out = (int64_t)n;
	return 0;
}

static int
read_clock(struct ident *ident, struct error *err)
{
	time_t now = time(NULL);
	struct tm tm;

	if (getrandom(ident->random, sizeof(ident->random), 0) !=
	    (ssize_t)sizeof(ident->random))
		return error_set(
		    err, EX_OSERR, "no random numbers: %s", strerror(errno));
	ident->now = now;
	if (localtime_r(&now, &tm) != NULL)
		ident->zone_minutes = (int)(tm.tm_gmtoff / 60);
	return 0;
}

int
identity_read(
    struct ident *ident, bool need_user, struct arena *a, struct error *err)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	ident->reproducible = epoch != NULL;
	if ((epoch != NULL ? read_epoch(epoch, &ident->now, err)
			   : read_clock(ident, err)) == -1)
		return -1;
	ident->host = mail_name(a);
	if (need_user)
		who_we_are(ident, a);
	return 0;
}

/* Loading a locale costs more than all the rest of a
 * small message, so the usual name is read off the variables. */
const char *
identity_charset(struct arena *a)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *value = NULL, *name;
	locale_t locale;
	size_t i;

	for (i = 0; i < 3 && (value == NULL || *value == '\0'); i++)
		value = getenv(variables[i]);
	if (value == NULL || *value == '\0' || strcmp(value, "C") == 0 ||
	    strcmp(value, "POSIX") == 0)
		return "US-ASCII";
	if (strstr(value, ".UTF-8") != NULL || strstr(value, ".utf8") != NULL)
		return "UTF-8";
	/* Not setlocale: protocol text is compared in the "C" locale. */
	locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (locale == (locale_t)0)
		return "US-ASCII";
	name = arena_strdup(a, nl_langinfo_l(CODESET, locale));
	freelocale(locale);
	return name;
}
