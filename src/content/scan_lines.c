/*
 * scan_lines: 64 octets become four words with a bit for each octet, by vectors
 * or without; what they mean for lines is worked out from the words, by one
 * function for all.
 */
#include "content/scan_lines.h"

#include <endian.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = 64 };

/* Which of the octets of a block are what; the first one is the lowest bit. */
struct marks {
	uint64_t lf;
	uint64_t cr, nul, high; /* high: over 127 */
};

/* Of BLOCK octets. */
typedef struct marks look(const char *);

static uint64_t
line_number(const struct scan *s)
{
	return s->line_before + s->lines + 1;
}

static void
found(struct scan *s, enum scan_oddity what, uint64_t count, uint64_t line)
{
	s->count[what] += count;
	if (s->first[what] == 0)
		s->first[what] = line;
}

/* The line is that long, so far. */
static void
is_long_as(struct scan *s, uint64_t length)
{
	if (length > s->longest)
		s->longest = length;
	if (length > SCAN_LINE_MAX && !s->is_long) {
		found(s, SCAN_LONG_LINE, 1, line_number(s));
		s->is_long = true;
	}
}

/* No longer line than this is worth a word. */
static uint64_t
plain_length(const struct scan *s)
{
	return s->longest < SCAN_LINE_MAX ? s->longest : SCAN_LINE_MAX;
}

/* No LF came behind the CR. */
static void
cr_alone(struct scan *s)
{
	found(s, SCAN_BARE_CR, 1, line_number(s));
	s->cr = false;
	if (s->cr_ends) {
		s->column = 0;
		s->is_long = false;
	}
}

static void
one_octet(struct scan *s, char c)
{
	if (s->cr && c != '\n')
		cr_alone(s);
	if (c == '\n') {
		s->crlf += s->cr;
		s->lines++;
		s->column = 0;
		s->cr = s->is_long = false;
		return;
	}
	if (c == '\0')
		found(s, SCAN_NUL, 1, line_number(s));
	if ((unsigned char)c > 127)
		found(s, SCAN_EIGHT_BIT, 1, line_number(s));
	s->cr = c == '\r';
	s->column++;
	is_long_as(s, s->column - s->cr);
}

/* One instruction where there is one; where not, no function of the
 * compiler's. */
INLINE unsigned
count_bits(uint64_t marks)
{
	marks -= marks >> 1 & UINT64_C(0x5555555555555555);
	marks = (marks & UINT64_C(0x3333333333333333)) +
	    (marks >> 2 & UINT64_C(0x3333333333333333));
	marks = (marks + (marks >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(marks * UINT64_C(0x0101010101010101) >> 56);
}

/* Some octets that were found in a block before whose LFs `line` is. */
INLINE void
found_marked(struct scan *s, enum scan_oddity what, uint64_t marks, uint64_t lf,
    uint64_t line)
{
	uint64_t before = (marks & -marks) - 1;

	if (marks != 0)
		found(s, what, count_bits(marks),
		    s->first[what] == 0 ? line + count_bits(lf & before) : 0);
}

/*
 * The first n octets of a block, n at least 1.  s->lines and s->cr tell of what
 * is before them, and *begin is where their line begins: an offset from the
 * block, below 0 and so beyond all others if it does in an earlier one.
 */
INLINE void
take_lines(
    struct scan *s, const struct marks *m, uint64_t ends, uint64_t *begin)
{
	uint64_t plain = plain_length(s), lf = m->lf, length;
	unsigned at;

	for (; lf != 0; lf &= lf - 1) {
		at = (unsigned)__builtin_ctzll(lf);
		length = at - *begin - (ends >> at & 1);
		if (length > plain) {
			is_long_as(s, length);
			s->is_long = false;
			plain = plain_length(s);
		}
		s->lines++;
		*begin = at + 1;
	}
}

/* The same where a CR, NUL or high octet is among them or before them. */
INLINE void
take_odd(struct scan *s, const struct marks *m, size_t n, const char *p,
    uint64_t *begin)
{
	uint64_t last = UINT64_C(1) << (n - 1), line = line_number(s);
	uint64_t ends = m->lf & (m->cr << 1 | s->cr);
	uint64_t alone = m->cr & ~(m->lf >> 1) & ~last;
	bool before_alone = s->cr && (m->lf & 1) == 0;
	size_t i;

	if (s->cr_ends && (alone != 0 || before_alone)) {
		s->column = -*begin;
		is_long_as(s, s->column - s->cr);
		for (i = 0; i < n; i++)
			one_octet(s, p[i]);
		*begin = n - s->column;
		return;
	}
	if (before_alone)
		found(s, SCAN_BARE_CR, 1, line);
	found_marked(s, SCAN_BARE_CR, alone, m->lf, line);
	found_marked(s, SCAN_NUL, m->nul, m->lf, line);
	found_marked(s, SCAN_EIGHT_BIT, m->high, m->lf, line);
	s->crlf += ends != 0 ? count_bits(ends) : 0;
	take_lines(s, m, ends, begin);
	s->cr = (m->cr & last) != 0;
}

INLINE void
take(struct scan *s, const struct marks *m, size_t n, const char *p,
    uint64_t *begin)
{
	if ((m->cr | m->nul | m->high) != 0 || s->cr)
		take_odd(s, m, n, p, begin);
	else
		take_lines(s, m, 0, begin);
	*begin -= n;
}

INLINE void
scan_by(look *look_at, struct scan *s, const char *p, size_t n)
{
	uint64_t begin = -s->column;
	struct marks m;
	char rest[BLOCK];

	for (; n >= BLOCK; p += BLOCK, n -= BLOCK) {
		m = look_at(p);
		take(s, &m, BLOCK, p, &begin);
	}
	if (n > 0) {
		memset(rest, ' ', sizeof(rest));
		memcpy(rest, p, n);
		m = look_at(rest);
		take(s, &m, n, rest, &begin);
	}
	s->column = -begin;
	is_long_as(s, s->column - s->cr);
}

void
scan_lines_end(struct scan *s)
{
	if (!s->cr)
		return;
	cr_alone(s);
	is_long_as(s, s->column);
}

/* The top bits of eight octets as eight bits. */
INLINE uint64_t
gather(uint64_t tops)
{
	return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* The top bits of those octets that are the one that all of `same` are. */
INLINE uint64_t
equal(uint64_t word, uint64_t same)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);

	word ^= same;
	return ~(((word & low) + low) | word | low);
}

INLINE struct marks
look_portable(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	struct marks m = {0};
	uint64_t word;
	unsigned i;

	for (i = 0; i < BLOCK; i += 8) {
		memcpy(&word, p + i, sizeof(word));
		word = le64toh(word);
		m.lf |= gather(equal(word, '\n' * ones)) << i;
		m.cr |= gather(equal(word, '\r' * ones)) << i;
		m.nul |= gather(equal(word, 0)) << i;
		m.high |= gather(word & tops) << i;
	}
	return m;
}

static void
scan_portable(struct scan *s, const char *p, size_t n)
{
	scan_by(look_portable, s, p, n);
}

#ifdef __x86_64__
INLINE uint64_t
bits_sse2(const __m128i v[4])
{
	return (uint32_t)_mm_movemask_epi8(v[0]) |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(v[1]) << 16 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(v[2]) << 32 |
	    (uint64_t)(uint32_t)_mm_movemask_epi8(v[3]) << 48;
}

INLINE uint64_t
equal_sse2(const __m128i v[4], char c)
{
	const __m128i same = _mm_set1_epi8(c);
	const __m128i found[4] = {_mm_cmpeq_epi8(v[0], same),
	    _mm_cmpeq_epi8(v[1], same), _mm_cmpeq_epi8(v[2], same),
	    _mm_cmpeq_epi8(v[3], same)};

	return bits_sse2(found);
}

INLINE struct marks
look_sse2(const char *p)
{
	const __m128i *from = (const __m128i *)(const void *)p;
	const __m128i v[4] = {_mm_loadu_si128(from), _mm_loadu_si128(from + 1),
	    _mm_loadu_si128(from + 2), _mm_loadu_si128(from + 3)};

	return (struct marks){.lf = equal_sse2(v, '\n'),
	    .cr = equal_sse2(v, '\r'),
	    .nul = equal_sse2(v, '\0'),
	    .high = bits_sse2(v)};
}

static void
scan_sse2(struct scan *s, const char *p, size_t n)
{
	scan_by(look_sse2, s, p, n);
}

#define AVX2 __attribute__((target("avx2,popcnt")))

INLINE AVX2 uint64_t
bits_avx2(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

INLINE AVX2 uint64_t
equal_avx2(__m256i low, __m256i high, char c)
{
	const __m256i same = _mm256_set1_epi8(c);

	return bits_avx2(
	    _mm256_cmpeq_epi8(low, same), _mm256_cmpeq_epi8(high, same));
}

INLINE AVX2 struct marks
look_avx2(const char *p)
{
	const __m256i *from = (const __m256i *)(const void *)p;
	const __m256i low = _mm256_loadu_si256(from);
	const __m256i high = _mm256_loadu_si256(from + 1);

	return (struct marks){.lf = equal_avx2(low, high, '\n'),
	    .cr = equal_avx2(low, high, '\r'),
	    .nul = equal_avx2(low, high, '\0'),
	    .high = bits_avx2(low, high)};
}

AVX2 static void
scan_avx2(struct scan *s, const char *p, size_t n)
{
	scan_by(look_avx2, s, p, n);
}
static bool
has_avx2(void)
{
	return __builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports("popcnt");
}
#endif

scan_way *
scan_lines_way(size_t i)
{
	static scan_way *const ways[] = {
#ifdef __x86_64__
	    scan_avx2,
	    scan_sse2,
#endif
	    scan_portable,
	};

#ifdef __x86_64__
	i += !has_avx2();
#endif
	return i < sizeof(ways) / sizeof(ways[0]) ? ways[i] : NULL;
}
