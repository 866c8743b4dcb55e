/* Dates: what is read is a moment that is written and read as the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/memory.h"
#include "rfc5322/date.h"
#include "rfc5322/date_parse.h"

static void
check_moment(int64_t seconds, int zone)
{
	char out[DATE_SIZE];
	int64_t again;
	int zone_again;
	struct error err;

	date_format(out, seconds, zone);
	MUST(date_is_valid(out), "%s is no date", out);
	if (date_parse("--date", out, &again, &zone_again, &err) == -1)
		fuzz_fail("%s cannot be read: %s", out, err.text);
	MUST(again == seconds && zone_again == zone, "%s is another moment",
	    out);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	size_t len;
	char *text = fuzz_rest(&f, &len);
	int64_t seconds = 0;
	int zone = 0;
	struct error err = {0};

	/* Nothing stands behind the NUL. */
	text = memory_realloc(text, strlen(text) + 1, 1);
	(void)date_is_valid(text);
	if (date_parse("--date", text, &seconds, &zone, &err) == 0) {
		check_moment(seconds, zone);
	} else {
		MUST(err.status == EX_USAGE, "status %d", err.status);
		MUST(!fuzz_control(err.text, strlen(err.text), ""),
		    "a control in the error");
	}
	free(text);
	return 0;
}
