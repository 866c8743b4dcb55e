/* config_file: see config_file.h. */
#include "options/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/charset.h"
#include "lib/printable.h"
#include "lib/secret.h"
#include "lib/shell.h"
#include "lib/url.h"
#include "options/author.h"
#include "options/config_line.h"
#include "options/foreign.h"
#include "options/nearest.h"
#include "options/option.h"

enum { SIZE_LIMIT = 1 << 20 };

/* A file while it is read. */
struct reader {
	struct config_file *file;
	struct arena *arena;
	struct stat stat;
	bool symlink;
	unsigned line;
	const char *account; /* the section we are in */
};

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";

/* 1: open; 0: to be taken as empty; -1: error. */
static int
open_file(struct reader *r, int *fd, struct error *err)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const char *path = r->file->path;

	*fd = open(path, flags | O_NOFOLLOW);
	if (*fd == -1 && errno == ELOOP) {
		r->symlink = true;
		*fd = open(path, flags);
	}
	if (*fd != -1)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		r->file->unread = "not there";
	else if (errno == EACCES)
		r->file->unread = "permission denied";
	else
		return error_set(
		    err, EX_CONFIG, "%s: %s", path, strerror(errno));
	r->file->denied = errno == EACCES;
	return 0;
}

static int
check_file(struct reader *r, int fd, struct error *err)
{
	const char *path = r->file->path, *wrong = NULL;
	char word[SHELL_WORD_SIZE];

	if (fstat(fd, &r->stat) == -1)
		return error_set(
		    err, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISREG(r->stat.st_mode))
		wrong = "is not a regular file";
	else if (r->stat.st_size > SIZE_LIMIT)
		wrong = "is larger than 1 MiB";
	else if (r->stat.st_uid != geteuid() && r->stat.st_uid != 0)
		wrong = "belongs to another user";
	else if ((r->stat.st_mode & S_IWOTH) != 0)
		wrong = "can be changed by everybody";
	if (wrong == NULL)
		return 0;
	error_set(err, EX_CONFIG, "%s: the configuration %s", path, wrong);
	if ((r->stat.st_mode & S_IWOTH) != 0 && S_ISREG(r->stat.st_mode))
		error_hint(err, "chmod o-w %s", shell_file(path, word));
	return -1;
}

/* The memory does not move while it is filled, so that one copy is to be
 * wiped. */
static int
read_text(struct reader *r, int fd, struct error *err)
{
	struct buf *text = &r->file->text;
	size_t room = (size_t)r->stat.st_size + 1;
	ssize_t n;

	*text = BUF_WITH_MAX(room);
	if (buf_reserve(text, room) == -1)
		return error_set(err, EX_OSERR, "%s: too large", r->file->path);
	do {
		n = read(fd, text->data + text->len, room - text->len);
		if (n > 0)
			text->len += (size_t)n;
	} while ((n > 0 && text->len < room) || (n == -1 && errno == EINTR));
	if (n == -1)
		return error_set(
		    err, EX_CONFIG, "%s: %s", r->file->path, strerror(errno));
	if (text->len == room)
		return error_set(err, EX_CONFIG,
		    "%s: was changed while it was read", r->file->path);
	text->data[text->len] = '\0';
	return 0;
}

static const char *
place(const struct reader *r)
{
	return arena_printf(r->arena, "%s:%u", r->file->path, r->line);
}

static int
check_secret(const struct reader *r, const char *where, struct error *err)
{
	const char *path = r->file->path;
	char word[SHELL_WORD_SIZE];
	struct statvfs fs;

	if (r->symlink) {
		error_set(err, EX_CONFIG,
		    "%s: a file that holds a password "
		    "must not be a symbolic link",
		    where);
		return error_hint(err,
		    "Use password-command or password-file "
		    "instead.");
	}
	if (r->stat.st_uid != geteuid())
		return error_set(err, EX_CONFIG,
		    "%s: a file that holds a password must belong "
		    "to you",
		    where);
	if ((r->stat.st_mode & 077) != 0) {
		error_set(err, EX_CONFIG,
		    "%s: this file holds a password, and others can get "
		    "at it (mode %04o)",
		    where, (unsigned)(r->stat.st_mode & 07777));
		/* As containers have it: chmod would be no help. */
		if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0)
			return error_hint(err,
			    "on a read-only mount: password-command = cat FILE "
			    "takes it from a file of its own");
		return error_hint(err, "chmod 600 %s", shell_file(path, word));
	}
	return 0;
}

static int
begin_account(struct reader *r, char *line, struct error *err)
{
	struct strings *known = &r->file->accounts;
	const char *name = config_account(line);
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;

	if (name == NULL) {
		/* Nobody knows whose it is what follows. */
		r->account = place(r);
		strings_append(known, r->arena, r->account);
		return error_set(err, EX_CONFIG,
		    "%s: a section is written [account NAME]", place(r));
	}
	for (i = 0; i < known->count; i++)
		if (strcmp(known->items[i], name) == 0) {
			r->account = known->items[i];
			return error_set(err, EX_CONFIG,
			    "%s: there is an account %s already", place(r),
			    option_quote(name, quoted));
		}
	strings_append(known, r->arena, name);
	r->account = known->items[known->count - 1];
	return 0;
}

static int
unknown_setting(const struct reader *r, const char *name, struct error *err)
{
	const struct option_row *row = option_by_name(name);
	const char *hint = foreign_setting_hint(name);
	char quoted[OPTION_QUOTED_SIZE];

	option_quote(name, quoted);
	if (row != NULL && (row->scope & OPTION_FILE) != 0) {
		error_set(err, EX_CONFIG, "%s: a setting is written %s = VALUE",
		    place(r), name);
		return strcmp(name, "account") == 0
		    ? error_hint(err, "a section is written [account NAME]")
		    : -1;
	}
	if (row != NULL)
		return error_set(err, EX_CONFIG,
		    "%s: %s is for the command line only", place(r), quoted);
	error_set(err, EX_CONFIG, "%s: unknown setting %s", place(r), quoted);
	if (hint != NULL)
		return error_hint(err, "%s", hint);
	return nearest_suggest(err, "", option_nearest(name, OPTION_FILE));
}

static void
add_entry(struct reader *r, const struct config_entry *entry)
{
	struct config_file *f = r->file;
	struct config_entry *entries;
	size_t n = f->count;

	/* Full at each power of two. */
	if ((n & (n - 1)) == 0) {
		entries = arena_alloc(
		    r->arena, (n > 0 ? 2 * n : 1) * sizeof(*entries));
		if (n > 0)
			memcpy(entries, f->entries, n * sizeof(*entries));
		f->entries = entries;
	}
	f->entries[f->count++] = *entry;
}

static bool
holds_secret(const struct option_row *row, const char *value)
{
	size_t len;

	return row->type == OPTION_SECRET ||
	    (row->secret == SECRET_PASSWORD && value != NULL &&
		url_password(value, &len) != NULL);
}

/* Whatever stands in the file is checked, in the accounts not used, too. */
static int
take_setting(struct reader *r, char *line, struct error *err)
{
	struct config_entry entry = {.account = r->account};
	struct option_origin origin = {LAYER_USER_FILE, NULL};
	char *equals = strchr(line, '='), *name, *value = NULL;
	bool has_more = false;

	if (equals != NULL) {
		*equals = '\0';
		value = config_trim(equals + 1);
	} else {
		/* A secret may stand behind a forgotten sign: not shown. */
		has_more = strpbrk(line, config_blanks) != NULL;
		line[strcspn(line, config_blanks)] = '\0';
	}
	name = config_trim(line);
	entry.row = option_by_name(name);
	if (entry.row == NULL || (entry.row->scope & OPTION_FILE) == 0 ||
	    has_more) {
		/* Nor behind a colon, or in base64, which ends in '='. */
		name[strspn(name, name_characters)] = '\0';
		return unknown_setting(r, name, err);
	}
	entry.place = origin.text = place(r);
	if (value != NULL) {
		value = config_unquote(value);
		if (value == NULL)
			return option_error(err, entry.row, &origin,
			    "a value that begins with a "
			    "quotation mark must end with one");
	}
	if (holds_secret(entry.row, value) &&
	    check_secret(r, entry.place, err) == -1)
		return -1;
	if (r->account != NULL && strcmp(name, "account") == 0)
		return option_error(
		    err, entry.row, &origin, "belongs above the first section");
	if (r->account == NULL && value != NULL && strcmp(name, "from") == 0 &&
	    author_is_pattern(value)) {
		option_error(err, entry.row, &origin,
		    "a pattern chooses an account, and belongs into one");
		return error_hint(
		    err, "an asterisk in quotation marks is none");
	}
	entry.value = value;
	if (option_check(entry.row, value, &origin, err) == -1)
		return -1;
	add_entry(r, &entry);
	return 0;
}

static int
take_line(struct reader *r, char *line, size_t len, struct error *err)
{
	if (charset_refuse_nul(line, len, EX_CONFIG, err) == -1)
		return error_context(err, "%s", place(r));
	line = config_trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	if (*line == '[')
		return begin_account(r, line, err);
	return take_setting(r, line, err);
}

static void
add_fault(struct reader *r, const struct error *why)
{
	struct config_file *f = r->file;

	if (f->faults == NULL)
		f->faults = arena_alloc(
		    r->arena, CONFIG_FAULTS_MAX * sizeof(*f->faults));
	if (f->fault_count < CONFIG_FAULTS_MAX)
		f->faults[f->fault_count++] = (struct config_fault){
		    r->account, arena_strdup(r->arena, why->text)};
}

static int
take_lines(struct reader *r, struct error *err)
{
	struct buf *text = &r->file->text;
	char *line = text->data, *end = text->data + text->len, *next;

	line += charset_mark(line, text->len);
	for (; line < end; line = next) {
		r->line++;
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end;
		*next = '\0';
		if (take_line(r, line, (size_t)(next - line), err) == -1) {
			if (!r->file->lenient)
				return -1;
			add_fault(r, err);
		}
		next++;
	}
	return 0;
}

static int
read_file(struct reader *r, struct error *err)
{
	int fd, result = open_file(r, &fd, err);

	if (result != 1)
		return result;
	result = check_file(r, fd, err);
	if (result == 0)
		result = read_text(r, fd, err);
	close(fd);
	return result == 0 ? take_lines(r, err) : -1;
}

int
config_file_read(struct config_file *file, const char *path,
    struct arena *arena, struct error *err)
{
	struct reader r = {.file = file, .arena = arena};

	*file = (struct config_file){.lenient = file->lenient, .path = path};
	if (read_file(&r, err) == 0)
		return 0;
	if (!file->lenient)
		return -1;
	add_fault(&r, err);
	return 0;
}

void
config_file_clear(struct config_file *file)
{
	secret_wipe(file->text.data, file->text.cap);
	buf_clear(&file->text);
}
