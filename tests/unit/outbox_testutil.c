#include "outbox_testutil.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outbox/outbox_internal.h"

int
outbox_test_set_up(void **state)
{
	struct outbox_place_of_test *p = calloc(1, sizeof(*p));
	struct error err;

	if (p == NULL)
		return -1;
	strcpy(p->base, "/tmp/outbox.XXXXXX");
	if (mkdtemp(p->base) == NULL) {
		free(p);
		return -1;
	}
	snprintf(p->path, sizeof(p->path), "%s/outbox", p->base);
	*state = p;
	return outbox_open(&p->o, p->path, geteuid(), true, &err);
}

int
outbox_test_tear_down(void **state)
{
	struct outbox_place_of_test *p = *state;
	char command[64];
	int r;

	outbox_close(&p->o);
	snprintf(command, sizeof(command), "rm -rf -- %s", p->base);
	r = system(command);
	free(p);
	return r;
}

int
outbox_test_try_queue(struct outbox *o, size_t first, size_t recipients,
    const char *text, char id[OUTBOX_ID_SIZE], struct error *err)
{
	static const struct outbox_recipient all[] = {
	    {"a@x", ""}, {"b@x", "NOTIFY=NEVER"}, {"c@x", NULL}, {"d@x", ""}};
	struct outbox_envelope e = {.time = OUTBOX_TEST_NOW,
	    .reverse_path = "me@x",
	    .recipients = all + first,
	    .count = recipients,
	    .options = "{\"server\":\n[1,{\"a\":\"},{\"}]}"};
	struct outbox_new new;

	if (outbox_begin(o, &new, &e, err) == -1 ||
	    outbox_write(&new, text, strlen(text), err) == -1 ||
	    outbox_finish(&new, OUTBOX_TEST_NOW, err) == -1)
		return -1;
	memcpy(id, new.id, OUTBOX_ID_SIZE);
	return 0;
}

void
outbox_test_queue(struct outbox *o, size_t recipients, const char *text,
    char id[OUTBOX_ID_SIZE])
{
	struct error err = {0};

	if (outbox_test_try_queue(o, 0, recipients, text, id, &err) == -1)
		fail_msg("%s", err.text);
}

void
outbox_test_take(struct outbox *o, enum outbox_place place, const char *id,
    struct outbox_message *m)
{
	struct error err = {0};

	if (outbox_take(o, place, id, m, &err) != OUTBOX_TAKEN)
		fail_msg("%s is not taken: %s", id, err.text);
}

static void
tell(struct outbox *o, const struct outbox_entry *entry, struct buf *out)
{
	struct outbox_message m;
	struct error err = {0};
	size_t i;

	buf_printf(out, "%s%s:", entry->held ? "held " : "",
	    outbox_place_name(entry->place));
	if (outbox_look(o, entry->place, entry->id, &m, &err) != OUTBOX_TAKEN) {
		buf_puts(out, "damaged ");
		return;
	}
	for (i = 0; i < m.envelope.count; i++)
		buf_printf(out, "%s%s", i > 0 ? "," : "",
		    m.envelope.recipients[i].address);
	buf_puts(out, " ");
	outbox_put(&m);
}

const char *
outbox_test_holds(struct outbox *o, struct buf *out)
{
	struct outbox_list list;
	struct error err = {0};
	size_t i;

	buf_reset(out);
	if (outbox_list(o, &list, &err) == -1)
		fail_msg("%s", err.text);
	for (i = 0; i < list.count; i++)
		tell(o, &list.entries[i], out);
	outbox_list_free(&list);
	return buf_string(out);
}
