/*
 * jansson: the library that reads and writes JSON, opened when it is asked for.
 *
 * Its functions stand in the struct without their prefix.  Whatever is made
 * here and given to an object, an array or jansson_put belongs to that.  Texts
 * become printable UTF-8.  No memory is told by `failed`: what was made is not
 * whole then.
 */
#ifndef LIB_JANSSON_H
#define LIB_JANSSON_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/buf.h"
#include "lib/error.h"

#define JSON_FUNCTIONS(X)    \
	X(array)             \
	X(array_append_new)  \
	X(array_get)         \
	X(array_size)        \
	X(delete)            \
	X(dumps)             \
	X(integer)           \
	X(integer_value)     \
	X(loadb)             \
	X(null)              \
	X(object)            \
	X(object_get)        \
	X(object_iter)       \
	X(object_iter_key)   \
	X(object_iter_next)  \
	X(object_iter_value) \
	X(object_set_new)    \
	X(real)              \
	X(real_value)        \
	X(set_alloc_funcs)   \
	X(string)            \
	X(string_length)     \
	X(string_value)

/* The functions of jansson without the prefix. */
struct jansson {
#define MEMBER(name) __typeof__(&json_##name) name;
	JSON_FUNCTIONS(MEMBER)
#undef MEMBER
	/* Their own names are macros. */
	__typeof__(&json_true) yes;
	__typeof__(&json_false) no;
	bool failed; /* no memory: what was made is not whole */
};

/* As library_open; `use`, such as "--json", is what it was needed for. */
int jansson_open(struct jansson *, const char *use, struct error *);

void
jansson_set(struct jansson *, json_t *object, const char *key, json_t *value);
void jansson_append(struct jansson *, json_t *array, json_t *value);

/* NULL is null; so is, where nothing known is meant by it, "" or 0. */
json_t *jansson_text(const struct jansson *, const char *);
json_t *jansson_known_text(const struct jansson *, const char *);
json_t *jansson_known_number(const struct jansson *, int);
json_t *jansson_boolean(struct jansson *, bool);
/* An array of the lines, or of the words between blanks. */
json_t *jansson_lines(struct jansson *, const char *);
json_t *jansson_words(struct jansson *, const char *);

/*
 * What others say: the object that the n bytes are, NULL if they are none, or
 * name a member twice; jansson_free frees it.  Where an integer has no room in 64
 * bits, all are reals.  It may hold secrets: what
 * jansson frees from the first call on is wiped.
 */
json_t *jansson_read(const struct jansson *, const char *bytes, size_t n);
void jansson_free(const struct jansson *, json_t *);
/* The member that is a string without NUL; NULL: there is no such. */
const char *
jansson_string(const struct jansson *, const json_t *object, const char *name);

/* Writes the value and frees it. */
void jansson_put(struct jansson *, struct buf *, json_t *value);
/* The same for a member of the outermost object, behind another one.  Each is
 * made, written and freed by itself: of ten thousand recipients there is never
 * more than one. */
void
jansson_member(struct jansson *, struct buf *, const char *key, json_t *value);

#endif
