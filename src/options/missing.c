#include "options/missing.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "lib/wait.h"
#include "options/nearest.h"

enum { ENTRIES_MAX = 4096 };

/* "PLACE 'NAME'" and what follows. */
static void
hint_at(struct error *err, const char *before, const char *directory,
    const char *name, const char *behind)
{
	struct buf shown = {0};

	printable_append(&shown, directory, strlen(directory));
	printable_append(&shown, name, strlen(name));
	error_hint(err, "%s'%.300s%s'%s", before, buf_string(&shown),
	    shown.len > 300 ? "..." : "", behind);
	buf_clear(&shown);
}

/* The name in the directory that is nearest; false: none is near. */
static bool
look_beside(DIR *dir, const char *name, char best[NAME_MAX + 1])
{
	struct nearest near = {.word = name};
	const struct dirent *entry;
	const char *before;
	unsigned n;

	for (n = 0; n < ENTRIES_MAX && (entry = readdir(dir)) != NULL; n++) {
		if (entry->d_name[0] == '.' && name[0] != '.')
			continue;
		before = near.best;
		nearest_offer(&near, entry->d_name);
		if (near.best == before)
			continue;
		snprintf(best, NAME_MAX + 1, "%s", near.best);
		near.best = best;
	}
	return near.best != NULL;
}

/* Cuts the outermost directory that is not there out of the path. */
static bool
first_missing(char *path)
{
	struct stat st;
	char *slash;

	for (slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (stat(path, &st) == -1)
			return errno == ENOENT;
		*slash = '/';
	}
	return false;
}

static void
look(char *path, struct error *err)
{
	char *slash = strrchr(path, '/'), *here;
	char *name = slash != NULL ? slash + 1 : path;
	char best[NAME_MAX + 1], first = *name;
	DIR *dir;

	*name = '\0';
	dir = opendir(slash != NULL ? path : ".");
	*name = first;
	if (dir == NULL) {
		if (first_missing(path))
			hint_at(err, "there is no directory ", path, "", "");
		return;
	}
	if (look_beside(dir, name, best)) {
		*name = '\0';
		hint_at(err, "did you mean ", path, best, "?");
	} else if (path[0] != '/' && (here = getcwd(NULL, 0)) != NULL) {
		hint_at(err, "it was looked for in ", here, "", "");
		free(here);
	}
	closedir(dir);
}

/* Whether it is there, and leads to what is not. */
static bool
is_link(const char *path, struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	if (n == -1)
		return false;
	target[n] = '\0';
	hint_at(err, "it is a symbolic link to ", target, "",
	    ", which leads nowhere");
	return true;
}

int
missing_hint(const char *path, struct error *err)
{
	char *copy;

	if (errno != ENOENT || *path == '\0')
		return -1;
	if (is_link(path, err)) {
		errno = ENOENT;
		return -1;
	}
	copy = memory_strdup(path);
	look(copy, err);
	free(copy);
	errno = ENOENT;
	return -1;
}

int
missing_open(const char *path, struct error *err)
{
	int fd = wait_open(path, err);

	return fd != -1 ? fd : missing_hint(path, err);
}
