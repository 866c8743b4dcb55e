/*
 * message_bench: how fast messages are made and handed to a server that takes
 * everything at once, beside a plain memcpy of the same bytes.
 *
 *	message_bench [MEBIBYTES [ROUNDS [WORD]]]
 *
 * with only those rows, beside memcpy, that have the word in their names.
 *
 * Each row is a message composed from a file of so many MiB, pulled through an
 * SMTP session whose output is thrown away: reading the file, encoding,
 * dots and all.  Rows take turns; each run is a process of its own, whose peak
 * memory is told.  Figures are medians, in bytes of the file per second of CPU,
 * user and system: for all of it, and for the sending alone, without what is
 * read beforehand to know charset, encoding and size.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/memory.h"
#include "message/message.h"
#include "smtp/session.h"

enum { MIB = 1 << 20, PIECE = 65536, ROUNDS_MAX = 99 };

/* Seconds of CPU. */
struct cost {
	double all, sending;
};

struct row {
	const char *name;
	bool text;	/* the file is text, else random bytes */
	bool chunking;	/* the server offers CHUNKING */
	bool eight_bit; /* and 8BITMIME */
	void (*run)(const struct row *, int fd, size_t size, double *prepared);
};

static double
cpu_seconds(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	    (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static void
die(const char *what, const struct error *err)
{
	fprintf(stderr, "message_bench: %s: %s\n", what,
	    err != NULL ? err->text : "?");
	exit(1);
}

/* --- what is measured -----------------------------------------------------*/

static void
run_memcpy(const struct row *row, int fd, size_t size, double *prepared)
{
	static char from[4 * MIB], to[PIECE];
	size_t at;

	(void)row;
	*prepared = 0;
	if (read(fd, from, sizeof(from)) != (ssize_t)sizeof(from))
		die("read", NULL);
	for (at = 0; at < size; at += PIECE) {
		memcpy(to, from + at % sizeof(from), PIECE);
		__asm__ volatile("" ::"r"(to) : "memory");
	}
}

/* The same with the file read, which all others do, too. */
static void
run_read(const struct row *row, int fd, size_t size, double *prepared)
{
	static char piece[PIECE];

	(void)row;
	(void)size;
	*prepared = 0;
	while (read(fd, piece, sizeof(piece)) > 0)
		;
}

/* What the server says to what is awaited. */
static const char *
reply_to(const struct row *row, enum smtp_phase phase)
{
	switch (phase) {
	case SMTP_PHASE_EHLO:
		if (row->chunking)
			return "250-x\r\n250-8BITMIME\r\n250-PIPELINING\r\n"
			       "250 CHUNKING\r\n";
		return row->eight_bit ? "250-x\r\n250-8BITMIME\r\n"
					"250 PIPELINING\r\n"
				      : "250-x\r\n250 PIPELINING\r\n";
	case SMTP_PHASE_GREETING:
		return "220 x\r\n";
	case SMTP_PHASE_DATA:
		return row->chunking ? "250 x\r\n" : "354 x\r\n";
	default:
		return "250 x\r\n";
	}
}

static void
converse(
    const struct row *row, struct smtp_session *s, struct smtp_transaction *tx)
{
	struct smtp_event e;
	enum smtp_phase phase;
	const char *bytes;
	size_t n;
	bool news;

	for (;;) {
		smtp_session_output(s, &bytes, &n);
		for (news = false; smtp_session_event(s, &e); news = true) {
			if (e.type == SMTP_READY)
				smtp_session_send(s, tx);
			else if (e.type == SMTP_CLOSED)
				die("session", e.error);
			else if (e.type == SMTP_DONE)
				return;
		}
		if (news)
			continue;
		if (n > 0) {
			smtp_session_sent(s, n);
		} else if (smtp_session_timeout(s, &phase) > 0) {
			bytes = reply_to(row, phase);
			smtp_session_receive(s, bytes, strlen(bytes));
		}
	}
}

static void
run_message(const struct row *row, int fd, size_t size, double *prepared)
{
	static const char *const to[] = {"bob@example.org"};
	const struct message_part part = {
	    .name = "file.bin", .fd = row->text ? -1 : fd};
	struct message_params p = {
	    .ident = {.host = "localhost", .user = "ann"},
	    .to = to,
	    .to_count = 1,
	    .input_name = "file",
	    .input_fd = row->text ? fd : -1,
	    .parts = &part,
	    .part_count = row->text ? 0 : 1,
	};
	const struct mime_form form = {
	    .eight_bit = row->eight_bit || row->chunking};
	const struct smtp_params session = {.ehlo_name = "localhost"};
	struct smtp_recipient recipient = {.address = "bob@example.org"};
	struct smtp_transaction tx = {.reverse_path = "ann@localhost",
	    .recipients = &recipient,
	    .recipient_count = 1};
	struct mime_stream stream;
	struct smtp_session *s;
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct rusage usage;
	struct message *m;
	struct error err;

	if (message_new(&p, &m, &err) == -1 ||
	    message_open(m, &form, &stream, &err) == -1)
		die("message", &err);
	getrusage(RUSAGE_SELF, &usage);
	*prepared = cpu_seconds(&usage);
	tx.body = stream.source;
	tx.size = stream.size;
	tx.texts = &texts;
	s = smtp_session_new(&session);
	converse(row, s, &tx);
	if (recipient.result.verdict != SMTP_ACCEPTED ||
	    tx.bytes_sent != stream.size || tx.bytes_sent < size)
		die("not all was sent", NULL);
	smtp_session_free(s);
	source_free(stream.source);
	message_free(m);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

/* --- measuring ------------------------------------------------------------*/

static const struct row rows[] = {
    {"memcpy", false, false, false, run_memcpy},
    {"read(2) alone", false, false, false, run_read},
    {"attachment, base64, DATA", false, false, false, run_message},
    {"attachment, base64, BDAT", false, true, false, run_message},
    {"text, quoted-printable, DATA", true, false, false, run_message},
    {"text, 8bit, DATA", true, false, true, run_message},
    {"text, 8bit, BDAT", true, true, true, run_message},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A file in memory of random bytes, or of lines of words with a character in
 * twenty that is not ASCII, as in German. */
static int
make_file(bool text, size_t size)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	char *piece = memory_realloc(NULL, MIB, 1);
	uint64_t seed = 88172645463325252u;
	size_t i, at;

	for (i = 0; i < MIB; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		piece[i] = (char)(text ? 'a' + seed % 26 : seed);
	}
	for (i = 0; text && i + 22 < MIB; i += 22) {
		memcpy(piece + i, "\xc3\xa4", 2);
		piece[i + 7] = piece[i + 14] = ' ';
		if (i % 66 == 0)
			piece[i + 21] = '\n';
	}
	for (at = 0; at < size; at += MIB)
		if (fd == -1 || write(fd, piece, MIB) != MIB)
			die("cannot make a file in memory", NULL);
	free(piece);
	return fd;
}

/* What a run costs, and its peak memory in KiB. */
static struct cost
measure(const struct row *row, int fd, size_t size, long *peak)
{
	struct rusage usage;
	double prepared = 0;
	int status, pipe_fds[2];
	pid_t child;

	if (pipe(pipe_fds) == -1)
		die("pipe", NULL);
	child = fork();
	if (child == 0) {
		if (lseek(fd, 0, SEEK_SET) != 0)
			die("seek", NULL);
		row->run(row, fd, size, &prepared);
		if (write(pipe_fds[1], &prepared, sizeof(prepared)) !=
		    sizeof(prepared))
			die("write", NULL);
		_exit(0);
	}
	if (child == -1 || wait4(child, &status, 0, &usage) != child ||
	    status != 0 ||
	    read(pipe_fds[0], &prepared, sizeof(prepared)) != sizeof(prepared))
		die(row->name, NULL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	*peak = usage.ru_maxrss;
	return (struct cost){
	    cpu_seconds(&usage), cpu_seconds(&usage) - prepared};
}

static int
by_value(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->all > y->all) - (x->all < y->all);
}

int
main(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoul(argv[1], NULL, 10) : 256) * MIB;
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 7, k;
	static struct cost costs[ROWS][ROUNDS_MAX];
	struct cost median;
	double reference = 0;
	long peak[ROWS];
	int files[2], i;
	bool wanted[ROWS];

	for (i = 0; i < ROWS; i++)
		wanted[i] =
		    i == 0 || argc < 4 || strstr(rows[i].name, argv[3]) != NULL;
	if (size == 0 || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr,
		    "usage: message_bench [MEBIBYTES [ROUNDS [WORD]]]\n");
		return 64;
	}
	files[0] = make_file(false, size);
	files[1] = make_file(true, size);
	for (k = 0; k < rounds; k++)
		for (i = 0; i < ROWS; i++)
			if (wanted[i])
				costs[i][k] = measure(&rows[i],
				    files[rows[i].text], size, &peak[i]);
	printf("%zu MiB, median of %lu\n", size / MIB, rounds);
	printf("%-30s %8s %8s %8s %9s\n", "", "GB/s", "sending", "memcpy",
	    "peak KiB");
	for (i = 0; i < ROWS; i++) {
		if (!wanted[i])
			continue;
		qsort(costs[i], rounds, sizeof(struct cost), by_value);
		median = costs[i][rounds / 2];
		if (i == 0)
			reference = median.all;
		printf("%-30s %8.2f %8.2f %8.1f %9ld\n", rows[i].name,
		    (double)size / median.all / 1e9,
		    (double)size / median.sending / 1e9, median.all / reference,
		    peak[i]);
	}
	return 0;
}
