/* complete_recipients: who gets a complete message, by what the options and
 * its header say. */
#include "message/completing.h"

#include <string.h>

#include "lib/ascii.h"
#include "message/local.h"

bool
completing_is(const struct header_field *f, const char *name)
{
	return ascii_equal_n(f->name, f->name_len, name);
}

unsigned long long
completing_line(const struct completing *c, const struct header_field *f)
{
	const char *at = buf_string(&c->header);
	unsigned long long line = c->header_range.line;

	for (; at < f->name; at++)
		line += *at == '\n';
	return line;
}

int
completing_addresses(struct completing *c, const struct header_field *f,
    const char *domain, struct address_list *list, struct error *err)
{
	struct arena *a = &c->m->arena;
	struct address_params params = {
	    .domain = domain, .encoded_words = true, .folded = true};

	const char *text = arena_strndup(a, f->value, f->value_len);

	params.what = arena_printf(a, "%s: line %llu: %.*s", completing_name(c),
	    completing_line(c, f), (int)f->name_len, f->name);
	return address_parse(a, text + strspn(text, " \t"), &params, list, err);
}

static bool
takes_header(const struct message_params *p)
{
	return p->recipients_from_header ||
	    (p->local != NULL && p->local->header_too);
}

bool
completing_names_recipients(
    const struct completing *c, const struct header_field *f)
{
	static const char *const names[] = {
	    "To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (completing_is(f, names[i]))
			return takes_header(c->p);
	return false;
}

/* Encoded words are a name; as a local part they would be nobody's. */
static int
check_words(const struct completing *c, const struct header_field *f,
    const struct address_list *list, size_t from, struct error *err)
{
	const char *local;
	size_t n;

	for (; from < list->count; from++) {
		local = list->addresses[from].local;
		n = strlen(local);
		if (!list->addresses[from].bare || n < 4 ||
		    strncmp(local, "=?", 2) != 0 ||
		    strcmp(local + n - 2, "?=") != 0)
			continue;
		error_set(err, EX_DATAERR,
		    "%s: line %llu: %.*s: a name, and no address: '%.100s'",
		    completing_name(c), completing_line(c, f), (int)f->name_len,
		    f->name, local);
		return error_hint(err,
		    "an address stands behind its name in angle brackets: "
		    "Name <user@example.org>");
	}
	return 0;
}

static int
read_field(struct completing *c, const struct header_field *f,
    const char *domain, struct address_list *list, struct error *err)
{
	size_t from = list->count;

	return completing_addresses(c, f, domain, list, err) == -1
	    ? -1
	    : check_words(c, f, list, from, err);
}

static int
header_recipients(struct completing *c, const struct completing_block *block,
    struct error *err)
{
	const char *domain =
	    local_is_sendmail(c->p) ? local_domain(c->p) : NULL;
	static const char *const plain[] = {"To", "Cc", "Bcc"};
	static const char *const resent[] = {
	    "Resent-To", "Resent-Cc", "Resent-Bcc"};
	const char *const *names = block->first != NULL ? resent : plain;
	const char *at = block->first;
	struct address_list list = {0};
	struct header_field f;

	while ((block->first == NULL || at < block->end) &&
	    completing_next_field(c, &at, &f)) {
		if ((completing_is(&f, names[0]) ||
			completing_is(&f, names[1]) ||
			completing_is(&f, names[2])) &&
		    read_field(c, &f, domain, &list, err) == -1)
			return -1;
	}
	return local_add_recipients(c->m, c->p, &list, err);
}

static int
no_recipients(const struct completing *c, bool resent, struct error *err)
{
	bool header = takes_header(c->p);

	error_set(err, EX_USAGE, "no recipients%s%s",
	    header ? " in the header of " : "",
	    header ? completing_name(c) : "");
	if (!local_is_sendmail(c->p))
		return error_hint(err, "name them as operands or with --to");
	if (header && resent)
		return error_hint(err,
		    "it is resent: -t takes them from its Resent-To, Resent-Cc "
		    "and Resent-Bcc fields; others are named as operands");
	return error_hint(err,
	    header ? "-t takes them from its To, Cc and Bcc fields; others are "
		     "named as operands"
		   : "name them as operands, or with -t in its To, Cc and Bcc "
		     "fields");
}

int
completing_read_recipients(struct completing *c,
    const struct completing_block *block, struct error *err)
{
	const struct message_params *p = c->p;
	const struct draft_texts to = {"--to", p->to, p->to_places,
				     p->to_count},
				 cc = {"--cc", p->cc, p->cc_places,
				     p->cc_count},
				 bcc = {"--bcc", p->bcc, p->bcc_places,
				     p->bcc_count},
				 standing = {"--bcc", p->standing_bcc,
				     p->standing_bcc_places,
				     p->standing_bcc_count};
	struct message *m = c->m;
	bool header = takes_header(p);

	if (p->resend && header) {
		error_set(err, EX_USAGE,
		    "to whom %s is to be resent is not in its header",
		    completing_name(c));
		return error_hint(
		    err, "name the recipients as operands or with --to");
	}
	if ((!local_is_sendmail(p) && draft_check_words(p, err) == -1) ||
	    draft_recipients(m, p, &to, &c->to, err) == -1 ||
	    draft_recipients(m, p, &cc, &c->cc, err) == -1 ||
	    draft_recipients(m, p, &bcc, &c->bcc, err) == -1 ||
	    (header && header_recipients(c, block, err) == -1))
		return -1;
	if (m->envelope.count == 0)
		return no_recipients(c, block->first != NULL, err);
	return draft_recipients(m, p, &standing, &c->bcc, err);
}
