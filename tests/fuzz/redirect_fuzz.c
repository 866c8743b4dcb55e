/* redirect: whatever comes to the loopback redirect or is pasted, nothing is a
 * code without the state of our request, and nothing is read behind it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "oauth/authorize.h"
#include "oauth/request.h"

#define STATE "AAECAwQFBgcICQoLDA0ODw"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
judge(const char *query, size_t n)
{
	static const struct oauth_server servers[] = {
	    {.issuer = "https://a", .says_issuer = true},
	    {.issuer = "https://a"},
	    {0},
	};
	struct oauth_authorization a = {.state = STATE};
	struct oauth_refusal refusal;
	struct error err = {0};
	struct buf code;
	size_t i;
	int r;

	for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		a.server = &servers[i];
		code = BUF_WITH_MAX(64);
		r = oauth_authorization_judge(
		    &a, query, n, &code, &refusal, &err);
		if (r == 0)
			MUST(code.len > 0 && code.len <= 64 &&
				!fuzz_control(code.data, code.len, ""),
			    "a code that is none");
		if (r != 1)
			MUST(memmem(query, n, "state=", 6) != NULL,
			    "an answer without a state");
		if (r != 0)
			MUST(err.text[0] != '\0' &&
				!fuzz_control(err.text, strlen(err.text), "") &&
				fuzz_utf8(err.text, strlen(err.text)) &&
				fuzz_utf8(refusal.description,
				    strlen(refusal.description)),
			    "what cannot be shown: %s", err.text);
		buf_clear(&code);
	}
}

static void
paste(const char *text, size_t n)
{
	struct buf query = BUF_WITH_MAX(512);

	if (oauth_authorization_pasted(text, n, &query)) {
		MUST(query.len <= n &&
			!fuzz_control(query.data, query.len, "") &&
			memchr(query.data, ' ', query.len) == NULL,
		    "blanks are left");
		judge(query.data, query.len);
	}
	buf_clear(&query);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	size_t len, query_len = 0, part;
	const char *query = NULL;
	char *text = fuzz_rest(&f, &len);
	enum oauth_request whole, r;

	whole = oauth_request_read(text, len, "h:1", &query, &query_len);
	if (whole == OAUTH_REQUEST_ANSWER) {
		MUST(query >= text && query + query_len <= text + len,
		    "a query from elsewhere");
		judge(query, query_len);
	}
	/* What is complete is judged the same whatever comes behind it. */
	for (part = 0; part < len; part += 1 + len / 64) {
		r = oauth_request_read(text, part, "h:1", &query, &query_len);
		MUST(r == OAUTH_REQUEST_MORE || r == whole,
		    "%d after %zu octets, then %d", r, part, whole);
	}
	judge(text, len);
	paste(text, len);
	free(text);
	return 0;
}
