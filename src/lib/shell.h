/*
 * shell: texts as words of a command that somebody may paste into a shell.
 *
 * A word has quotes where it needs them.  One that is too long, or that cannot
 * be shown as it is (printable.h), would be another one there: in its place
 * stands what it is, such as FILE.
 */
#ifndef LIB_SHELL_H
#define LIB_SHELL_H

enum { SHELL_WORD_SIZE = 320 };

/* Both return out. */
char *
shell_word(const char *text, const char *otherwise, char out[SHELL_WORD_SIZE]);
/* The name of a file, which no program takes for an option: ./-x.  "-" stays,
 * as standard input. */
char *shell_file(const char *path, char out[SHELL_WORD_SIZE]);

#endif
