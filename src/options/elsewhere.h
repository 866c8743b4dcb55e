/*
 * elsewhere: values that are kept, and mean in any directory what they mean in
 * this one.
 *
 * -1: EX_OSERR: nobody can say where we are.
 */
#ifndef OPTIONS_ELSEWHERE_H
#define OPTIONS_ELSEWHERE_H

#include "lib/arena.h"
#include "lib/error.h"

/* The name of a file. */
int elsewhere_file(
    struct arena *, const char *file, const char **out, struct error *);
/* A command for the shell.  It goes here first if its first word is a relative
 * name with a slash in it, or any word, or what is within quotes or behind a
 * sign, begins with ./ or ../. */
int elsewhere_command(
    struct arena *, const char *command, const char **out, struct error *);
/* A server as --server has it: if it is a command, the same. */
int elsewhere_server(
    struct arena *, const char *server, const char **out, struct error *);

#endif
