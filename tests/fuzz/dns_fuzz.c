/* dns: an answer is read to its end or not at all, and hosts are names of hosts. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/dns_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	const bool srv = fuzz_byte(&f) % 2 == 1;
	struct dns_question q = {.id = 0x1234};
	const struct dns_record *records = NULL;
	struct arena arena = {0};
	struct error err = {0};
	size_t count = 0, len, i;
	char *packet = fuzz_rest(&f, &len);
	enum dns_reading reading;

	MUST(dns_question_set(&q,
		 srv ? "_submissions._tcp.example.org" : "example.org",
		 srv ? DNS_SRV : DNS_MX, &err) == 0,
	    "%s", err.text);
	reading = dns_answer_read(&q, (const unsigned char *)packet, len,
	    &arena, &records, &count, &err);
	MUST(reading == DNS_READ || count == 0, "%zu of nothing", count);
	MUST(count <= DNS_RECORDS_MAX, "%zu records", count);
	for (i = 0; i < count; i++) {
		MUST(i == 0 || records[i - 1].priority <= records[i].priority,
		    "not in order");
		MUST(strspn(records[i].host,
			 "abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
			strlen(records[i].host),
		    "host '%s'", records[i].host);
	}
	if (reading == DNS_FAILED)
		MUST(err.status == EX_PROTOCOL || err.status == EX_TEMPFAIL,
		    "status %d: %s", err.status, err.text);
	arena_clear(&arena);
	free(packet);
	return 0;
}
