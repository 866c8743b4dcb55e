/* HTML: what its reader sees as text, its references, its charset. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "html/html.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/memory.h"
#include "lib/printable.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define TEN "1234567890"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* So much of it that its square takes far longer than a multiple of it. */
enum { HOSTILE = 128 << 10, HOSTILE_MAX_S = 2, HUGE = 1 << 20 };

struct pair {
	const char *html;
	const char *text;
};

/* In memory of just that size, so that reading beyond it is noticed. */
static char *
exactly(const char *s, size_t n)
{
	char *copy = memory_alloc(n > 0 ? n : 1);

	memcpy(copy, s, n);
	return copy;
}

static void
assert_text(const char *html, const char *text)
{
	char *copy = exactly(html, strlen(html));
	struct buf out = {0};

	assert_int_equal(html_to_text(copy, strlen(html), &out), 0);
	assert_string_equal(buf_string(&out), text);
	buf_clear(&out);
	free(copy);
}

static void
assert_texts(const struct pair *pairs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		assert_text(pairs[i].html, pairs[i].text);
}

/* What is promised of any output; lines without long words are short if
 * `wrapped`. */
static void
assert_decent(const struct buf *out, bool wrapped)
{
	const char *s = buf_string(out), *end = s + out->len;
	size_t column = 0, word = 0, longest = 0, empty = 1;
	uint32_t r;

	assert_int_equal(strlen(s), out->len);
	if (out->len > 0)
		assert_true(end[-1] == '\n');
	while (s < end) {
		size_t n = printable_utf8(s, (size_t)(end - s), &r);

		assert_true(n > 0);
		if (r == '\n') {
			assert_true(s == out->data || s[-1] != ' ');
			empty = column == 0 ? empty + 1 : 0;
			assert_true(empty < 2 && (s + 1 < end || empty == 0));
			if (wrapped && longest <= 36)
				assert_true(column <= 72);
			column = word = longest = 0;
		} else {
			assert_true(r >= ' ' && (r < 0x7f || r >= 0xa0));
			assert_true(r < 0x202a || r > 0x202e);
			column++;
			word = r == ' ' ? 0 : word + 1;
			longest = word > longest ? word : longest;
		}
		s += n;
	}
}

static void
assert_safe(const char *html, size_t n)
{
	char *copy = exactly(html, n);
	struct buf out = {0}, unanswered = {0};
	struct html_reference ref = {"a", "b", 0};
	struct arena arena = {0};

	assert_int_equal(html_to_text(copy, n, &out), 0);
	assert_decent(&out, memmem(html, n, "<pre", 4) == NULL);
	buf_reset(&out);
	assert_int_equal(html_refer(copy, n, &ref, 1, &out, &unanswered), 0);
	assert_int_equal(out.len, n + ref.count * strlen("cid:"));
	html_charset(&arena, copy, n);
	arena_clear(&arena);
	buf_clear(&unanswered);
	buf_clear(&out);
	free(copy);
}

static void
text_is_what_stands_outside_of_tags(void **state)
{
	static const struct pair pairs[] = {
	    {"", ""},
	    {" \n\t ", ""},
	    {"plain", "plain\n"},
	    {"a<b>b</B>c", "abc\n"},
	    {"a<!-- <b> -- > --> b<!-->c<!--->d<!----!>e", "a bcde\n"},
	    {"<!DOCTYPE html>a<?php b ?>c<!x>d</ e>f</>g", "acdfg\n"},
	    {"a<![CDATA[ b ]]>c<![if !mso]>d<![endif]>", "acd\n"},
	    {"<!--[if mso]><p>Outlook</p><![endif]-->x", "x\n"},
	    {"1 < 2 <3 <= 4 <", "1 < 2 <3 <= 4 <\n"},
	    {"a</", "a</\n"},
	    {"a<b title='>' x=\">\" y=z/>b", "ab\n"},
	    {"a<b", "a\n"},
	    {"a<b c", "a\n"},
	    {"a<b c='>d", "a\n"},
	    {"a</b", "a\n"},
	    {"a<!--b", "a\n"},
	    {"a<!b", "a\n"},
	    {"a<o:p>b</o:p><unknown/>c", "abc\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
what_is_not_for_the_reader_is_left_out(void **state)
{
	static const struct pair pairs[] = {
	    {"<head><title>t &amp; <b></title><meta charset=x></head>a", "a\n"},
	    {"a<script>if (1 < 2) '<p>' </scripts></SCRIPT >b", "ab\n"},
	    {"a<style>p { }</style>b<template><p>c</template>d", "abd\n"},
	    {"a<noscript>b</noscript>c", "abc\n"},
	    {"a<textarea>b <i>&lt;</textarea>c", "ab <i><c\n"},
	    {"a<script>b", "a\n"},
	    {"a<div hidden>b<div>c</div>d</div>e", "ae\n"},
	    {"<div style='color:red; DISPLAY : None !important'>b</div>e",
		"e\n"},
	    {"<p style=display:none>b<p>c", "c\n"},
	    {"<td><span style=display:none>b</td><td>c", "c\n"},
	    {"<b hidden><i></i>x</font>y</b>z", "z\n"},
	    {"a<img hidden alt=b><br hidden>c", "ac\n"},
	    {"<p style='display:none;display:block'>b", "b\n"},
	    {"<p style='xdisplay:none;display-x:none'>b", "b\n"},
	    {"<ol><li>a<li hidden>b<li>c</ol>", "1. a\n2. c\n"},
	    {"<a href=u hidden>b</a>c", "c\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
character_references_are_decoded_as_browsers_do(void **state)
{
	static const struct pair pairs[] = {
	    {"&lt;&gt;&amp;&quot;&apos;&hellip;&euro;", "<>&\"'…€\n"},
	    {"&Auml;&auml;&thetasym;&Zcaron;", "ÄäϑŽ\n"},
	    {"&auml &copy&AMP&notit; &notin;", "ä ©&¬it; ∉\n"},
	    {"&hellip &unknown; & && &; &#; &#x; &#g",
		"&hellip &unknown; & && &; &#; &#x; &#g\n"},
	    {"&#65;&#x42;&#X43;&#068&#x45z", "ABCDEz\n"},
	    {"&#0;&#xD800;&#x110000;&#99999999999999999999;",
		"\uFFFD\uFFFD\uFFFD\uFFFD\n"},
	    {"&#128;&#150;&#x9f;", "€–Ÿ\n"},
	    {"a&#27;b&#x81;c&#8;d&#127;e&#10;f", "abcde f\n"},
	    {"&#x1F600;", "😀\n"},
	    {"&amp;lt;", "&lt;\n"},
	    {"&lt;b&gt;", "<b>\n"},
	    {"<img alt='&copy=&copyx &copy; &copy'>", "[&copy=&copyx © ©]\n"},
	    {"<a href='u?a=1&copy=2&amp;b=3'>t</a>", "t <u?a=1&copy=2&b=3>\n"},
	};
	uint32_t r;

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
	assert_int_equal(html_character("&amp;", 5, false, &r), 5);
	assert_int_equal(html_character("&amp;", 4, false, &r), 4);
	assert_int_equal(html_character("&amp;", 3, false, &r), 0);
	assert_int_equal(html_character("&", 1, false, &r), 0);
	assert_int_equal(html_character("amp;", 4, false, &r), 0);
	assert_int_equal(html_character("&ampx", 5, true, &r), 0);
	assert_int_equal(
	    html_character("&CounterClockwiseContourIntegralx", 33, 0, &r), 0);
}

/* Were the tables out of order, some names would not be found. */
static void
every_range_of_names_is_found(void **state)
{
	static const struct {
		const char *name;
		uint32_t rune;
	} some[] = {{"AElig", 0xc6}, {"AMP", '&'}, {"Aacute", 0xc1},
	    {"yuml", 0xff}, {"yen", 0xa5}, {"amp", '&'}, {"nbsp", 0xa0},
	    {"Abreve", 0x102}, {"Yacute", 0xdd}, {"zwnj", 0x200c},
	    {"zwj", 0x200d}, {"Alpha", 0x391}, {"omega", 0x3c9}, {"piv", 0x3d6},
	    {"there4", 0x2234}, {"sup1", 0xb9}, {"frac34", 0xbe},
	    {"NonBreakingSpace", 0xa0}, {"Tab", 9}, {"loz", 0x25ca},
	    {"rang", 0x27e9}, {"ZeroWidthSpace", 0x200b}};
	char text[32];
	uint32_t r = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(some); i++) {
		int n = snprintf(text, sizeof(text), "&%s;", some[i].name);

		assert_int_equal(html_character(text, (size_t)n, true, &r), n);
		assert_int_equal(r, some[i].rune);
	}
}

static void
white_space_collapses_and_invisible_characters_go(void **state)
{
	static const struct pair pairs[] = {
	    {" a \r\n\t b <i> c</i> ", "a b c\n"},
	    {"a<i> b</i>", "a b\n"},
	    {"a&nbsp;b\u00A0c &nbsp; d", "a b c  d\n"},
	    {"&nbsp;a&nbsp;<br>&nbsp;<p>&nbsp;</p>b&nbsp;", "a\n\nb\n"},
	    {"a&shy;b\u200Bc&zwnj;d&zwj;e\uFEFFf&lrm;g", "abcdefg\n"},
	    {"a\u202Eb\u2066c\u061Cd", "abcd\n"},
	    {"می\u200Cخواهم \U0001F468\u200D\U0001F469",
		"می\u200Cخواهم \U0001F468\u200D\U0001F469\n"},
	    {"&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;", ""},
	    {"a\x80z\xe4z\xed\xa0\x80\xc3",
		"a\uFFFDz\uFFFDz\uFFFD\uFFFD\uFFFD\uFFFD\n"},
	    {"a\x1b[31mb\x07\xc2\x9b"
	     "1mc\x7f",
		"a[31mb1mc\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
blocks_begin_lines_and_paragraphs_have_blank_lines(void **state)
{
	static const struct pair pairs[] = {
	    {"<p>a</p><p>b</p>", "a\n\nb\n"},
	    {"<p>a<p>b<div>c", "a\n\nb\n\nc\n"},
	    {"a<p>b</p>c", "a\n\nb\n\nc\n"},
	    {"a</p>b", "a\n\nb\n"},
	    {"<div>a</div><div>b</div>c", "a\nb\nc\n"},
	    {"<div><div>a</div></div> <div>b</div>", "a\nb\n"},
	    {"<h1>a</h1>b<h6>c</h6>", "a\n\nb\n\nc\n"},
	    {"a<br>b<BR/>c</br>d", "a\nb\nc\nd\n"},
	    {"a<br><br>b<br><br><br><br>c<br><br>", "a\n\nb\n\nc\n"},
	    {"<div>a<br></div><div>b</div><br><div>c</div>", "a\nb\n\nc\n"},
	    {"<br><p></p><br>a<p></p><br>", "a\n"},
	    {"<html><body>a</body></html>b", "a\nb\n"},
	    {"a<hr>b",
		"a\n------------------------------------"
		"------------------------------------\nb\n"},
	    {"<blockquote><hr></blockquote>",
		"> ----------------------------------"
		"------------------------------------\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
lists_are_marked_and_indented(void **state)
{
	static const struct pair pairs[] = {
	    {"<ul><li>a</li> <li>b</li></ul>", "* a\n* b\n"},
	    {"x<ul><li>a<li>b</ul>y", "x\n\n* a\n* b\n\ny\n"},
	    {"<ol><li>a<li>b</ol>", "1. a\n2. b\n"},
	    {"<ol start=9><li>a<li>b<li value=-3>c<li>d</ol>",
		"9. a\n10. b\n-3. c\n-2. d\n"},
	    {"<ol start=x><li>a<li value=99999999999999>b<li>c",
		"1. a\n999999999. b\n999999999. c\n"},
	    {"<ul><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ul>",
		"* a\n  * b\n    1. c\n* d\n"},
	    {"<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>",
		"* a\n  * b\n* c\n"},
	    {"<ul><li><p>a</p><p>b</p></li><li><p>c</p></li></ul>",
		"* a\n\n  b\n\n* c\n"},
	    {"<ul><li><ul><li>a</ul></ul>", "* * a\n"},
	    {"<ul><li>a<br>b</ul>", "* a\n  b\n"},
	    {"<ul><li></li><li>a</ul>", "* a\n"},
	    {"<li>a<li>b", "* a\n* b\n"},
	    {"<dl><dt>a<dd>b<dt>c<dd>d</dl>e", "a\n    b\nc\n    d\n\ne\n"},
	    {"<ul><li>" SIXTY " " SIXTY "</ul>", "* " SIXTY "\n  " SIXTY "\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
quotes_are_marked_on_each_line(void **state)
{
	static const struct pair pairs[] = {
	    {"a<blockquote>b</blockquote>c", "a\n\n> b\n\nc\n"},
	    {"<blockquote>a<p>b</blockquote>", "> a\n>\n> b\n"},
	    {"<blockquote>a<blockquote>b</blockquote>c</blockquote>",
		"> a\n>\n> > b\n>\n> c\n"},
	    {"<blockquote>" SIXTY " " SIXTY, "> " SIXTY "\n> " SIXTY "\n"},
	    {"<blockquote>a</blockquote><blockquote>b</blockquote>",
		"> a\n\n> b\n"},
	    {"<ul><li>a<blockquote>b</blockquote>c</ul>",
		"* a\n\n  > b\n\n  c\n"},
	    {"<blockquote><ul><li>a<p>b</ul></blockquote>",
		"> * a\n>\n>   b\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
preformatted_text_stays_as_it_is(void **state)
{
	static const struct pair pairs[] = {
	    {"a<pre>\n  b  c  \n\td\r\n e\t f\n\n\n\ng\n</pre>h",
		"a\n\n  b  c\n        d\n e       f\n\ng\n\nh\n"},
	    {"<pre>" SIXTY " " SIXTY "</pre>", SIXTY " " SIXTY "\n"},
	    {"<pre>a <b> b</b></pre>c  d", "a  b\n\nc d\n"},
	    {"<blockquote><pre>a\n b", "> a\n>  b\n"},
	    {"<pre>a<br>  b</pre>", "a\n  b\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
tables_are_rows_of_cells(void **state)
{
	static const struct pair pairs[] = {
	    {"<table><tr><th>a</th> <th>b</th></tr>\n<tr><td>c</td><td>d"
	     "</td></tr></table>",
		"a  b\nc  d\n"},
	    {"<table><tr><td>a<td>b<tr><td>c<td>d</table>e", "a  b\nc  d\ne\n"},
	    {"<table><tr><td>a</td><td></td><td>c</td></tr></table>", "a  c\n"},
	    {"<table><tr><td> a </td><td> b </td></tr></table>", "a  b\n"},
	    {"<table><tr><td>&nbsp;</td></tr><tr><td>a</td></tr></table>",
		"a\n"},
	    {"<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>",
		"a\n\nb\n"},
	    {"<table><tr><td><table><tr><td>a</td></tr></table></td>"
	     "<td><div>b</div></td></tr></table>",
		"a\nb\n"},
	    {"<table><caption>x</caption><thead><tr><td>a<tbody><tr><td>b",
		"x\na\nb\n"},
	    {"<div><table><tr><td>a</div></td><td>b</td></tr></table>",
		"a  b\n"},
	    {"<ul><li><table><tr><td>a</li><td>b</table>c</ul>",
		"* a  b\n  c\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
links_are_kept(void **state)
{
	static const struct pair pairs[] = {
	    {"<a href='http://x/y'>t</a>.", "t <http://x/y>.\n"},
	    {"<a href='http://x/y'> t </a> u", "t <http://x/y> u\n"},
	    {"<a href=http://x/y>http://x/y</a>!", "http://x/y!\n"},
	    {"see <a href=https://x/>x</a>, ok", "see https://x/, ok\n"},
	    {"<a href=https://X.example>x.example/</a>", "https://X.example\n"},
	    {"<a href=//x/y>x/y</a>", "x/y <//x/y>\n"},
	    {"<a href='mailto:b@x?subject=hi'>Bob</a>", "Bob <b@x>\n"},
	    {"<a href='&#109;ailto:b%40x'>b@x</a>", "b@x\n"},
	    {"<a href='MAILTO:b@x'>mailto:b@x</a>", "mailto:b@x <b@x>\n"},
	    {"<a href='tel:+49'>+49</a>", "+49\n"},
	    {"<a href='mailto:?body=x'>share</a>", "share\n"},
	    {"<a href=#x>a</a><a href=''>b</a><a href>c</a><a name=x>d</a>",
		"abcd\n"},
	    {"<a href=' java\nscript:x'>a</a><a href=data:,x>b</a>"
	     "<a href=cid:x>c</a>",
		"abc\n"},
	    {"<a href=' http://x/a b<>&#27;[0m\"&#10;&nbsp;ü '>t</a>",
		"t <http://x/a%20b%3C%3E[0m%22%C2%A0ü>\n"},
	    {"<a href=u>a<a href=v>b</a>c</a>d", "a <u>b <v>cd\n"},
	    {"<a href=u><p>a</p></a><p>b</p>", "a <u>\n\nb\n"},
	    {"<td><a href=u>a</td><td>b</td>", "a <u>  b\n"},
	    {"<a href=u>a", "a <u>\n"},
	    {"<a href=u></a>b", "b\n"},
	    {"<a href=u><img src=x></a>", "<u>\n"},
	    {"<a href=u><img alt=Logo></a>", "[Logo] <u>\n"},
	    {"<a href=u>a<i hidden>b</a>c</i>d", "a <u>cd\n"},
	    {TEN " " SIXTY " <a href=http://x/y>x/y</a>",
		TEN " " SIXTY "\nhttp://x/y\n"},
	    {SIXTY " <a href=http://example.org/>example.org</a>",
		SIXTY "\nhttp://example.org/\n"},
	    {"<a href=http://" SIXTY SIXTY ">text text</a> more",
		"text text\n<http://" SIXTY SIXTY ">\nmore\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
images_are_their_alternative_text(void **state)
{
	static const struct pair pairs[] = {
	    {"a <img src=x alt=\"b &amp; c\"> d", "a [b & c] d\n"},
	    {"a<img src=x>b<img alt=''>c<img alt=' &nbsp;'>d", "abcd\n"},
	    {"<img alt=' a\n b '/>", "[a b]\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
lines_are_wrapped_at_72_characters(void **state)
{
	static const struct pair pairs[] = {
	    {SIXTY " 12345678901", SIXTY " 12345678901\n"},
	    {SIXTY " 123456789012", SIXTY "\n123456789012\n"},
	    {SIXTY " <b>1234</b>56789<i>012</i> 1", SIXTY "\n123456789012 1\n"},
	    {"ö " SIXTY " ööööööööö", "ö " SIXTY " ööööööööö\n"},
	    {"ö " SIXTY " öööööööööö", "ö " SIXTY "\nöööööööööö\n"},
	    {SIXTY TEN "123456 a", SIXTY TEN "123456\na\n"},
	    {"a " SIXTY "&nbsp;" TEN, "a\n" SIXTY " " TEN "\n"},
	    {"a " SIXTY "&nbsp;" TEN "&nbsp;" TEN,
		"a\n" SIXTY " " TEN "\n" TEN "\n"},
	    {SIXTY "&nbsp;" TEN "&nbsp;" TEN, SIXTY " " TEN "\n" TEN "\n"},
	    {SIXTY " &nbsp; 12345678901", SIXTY "\n12345678901\n"},
	};

	(void)state;
	assert_texts(pairs, ELEMENTS(pairs));
}

static void
a_newsletter_reads_well(void **state)
{
	(void)state;
	assert_text(
	    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\">\r\n"
	    "<html xmlns:o=\"urn:x\">\r\n<head>\r\n<title>News</title>\r\n"
	    "<style type=\"text/css\">@media x { p { margin: 0 } }</style>\r\n"
	    "<!--[if mso]><xml><o:X>96</o:X></xml><![endif]-->\r\n</head>\r\n"
	    "<body style=\"margin:0\">\r\n"
	    "<div style=\"display:none;max-height:0px\">Our best yet&#847;"
	    "&zwnj;&nbsp;&#847;</div>\r\n"
	    "<table width=\"100%\"><tbody><tr><td align=\"center\">\r\n"
	    "  <table width=\"600\"><tr><td><a href=\"https://acme.example/?u=1"
	    "&amp;c=2\"><img src=\"logo.png\" alt=\"ACME\"></a></td></tr>\r\n"
	    "  <tr><td style=\"font-size:0\">&nbsp;</td></tr>\r\n"
	    "  <tr><td><h1>Hello &Auml;nne,</h1>\r\n<p>your order of\r\n"
	    "  <strong>two widgets</strong> is on its way. You can follow it "
	    "<a\r\nhref='https://acme.example/track'>on our site</a>.</p>\r\n"
	    "  <table><tr><th>Item</th><th>Price</th></tr>\r\n"
	    "  <tr><td>Widget</td><td>10&nbsp;&euro;</td></tr></table></td>"
	    "</tr></table>\r\n</td></tr></tbody></table>\r\n"
	    "<p><a href=\"mailto:help@acme.example\">help@acme.example</a> | "
	    "<a href=\"#\">Top</a><br>&copy; ACME</p>\r\n"
	    "<img src=\"https://acme.example/t.gif\" width=1 height=1 alt=\"\">"
	    "\r\n</body>\r\n</html>\r\n",
	    "[ACME] <https://acme.example/?u=1&c=2>\n"
	    "\n"
	    "Hello Änne,\n"
	    "\n"
	    "your order of two widgets is on its way. You can follow it on our "
	    "site\n"
	    "<https://acme.example/track>.\n"
	    "\n"
	    "Item  Price\n"
	    "Widget  10 €\n"
	    "\n"
	    "help@acme.example | Top\n"
	    "© ACME\n");
}

static void
text_is_appended_or_nothing_is(void **state)
{
	const char *html = "<p>one two<ul><li>x</ul><a href=http://u/>u</a>";
	struct buf all = {0}, out = {0};
	size_t max;

	(void)state;
	buf_puts(&all, "before");
	assert_int_equal(html_to_text(html, strlen(html), &all), 0);
	assert_string_equal(
	    buf_string(&all), "beforeone two\n\n* x\n\nhttp://u/\n");
	for (max = 6; max < all.len; max++) {
		out = BUF_WITH_MAX(max);
		buf_puts(&out, "before");
		assert_int_equal(html_to_text(html, strlen(html), &out), -1);
		assert_string_equal(buf_string(&out), "before");
		buf_clear(&out);
	}
	buf_clear(&all);
}

static void
any_bytes_are_html(void **state)
{
	static const char *const words[] = {"<", ">", "</", "<a href=", "'",
	    "\"", "&", "&#", "x41;", "nbsp;", "<p>", "</p>", "<ul>", "<ol>",
	    "<li>", "</ul>", "<td>", "<tr>", "<table>", "</table>",
	    "<blockquote>", "</blockquote>", "<br>", "<hr>", "<!--", "-->",
	    "<script>", "</script>", " hidden", "<div style=display:none>",
	    "</div>", "<img alt=", "<dd>", "</a>", "http://x", " word", "word ",
	    "\n", "\t", "ü", "\xc3", "\x1b", "<style>", "</style>", "url(", ")",
	    "a", "src=a ", "<template>", "</template>", "<a href=a>", "<pre>",
	    "</pre>", "&shy;", "\u200d", "mailto:"};
	struct buf html = {0};
	unsigned seed = 1, round, i;
	char byte;

	(void)state;
	for (i = 0; i < 256; i++) {
		byte = (char)i;
		assert_safe(&byte, 1);
		buf_reset(&html);
		buf_printf(&html, "<p %c title=%c>%c", byte, byte, byte);
		buf_append(&html, "a\0b&", 4);
		buf_append(&html, &byte, 1);
		assert_safe(html.data, html.len);
	}
	for (round = 0; round < 2000; round++) {
		buf_reset(&html);
		for (i = 0; i < 120; i++) {
			seed = seed * 1103515245 + 12345;
			if (round % 4 == 3) {
				byte = (char)(seed >> 16);
				buf_append(&html, &byte, 1);
			} else {
				buf_puts(&html,
				    words[(seed >> 16) % ELEMENTS(words)]);
			}
		}
		assert_safe(html.data, html.len);
	}
	for (i = 0; i < html.len; i++)
		assert_safe(html.data, i);
	buf_clear(&html);
}

static void
every_prefix_of_a_document_is_html(void **state)
{
	static const char html[] =
	    "\xef\xbb\xbf<!DOCTYPE x><!-- c --><meta charset='x'><p style=\"a:"
	    "url('a')\" hidden>&#x41;&hellip;<a href='mailto:x?y'>\xc3\xa4</a>"
	    "<img srcset='a 1x, b' alt=\"x\"><script>a</script><style>"
	    "/* */ 'x' url( a )</style><pre> \t</pre></p>";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(html); i++)
		assert_safe(html, i);
}

static void
hostile_input_takes_linear_time(void **state)
{
	static const char *const traps[] = {"<", "&", "<a href='", "<div>",
	    "<b>", "</b>", "<!--", "<!", "<p>", "<ul>", "<ol><li>",
	    "<blockquote>", "<pre>", "<table><tr><td>", "<td>", "&#1", "&a",
	    "<script>", "</script", "x", " ", "&nbsp;", "x&nbsp;", "<br>",
	    "<b hidden>", "<a href=u>x", "<a href=http://x>x</a>", "<hr>",
	    "<b a=", "<b a='", "\xf0\x9f", "<img alt=' x", "<i></div>",
	    "<template>", "\t", "</p>", "-", "url(", "<!-", "</ "};
	static const char *const before[] = {"", "<pre>", "<style>",
	    "<p style='", "<img srcset='", "<table><tr><td>", "<a href=u>"};
	struct buf html = {0};
	size_t i, j, n;

	(void)state;
	for (i = 0; i < ELEMENTS(traps); i++)
		for (j = 0; j < ELEMENTS(before); j++) {
			clock_t start = clock();

			buf_reset(&html);
			buf_puts(&html, before[j]);
			for (n = 0; j >= 5 && n < 255; n++)
				buf_puts(&html, "<i>");
			while (html.len < HOSTILE)
				buf_puts(&html, traps[i]);
			assert_safe(html.data, html.len);
			assert_true(
			    (clock() - start) / CLOCKS_PER_SEC < HOSTILE_MAX_S);
		}
	buf_clear(&html);
}

static void
an_attribute_may_be_huge(void **state)
{
	static const char *const before[] = {"<a href='", "<p style='",
	    "<img alt='", "<img src='", "<img srcset='", "<p style='url(",
	    "<style>url('", "<b "};
	struct buf html = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(before); i++) {
		buf_reset(&html);
		buf_puts(&html, before[i]);
		while (html.len < HUGE)
			buf_puts(&html, i % 2 == 0 ? "abcdefgh" : "a;,/( ");
		buf_puts(&html, "'>x</a>");
		assert_safe(html.data, html.len);
	}
	buf_clear(&html);
}

static void
deep_nesting_keeps_the_text(void **state)
{
	struct buf html = {0}, out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 1000000; i++)
		buf_puts(&html, "<div>");
	buf_puts(&html, "<p>deep</p><p>text");
	for (i = 0; i < 1000000; i++)
		buf_puts(&html, "</div>");
	buf_puts(&html, "<ul><li>after</ul>");
	assert_int_equal(html_to_text(html.data, html.len, &out), 0);
	assert_string_equal(buf_string(&out), "deep\n\ntext\n\n* after\n");
	buf_clear(&html);
	buf_clear(&out);
}

static void
assert_refers(
    const char *html, const char *name, const char *expected, size_t count)
{
	struct html_reference refs[] = {
	    {"other", "other@x", 9}, {name, "id.1@x.example", 9}};
	char *copy = exactly(html, strlen(html));
	struct buf out = {0}, unanswered = {0};

	assert_int_equal(html_refer(copy, strlen(html), refs, ELEMENTS(refs),
			     &out, &unanswered),
	    0);
	assert_string_equal(buf_string(&out), expected);
	assert_int_equal(refs[1].count, count);
	assert_int_equal(refs[0].count, 0);
	buf_clear(&unanswered);
	buf_clear(&out);
	free(copy);
}

#define CID "cid:id.1@x.example"

static void
references_become_content_ids(void **state)
{
	static const struct pair pairs[] = {
	    {"<img src=\"a.png\">", "<img src=\"" CID "\">"},
	    {"<IMG\nSRC = 'a.png' alt=a.png>",
		"<IMG\nSRC = '" CID "' alt=a.png>"},
	    {"<img src=a.png>", "<img src=" CID ">"},
	    {"<img src=' ./a.png '>", "<img src=' " CID " '>"},
	    {"<img src=a&#46;png><img src=a%2Epn&#x67;>",
		"<img src=" CID "><img src=" CID ">"},
	    {"<table background=a.png><video poster=a.png>",
		"<table background=" CID "><video poster=" CID ">"},
	    {"<link href=a.png><image xlink:href=a.png href=a.png>",
		"<link href=" CID "><image xlink:href=" CID " href=" CID ">"},
	    {"<p style=\"x:url(a.png) url( 'a.png' ) url(&quot;a.png&quot;)\">",
		"<p style=\"x:url(" CID ") url( '" CID "' ) url(&quot;" CID
		"&quot;)\">"},
	    {"<style>a{b:URL(\"a.png\")}</style>",
		"<style>a{b:URL(\"" CID "\")}</style>"},
	    {"<img srcset='a.png, a.png 2x,b.png 3x'>",
		"<img srcset='" CID ", " CID " 2x,b.png 3x'>"},
	    {"<object data=a.png>", "<object data=" CID ">"},
	};
	static const size_t counts[] = {1, 1, 1, 1, 2, 2, 3, 3, 1, 2, 1};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_refers(pairs[i].html, "a.png", pairs[i].text, counts[i]);
}

static void
what_refers_to_nothing_stays_byte_for_byte(void **state)
{
	static const char *const same[] = {"", "a.png src=a.png",
	    "<!-- <img src=a.png> -->",
	    "<script>x = '<img src=\"a.png\">';</script>",
	    "<a href=a.png>a.png</a>", "<img alt=a.png title='src=a.png'>",
	    "<img src=A.png>", "<img src=x/a.png>", "<img src=a.png?x>",
	    "<img src=xa.png><img src=a.pn>", "<img src=a.png",
	    "<style>/* url(a.png) */ b{c:'url(a.png)' curl(a.png)}</style>",
	    "<style>url(a.png\nurl(a.png url((a.png)</style>",
	    "<p>url(a.png)</p><textarea><img src=a.png></textarea>",
	    "<img src=><img src><img src=''>", "</img src=a.png>",
	    "<p style=\"background:url('a.pngx')\">\r\n\t\x80\xff"};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(same); i++)
		assert_refers(same[i], "a.png", same[i], 0);
}

static void
a_name_matches_whole_or_by_its_last_part(void **state)
{
	static const struct {
		const char *name, *value;
		bool matches;
	} cases[] = {{"img/a.png", "img/a.png", true},
	    {"img/a.png", "a.png", true}, {"img/a.png", "./a.png", true},
	    {"img/a.png", "b/a.png", false}, {"./img/a.png", "img/a.png", true},
	    {"/tmp/a.png", "/tmp/a.png", true}, {"/tmp/a.png", "a.png", true},
	    {"/tmp/a.png", "tmp/a.png", false}, {"a b.png", "a b.png", true},
	    {"a b.png", "a%20b.png", true}, {"a%20b.png", "a%20b.png", true},
	    {"100%.png", "100%.png", true}, {"100%.png", "100%25.png", true},
	    {"ü.png", "&uuml;.png", true}, {"ü.png", "%C3%BC.png", true},
	    {"a&b.png", "a&amp;b.png", true}, {"a&b.png", "a&b.png", true},
	    {"dir/", "", false}, {"", "", false}, {"a.png", "a.png/", false}};
	char html[128], expected[128];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		snprintf(html, sizeof(html), "<i src=\"%s\">", cases[i].value);
		snprintf(expected, sizeof(expected), "<i src=\"%s\">",
		    cases[i].matches ? CID : cases[i].value);
		assert_refers(html, cases[i].name, expected, cases[i].matches);
	}
}

static void
the_whole_name_comes_before_its_last_part(void **state)
{
	struct html_reference refs[] = {{"x/a", "1", 0}, {"y/a", "2", 0},
	    {"a", "3", 0}, {"z/b", "4\"<%", 0}};
	const char *html = "<i src=a><i src=y/a><i src=\"b\">";
	struct buf out = {0}, unanswered = {0};

	(void)state;
	assert_int_equal(
	    html_refer(html, strlen(html), refs, 4, &out, &unanswered), 0);
	assert_string_equal(buf_string(&out),
	    "<i src=cid:3><i src=cid:2><i src=\"cid:4%22%3C%25\">");
	assert_int_equal(refs[0].count, 0);
	assert_int_equal(refs[3].count, 1);
	out.max = out.len + 5;
	assert_int_equal(
	    html_refer(html, strlen(html), refs, 4, &out, &unanswered), -1);
	assert_int_equal(out.len, out.max - 5);
	buf_clear(&unanswered);
	buf_clear(&out);
}

static void
what_only_a_part_can_answer_is_told(void **state)
{
	static const struct pair pairs[] = {
	    {"<img src=b.png><img src=c.png>", "b.png"},
	    {"<img src=a.png><img src=' img/b.png '>", "img/b.png"},
	    {"<img src=cid:b>", "cid:b"},
	    {"<img src=CID:a.png>", NULL},
	    {"<a href='Cid:b'>", "cid:b"},
	    {"<a href=cid:a.png><area href=b.pdf>", NULL},
	    {"<img srcset='a.png, b.png 2x'>", "b.png"},
	    {"<td background='/b.png'>", "/b.png"},
	    {"<p style='x:url(b.png)'>", "b.png"},
	    {"<style>p{x:url(\"b.png\")}</style>", "b.png"},
	    {"<link href=b.css>", "b.css"},
	    {"<img src=file:///b>", "file:///b"},
	    {"<img src='C:\\b.png'>", "C:\\b.png"},
	    {"<img src='b%20c.png'>", "b c.png"},
	    {"<img src=https://x.test/b.png><img src=//x.test/b.png>", NULL},
	    {"<img src=data:image/png;base64,AA==><img src=''>", NULL},
	    {"<use xlink:href='#b'><script src=about:blank></script>", NULL},
	    {"<base href='https://x.test/'><img src=b.png>", NULL},
	    {"<base href='https://x.test/'><img src=cid:b>", "cid:b"},
	    {"<!-- <img src=b.png> --><a href=b.html>b</a>", NULL},
	};
	struct html_reference refs[] = {
	    {"a.png", "1", 0}, {"cid:a.png", "1", 0}};
	struct buf out = {0}, unanswered = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		assert_int_equal(
		    html_refer(pairs[i].html, strlen(pairs[i].html), refs,
			ELEMENTS(refs), &out, &unanswered),
		    0);
		assert_string_equal(buf_string(&unanswered),
		    pairs[i].text != NULL ? pairs[i].text : "");
		buf_reset(&unanswered);
		buf_reset(&out);
	}
	buf_clear(&unanswered);
	buf_clear(&out);
}

static void
the_charset_is_the_one_that_the_document_names(void **state)
{
	static const struct pair pairs[] = {
	    {"<meta charset=iso-8859-1>", "iso-8859-1"},
	    {"<!doctype html><html><head><META CharSet = ' KOI8-R '/>",
		"KOI8-R"},
	    {"<meta http-equiv=Content-Type content='text/html; charset=x-y'>",
		"x-y"},
	    {"<meta content='text/html;charset = \"a\" ; b' "
	     "http-equiv='content-type'>",
		"a"},
	    {"<meta http-equiv=content-type content='charset charset=b;c'>",
		"b"},
	    {"<meta http-equiv=content-type content=text/html>", NULL},
	    {"<meta http-equiv=content-type content='charset'>", NULL},
	    {"<meta http-equiv=content-type content='charset='>", NULL},
	    {"<meta http-equiv=content-type content='charset=\"x'>", NULL},
	    {"<meta name=x content='charset=b'>", NULL},
	    {"<!-- <meta charset=a> --><meta charset=b>", "b"},
	    {"<title><meta charset=a></title><meta charset=b>", "b"},
	    {"<meta charset='a\r\nX: y'><meta charset=b>", "b"},
	    {"<meta charset=''><p charset=a>", NULL},
	    {"<meta charset=utf-16le>", "UTF-8"},
	    {"\xef\xbb\xbf<meta charset=b>", "UTF-8"},
	    {"\xff\xfe<", "UTF-16LE"},
	    {"\xfe\xff<", "UTF-16BE"},
	    {"<meta charset=b", NULL},
	    {"", NULL},
	};
	struct arena arena = {0};
	struct buf html = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		char *copy = exactly(pairs[i].html, strlen(pairs[i].html));
		const char *name =
		    html_charset(&arena, copy, strlen(pairs[i].html));

		free(copy);
		if (pairs[i].text == NULL) {
			assert_null(name);
			continue;
		}
		assert_non_null(name);
		assert_string_equal(name, pairs[i].text);
	}
	for (i = 0; i < 1010; i++)
		buf_putc(&html, ' ');
	buf_puts(&html, "<meta charset=b>");
	assert_null(html_charset(&arena, html.data, html.len));
	assert_non_null(html_charset(&arena, html.data + 2, html.len - 2));
	buf_clear(&html);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_what_stands_outside_of_tags),
	    cmocka_unit_test(what_is_not_for_the_reader_is_left_out),
	    cmocka_unit_test(character_references_are_decoded_as_browsers_do),
	    cmocka_unit_test(every_range_of_names_is_found),
	    cmocka_unit_test(white_space_collapses_and_invisible_characters_go),
	    cmocka_unit_test(
		blocks_begin_lines_and_paragraphs_have_blank_lines),
	    cmocka_unit_test(lists_are_marked_and_indented),
	    cmocka_unit_test(quotes_are_marked_on_each_line),
	    cmocka_unit_test(preformatted_text_stays_as_it_is),
	    cmocka_unit_test(tables_are_rows_of_cells),
	    cmocka_unit_test(links_are_kept),
	    cmocka_unit_test(images_are_their_alternative_text),
	    cmocka_unit_test(lines_are_wrapped_at_72_characters),
	    cmocka_unit_test(a_newsletter_reads_well),
	    cmocka_unit_test(text_is_appended_or_nothing_is),
	    cmocka_unit_test(any_bytes_are_html),
	    cmocka_unit_test(every_prefix_of_a_document_is_html),
	    cmocka_unit_test(hostile_input_takes_linear_time),
	    cmocka_unit_test(an_attribute_may_be_huge),
	    cmocka_unit_test(deep_nesting_keeps_the_text),
	    cmocka_unit_test(references_become_content_ids),
	    cmocka_unit_test(what_refers_to_nothing_stays_byte_for_byte),
	    cmocka_unit_test(a_name_matches_whole_or_by_its_last_part),
	    cmocka_unit_test(the_whole_name_comes_before_its_last_part),
	    cmocka_unit_test(what_only_a_part_can_answer_is_told),
	    cmocka_unit_test(the_charset_is_the_one_that_the_document_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
