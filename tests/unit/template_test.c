/* template: the rules of Mustache's core, and what is told of a template that is
 * none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "batch/jsonl.h"
#include "batch/template.h"

/* A record out of JSON, which may be any value. */
struct data {
	struct jsonl jsonl;
	struct value value;
};

static void
data_open(struct data *d, const char *json)
{
	struct buf text = {0};
	struct error err = {0};
	size_t used;

	buf_printf(&text, "{\"data\":%s}", json);
	assert_int_equal(jsonl_init(&d->jsonl, &err), 0);
	assert_int_equal(jsonl_read(&d->jsonl, text.data, text.len, true, &used,
			     &d->value, &err),
	    JSONL_RECORD);
	d->value = *value_member(&d->value, "data", 4);
	buf_clear(&text);
}

static void
data_close(struct data *d)
{
	jsonl_clear(&d->jsonl);
}

struct rule {
	const char *text, *json, *expected;
};

static void
check_rules(const struct rule *rules, size_t n, enum template_escape escape)
{
	struct template *t;
	struct buf out = {0};
	struct error err = {0};
	struct data data;
	size_t i, k;

	for (i = 0; i < n; i++) {
		data_open(&data, rules[i].json);
		if (template_new(rules[i].text, strlen(rules[i].text), "t", &t,
			&err) == -1)
			fail_msg("%s: %s", rules[i].text, err.text);
		/* The second time it knows where names are. */
		for (k = 0; k < 2; k++) {
			buf_reset(&out);
			if (template_render(
				t, &data.value, escape, &out, &err) == -1)
				fail_msg("%s: %s", rules[i].text, err.text);
			assert_string_equal(
			    buf_string(&out), rules[i].expected);
		}
		template_free(t);
		data_close(&data);
	}
	buf_clear(&out);
}

#define CHECK(rules, escape) \
	check_rules(rules, sizeof(rules) / sizeof((rules)[0]), escape)

static void
values_are_interpolated(void **state)
{
	static const struct rule rules[] = {
	    {"Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n"},
	    {"", "{}", ""},
	    {"Hello, {{subject}}!\n", "{\"subject\":\"world\"}",
		"Hello, world!\n"},
	    {"{{template}}: {{planet}}", "{\"template\":\"{{planet}}\"}",
		"{{planet}}: "},
	    {"{{a}}", "{\"a\":\"& \\\" < > '\"}",
		"&amp; &quot; &lt; &gt; &#39;"},
	    {"{{{a}}}", "{\"a\":\"& \\\" < > '\"}", "& \" < > '"},
	    {"{{&a}}", "{\"a\":\"& \\\" < > '\"}", "& \" < > '"},
	    {"{{a}}", "{\"a\":\"x<<y\"}", "x&lt;&lt;y"},
	    {"\"{{n}} miles an hour!\"", "{\"n\":85}", "\"85 miles an hour!\""},
	    {"{{{n}}}|{{&n}}", "{\"n\":85}", "85|85"},
	    {"\"{{n}} jiggawatts!\"", "{\"n\":1.21}", "\"1.21 jiggawatts!\""},
	    {"{{{n}}}|{{&n}}", "{\"n\":1.210}", "1.210|1.210"},
	    {"{{n}}", "{\"n\":-0.5e-3}", "-0.5e-3"},
	    {"{{n}}", "{\"n\":123456789012345678901234567890}",
		"123456789012345678901234567890"},
	    {"I ({{none}}) be seen!", "{\"none\":null}", "I () be seen!"},
	    {"I ({{{none}}}) ({{&none}})", "{\"none\":null}", "I () ()"},
	    {"I ({{none}}) be seen!", "{}", "I () be seen!"},
	    {"I ({{{none}}}) ({{&none}})", "{}", "I () ()"},
	    {"{{a}}{{b}}", "{\"a\":true,\"b\":false}", "truefalse"},
	    {"| {{s}} |", "{\"s\":\"---\"}", "| --- |"},
	    {"| {{{s}}} |", "{\"s\":\"---\"}", "| --- |"},
	    {"| {{&s}} |", "{\"s\":\"---\"}", "| --- |"},
	    {"  {{s}}\n", "{\"s\":\"---\"}", "  ---\n"},
	    {"  {{{s}}}\n", "{\"s\":\"---\"}", "  ---\n"},
	    {"  {{&s}}\n", "{\"s\":\"---\"}", "  ---\n"},
	    {"\r\n  {{s}}  \r\n", "{\"s\":\"\"}", "\r\n    \r\n"},
	    {"|{{ s }}|", "{\"s\":\"---\"}", "|---|"},
	    {"|{{{ s }}}|", "{\"s\":\"---\"}", "|---|"},
	    {"|{{& s }}|", "{\"s\":\"---\"}", "|---|"},
	    {"|{{\ts\n}}|{{\r\n& s}}|", "{\"s\":\"---\"}", "|---|---|"},
	    {"{{First Name}}", "{\"First Name\":\"Ann\"}", "Ann"},
	    {"{{a}}}{{a}}", "{\"a\":1}", "1}1"},
	    {"{ {{a}} }}{", "{\"a\":1}", "{ 1 }}{"},
	    {"{{\xc3\xbc}}", "{\"\\u00fc\":1}", "1"},
	    {"{{.}} miles", "85", "85 miles"},
	    {"{{.}}", "\"&\"", "&amp;"},
	    {"{{{.}}}{{& . }}", "\"&\"", "&&"},
	    {"{{.}}", "1.21", "1.21"},
	    {"{{.}}", "null", ""},
	};

	(void)state;
	CHECK(rules, TEMPLATE_HTML);
}

static void
dotted_names_are_looked_up_part_by_part(void **state)
{
	static const struct rule rules[] = {
	    {"{{p.name}} {{#p}}{{name}}{{/p}}", "{\"p\":{\"name\":\"Joe\"}}",
		"Joe Joe"},
	    {"{{{p.name}}} {{&p.name}}", "{\"p\":{\"name\":\"Joe\"}}",
		"Joe Joe"},
	    {"{{a.b.c.d.e.name}}",
		"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"name\":\"Phil\"}}}}}}",
		"Phil"},
	    {"({{a.b.c}})", "{\"a\":{}}", "()"},
	    {"({{a.b.c.name}})", "{\"a\":{\"b\":{}},\"c\":{\"name\":\"Jim\"}}",
		"()"},
	    {"{{#a}}{{b.c.d.e.name}}{{/a}}",
		"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"name\":\"Phil\"}}}}},"
		"\"b\":{\"c\":{\"d\":{\"e\":{\"name\":\"Wrong\"}}}}}",
		"Phil"},
	    {"{{#a}}{{b.c}}{{/a}}",
		"{\"a\":{\"b\":{}},\"b\":{\"c\":\"ERROR\"}}", ""},
	    {"{{#a}}{{b.c}}{{/a}}",
		"{\"a\":{\"b\":\"x\"},\"b\":{\"c\":\"ERROR\"}}", ""},
	    {"{{#a}}{{b.c}}{{/a}}",
		"{\"a\":{\"b\":null},\"b\":{\"c\":\"ERROR\"}}", ""},
	    {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{},\"b\":{\"c\":\"yes\"}}", "yes"},
	    {"{{a.b}}", "{\"a.b\":\"c\"}", ""},
	    {"{{a.b}}", "{\"a.b\":\"c\",\"a\":{\"b\":\"d\"}}", "d"},
	    {"{{a.b}}{{a.length}}", "{\"a\":[{\"b\":1}]}", ""},
	    {"{{#a.b.c}}Here{{/a.b.c}}", "{\"a\":{\"b\":{\"c\":true}}}",
		"Here"},
	    {"({{#a.b.c}}Here{{/a.b.c}})", "{\"a\":{\"b\":{\"c\":false}}}",
		"()"},
	    {"({{#a.b.c}}Here{{/a.b.c}})", "{\"a\":{}}", "()"},
	    {"({{^a.b.c}}Not Here{{/a.b.c}})", "{\"a\":{\"b\":{\"c\":true}}}",
		"()"},
	    {"({{^a.b.c}}Not Here{{/a.b.c}})", "{\"a\":{\"b\":{\"c\":false}}}",
		"(Not Here)"},
	    {"({{^a.b.c}}Not Here{{/a.b.c}})", "{\"a\":{}}", "(Not Here)"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_HTML);
}

static void
sections_stand_there_as_their_value_is(void **state)
{
	static const struct rule rules[] = {
	    {"{{#b}}yes{{/b}}", "{\"b\":true}", "yes"},
	    {"({{#b}}yes{{/b}})", "{\"b\":false}", "()"},
	    {"({{#b}}yes{{/b}})", "{\"b\":null}", "()"},
	    {"({{#b}}yes{{/b}})", "{\"b\":\"\"}", "()"},
	    {"({{#b}}yes{{/b}})", "{\"b\":[]}", "()"},
	    {"({{#b}}yes{{/b}})", "{}", "()"},
	    {"({{#b}}yes{{/b}})", "{\"b\":0}", "(yes)"},
	    {"({{#b}}yes{{/b}})", "{\"b\":\"false\"}", "(yes)"},
	    {"({{#b}}yes{{/b}})", "{\"b\":{}}", "(yes)"},
	    {"({{#b}}yes{{/b}})", "{\"b\":[null]}", "(yes)"},
	    {"({{^b}}no{{/b}})", "{\"b\":true}", "()"},
	    {"({{^b}}no{{/b}})", "{\"b\":false}", "(no)"},
	    {"({{^b}}no{{/b}})", "{\"b\":null}", "(no)"},
	    {"({{^b}}no{{/b}})", "{\"b\":\"\"}", "(no)"},
	    {"({{^b}}no{{/b}})", "{\"b\":[]}", "(no)"},
	    {"({{^b}}no{{/b}})", "{}", "(no)"},
	    {"({{^b}}no{{/b}})", "{\"b\":0}", "()"},
	    {"({{^b}}no{{/b}})", "{\"b\":{\"c\":1}}", "()"},
	    {"({{^b}}no{{/b}})", "{\"b\":[{\"n\":1},{\"n\":2}]}", "()"},
	    {"{{^b}}no {{name}}{{/b}}", "{\"name\":\"Joe\"}", "no Joe"},
	    {"{{#c}}Hi {{name}}.{{/c}}", "{\"c\":{\"name\":\"Joe\"}}",
		"Hi Joe."},
	    {"{{#s}}{{a}}, {{b}}, {{c.d}}{{/s}}",
		"{\"a\":\"foo\",\"b\":\"wrong\",\"s\":{\"b\":\"bar\"},"
		"\"c\":{\"d\":\"baz\"}}",
		"foo, bar, baz"},
	    {"{{#foo}}{{.}} is {{foo}}{{/foo}}", "{\"foo\":\"bar\"}",
		"bar is bar"},
	    {"{{#t}}{{.}}{{/t}}{{#n}}{{.}}{{/n}}", "{\"t\":true,\"n\":1.50}",
		"true1.50"},
	    {"{{#l}}{{item}}{{/l}}",
		"{\"l\":[{\"item\":1},{\"item\":2},{\"item\":3}]}", "123"},
	    {"{{#tops}}{{#middles}}{{tname.lower}}{{mname}}.{{#bottoms}}"
	     "{{tname.upper}}{{mname}}{{bname}}.{{/bottoms}}{{/middles}}"
	     "{{/tops}}",
		"{\"tops\":[{\"tname\":{\"upper\":\"A\",\"lower\":\"a\"},"
		"\"middles\":[{\"mname\":\"1\",\"bottoms\":[{\"bname\":\"x\"},"
		"{\"bname\":\"y\"}]}]}]}",
		"a1.A1x.A1y."},
	    {"{{#a}}{{one}}{{#b}}{{one}}{{two}}{{#c}}{{one}}{{two}}{{three}}"
	     "{{/c}}{{two}}{{/b}}{{one}}{{/a}}",
		"{\"a\":{\"one\":1},\"b\":{\"two\":2},\"c\":{\"three\":3}}",
		"11212321"},
	    {"{{#bool}}\n* first\n{{/bool}}\n* {{two}}\n{{#bool}}\n* "
	     "third\n{{/bool}}\n",
		"{\"bool\":true,\"two\":\"second\"}",
		"* first\n* second\n* third\n"},
	    {"| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "{\"b\":true}",
		"| A B C D E |"},
	    {"| A {{#b}}B {{#b}}C{{/b}} D{{/b}} E |", "{\"b\":false}",
		"| A  E |"},
	    {"| A {{^b}}B {{^b}}C{{/b}} D{{/b}} E |", "{\"b\":false}",
		"| A B C D E |"},
	    {"[{{#missing}}Found key 'missing'!{{/missing}}]", "{}", "[]"},
	    {"{{#l}}({{.}}){{/l}}", "{\"l\":[\"a\",\"b\",\"&\"]}",
		"(a)(b)(&amp;)"},
	    {"{{#l}}({{{.}}}{{&.}}){{/l}}", "{\"l\":[\"<\"]}", "(<<)"},
	    {"{{#l}}({{.}}){{/l}}", "{\"l\":[1,2.20,3e2]}", "(1)(2.20)(3e2)"},
	    {"{{#l}}({{#.}}{{.}}{{/.}}){{/l}}",
		"{\"l\":[[1,2,3],[\"a\",\"b\",\"c\"]]}", "(123)(abc)"},
	    {"{{#l}}({{^.}}none{{/.}}){{/l}}", "{\"l\":[[],1,\"\",null]}",
		"(none)()(none)(none)"},
	    {"{{#.}}({{value}}){{/.}}", "[{\"value\":\"a\"},{\"value\":\"b\"}]",
		"(a)(b)"},
	    {"{{#l}}{{#.}}{{x}}{{/.}}{{y}};{{/l}}",
		"{\"y\":9,\"l\":[{\"x\":1},{\"x\":2,\"y\":3}]}", "19;23;"},
	    {"{{#l}}{{a}}{{/l}}", "{\"a\":\"up\",\"l\":[1,{\"a\":null},{}]}",
		"upup"},
	    {"|{{# b }}={{/ b }}|", "{\"b\":true}", "|=|"},
	    {"|{{^ b }}={{/ b }}|", "{\"b\":false}", "|=|"},
	    {"|{{ # b}}={{ /b }}|", "{\"b\":true}", "|=|"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_HTML);
}

static void
lines_of_a_tag_alone_vanish(void **state)
{
	static const struct rule rules[] = {
	    {" | {{#b}}\t|\t{{/b}} | \n", "{\"b\":true}", " | \t|\t | \n"},
	    {" | {{#b}} {{! Important }}\n {{/b}} | \n", "{\"b\":true}",
		" |  \n  | \n"},
	    {" {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", "{\"b\":true}",
		" YES\n GOOD\n"},
	    {" {{^b}}NO{{/b}}\n {{^b}}WAY{{/b}}\n", "{\"b\":false}",
		" NO\n WAY\n"},
	    {"| This Is\n{{#b}}\n|\n{{/b}}\n| A Line\n", "{\"b\":true}",
		"| This Is\n|\n| A Line\n"},
	    {"| This Is\n  {{#b}}\n|\n  {{/b}}\n| A Line\n", "{\"b\":true}",
		"| This Is\n|\n| A Line\n"},
	    {"| This Is\n\t{{^b}} \n|\n {{/b}}\t \n| A Line\n", "{\"b\":false}",
		"| This Is\n|\n| A Line\n"},
	    {"| This Is\n  {{#b}}\n|\n  {{/b}}\n| A Line\n", "{\"b\":false}",
		"| This Is\n| A Line\n"},
	    {"|\r\n{{#b}}\r\n{{/b}}\r\n|", "{\"b\":true}", "|\r\n|"},
	    {"|\r\n{{^b}}\r\n{{/b}}\r\n|", "{\"b\":false}", "|\r\n|"},
	    {"|\r\n  {{#b}} \r\n x\r\n {{/b}} \r\n|\r\n", "{\"b\":true}",
		"|\r\n x\r\n|\r\n"},
	    {"  {{#b}}\n#{{/b}}\n/", "{\"b\":true}", "#\n/"},
	    {"  {{^b}}\n^{{/b}}\n/", "{\"b\":false}", "^\n/"},
	    {"#{{#b}}\n/\n  {{/b}}", "{\"b\":true}", "#\n/\n"},
	    {"^{{^b}}\n/\n  {{/b}}", "{\"b\":false}", "^\n/\n"},
	    {"{{#b}}\n{{/b}}", "{\"b\":true}", ""},
	    {"{{#b}}{{/b}}\n", "{\"b\":true}", "\n"},
	    {" {{#b}} {{/b}} \n", "{\"b\":true}", "   \n"},
	    {"{{#b}}\r{{/b}}\n", "{\"b\":true}", "\r\n"},
	    {"\n{{#b}}\n\n{{/b}}\n\n", "{\"b\":true}", "\n\n\n"},
	    {"{{#l}}\n- {{.}}\n{{/l}}\n", "{\"l\":[1,2]}", "- 1\n- 2\n"},
	    {"  {{#l}}\n  - {{.}}\n  {{/l}}\nend", "{\"l\":[1,2]}",
		"  - 1\n  - 2\nend"},
	    {"{{#l}}\n{{.}}\n{{/l}}\n", "{\"l\":[1,2]}", "1\n2\n"},
	    {"a {{#b}}\nx\n{{/b}} c\n", "{\"b\":true}", "a \nx\n c\n"},
	    {"12345{{! Comment Block! }}67890", "{}", "1234567890"},
	    {"12345{{!\n  This is a\n  multi-line comment...\n}}67890\n", "{}",
		"1234567890\n"},
	    {"Begin.\n{{! Comment Block! }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"Begin.\n  {{! Indented! }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"|\r\n{{! Standalone }}\r\n|", "{}", "|\r\n|"},
	    {"  {{! I'm Still Standalone }}\n!", "{}", "!"},
	    {"!\n  {{! I'm Still Standalone }}", "{}", "!\n"},
	    {"Begin.\n{{!\nSomething's going on here...\n}}\nEnd.\n", "{}",
		"Begin.\nEnd.\n"},
	    {"Begin.\n  {{!\n    Something\n  }}\nEnd.\n", "{}",
		"Begin.\nEnd.\n"},
	    {"  12 {{! 34 }}\n", "{}", "  12 \n"},
	    {"12345 {{! Comment Block! }} 67890", "{}", "12345  67890"},
	    {"comments never show: >{{! comment }}<",
		"{\"! comment\":1,\"! comment \":2,\"!comment\":3,"
		"\"comment\":4}",
		"comments never show: ><"},
	    {"{{!}}{{! {{a }}x", "{}", "x"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_HTML);
}

static void
delimiters_can_be_set(void **state)
{
	static const struct rule rules[] = {
	    {"{{=<% %>=}}(<%text%>)", "{\"text\":\"Hey!\"}", "(Hey!)"},
	    {"({{=[ ]=}}[text])", "{\"text\":\"It worked!\"}", "(It worked!)"},
	    {"[\n{{#section}}\n  {{data}}\n  |data|\n{{/section}}\n\n"
	     "{{= | | =}}\n|#section|\n  {{data}}\n  |data|\n|/section|\n]\n",
		"{\"section\":true,\"data\":\"I got interpolated.\"}",
		"[\n  I got interpolated.\n  |data|\n\n  {{data}}\n  I got "
		"interpolated.\n]\n"},
	    {"[\n{{^section}}\n  {{data}}\n  |data|\n{{/section}}\n\n"
	     "{{= | | =}}\n|^section|\n  {{data}}\n  |data|\n|/section|\n]\n",
		"{\"section\":false,\"data\":\"I got interpolated.\"}",
		"[\n  I got interpolated.\n  |data|\n\n  {{data}}\n  I got "
		"interpolated.\n]\n"},
	    {"| {{=@ @=}} |", "{}", "|  |"},
	    {" | {{=@ @=}}\n", "{}", " | \n"},
	    {"Begin.\n{{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"Begin.\n  {{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
	    {"|\r\n{{= @ @ =}}\r\n|", "{}", "|\r\n|"},
	    {"  {{=@ @=}}\n=", "{}", "="},
	    {"=\n  {{=@ @=}}", "{}", "=\n"},
	    {"|{{= @   @ =}}|", "{}", "||"},
	    {"{{=<% %>=}}<%={{ }}=%>{{a}}<%a%>", "{\"a\":1}", "1<%a%>"},
	    {"{{={{ }}=}}{{a}}", "{\"a\":1}", "1"},
	    {"{{=| |=}}|&a||{a}||a|", "{\"a\":\"<\"}", "<<&lt;"},
	    {"{{=<< >>=}}<<{a}>><<& a>><<!x>>{{a}}", "{\"a\":\"<\"}",
		"<<{{a}}"},
	    {"{{#s}}{{=| |=}}|a||/s||a|{{a}}", "{\"s\":true,\"a\":1}",
		"11{{a}}"},
	    {"{{#s}}{{=| |=}}|a||/s||a|", "{\"a\":1}", "1"},
	    {"{{=\n<%\n%>\n=}}<%a%>", "{\"a\":1}", "1"},
	    {"{{=( )=}}(#l)(.),(/l)", "{\"l\":[1,2]}", "1,2,"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_HTML);
}

static void
nothing_is_escaped_in_a_text(void **state)
{
	static const struct rule rules[] = {
	    {"{{a}}{{{a}}}{{&a}}", "{\"a\":\"<&>\\\"'\"}",
		"<&>\"'<&>\"'<&>\"'"},
	    {"{{#l}}{{.}}{{/l}}", "{\"l\":[\"<\",1.10]}", "<1.10"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_TEXT);
}

static void
a_phrase_before_an_address_is_put_into_quotes(void **state)
{
	static const struct rule rules[] = {
	    {"{{n}} <{{e}}>", "{\"n\":\"Smith, Bob\",\"e\":\"bob@x.test\"}",
		"\"Smith, Bob\" <bob@x.test>"},
	    {"{{n}} <{{e}}>", "{\"n\":\"Bob Smith\",\"e\":\"bob@x.test\"}",
		"Bob Smith <bob@x.test>"},
	    {"{{n}}<x>", "{\"n\":\"J\xc3\xb6rg O'Neil\"}",
		"J\xc3\xb6rg O'Neil<x>"},
	    {"{{n}} <x>", "{\"n\":\"\\\"Bob\\\" \\\\ (me)\"}",
		"\"\\\"Bob\\\" \\\\ (me)\" <x>"},
	    {"{{n}} <x>", "{\"n\":\"Bob <eve@z.test>,\"}",
		"\"Bob <eve@z.test>,\" <x>"},
	    {"{{n}} <x>", "{\"n\":\"\"}", " <x>"},
	    {"{{n}} <x>", "{}", " <x>"},
	    {"a@x.test, {{n}} <x>", "{\"n\":\"B.\"}", "a@x.test, \"B.\" <x>"},
	    {"a@x.test,{{n}}\t<x>", "{\"n\":\"B.\"}", "a@x.test,\"B.\"\t<x>"},
	    {"Dr. {{n}} <x>", "{\"n\":\"a, b\"}", "Dr. \"a, b\" <x>"},
	    {"{{n}} {{m}} <x>", "{\"n\":\"J.\",\"m\":\"a,\"}",
		"\"J.\" \"a,\" <x>"},
	    {"{{#l}}{{n}} <x>,{{/l}}", "{\"l\":[{\"n\":\"a,\"},{\"n\":\"b\"}]}",
		"\"a,\" <x>,b <x>,"},
	    /* As it is, or within what the template opens. */
	    {"{{{n}}} <x>", "{\"n\":\"a, b\"}", "a, b <x>"},
	    {"a@x.test {{n}}", "{\"n\":\"(a, b)\"}", "a@x.test (a, b)"},
	    {"\"{{n}}\" <x>", "{\"n\":\"a,\"}", "\"a,\" <x>"},
	    {"\"{{n}}\" <x>", "{\"n\":\"a\\\" \\\\\"}", "\"a\\\" \\\\\" <x>"},
	    {"<x> ({{n}})", "{\"n\":\"a) (\"}", "<x> (a\\) \\()"},
	    {"({{n}})", "{\"n\":\"\\\"\"}", "(\")"},
	    {"{{e}}", "{\"e\":\"a@x.test, b@x.test\"}", "a@x.test, b@x.test"},
	    {"<{{e}}>", "{\"e\":\"a,b\"}", "<a,b>"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_ADDRESS);
}

static void
the_shape_of_a_template_is_the_same_whatever_a_record_holds(void **state)
{
	static const struct rule rules[] = {
	    {"{{n}} <{{e}}>", "{\"n\":\"a, b\",\"e\":\"<,>\"}", "x <x>"},
	    {"{{n}} <{{e}}>", "{}", "x <x>"},
	    {"{{n}}", "{\"n\":[1]}", "x"},
	    {"a, {{{n}}}, {{&n}}", "{\"n\":\"b, c\"}", "a, b, c, b, c"},
	    {"{{#l}}{{.}},{{/l}}", "{\"l\":[\"a,\",\"b;\"]}", "x,x,"},
	    {"{{^l}}none{{/l}}", "{\"l\":\"\"}", "none"},
	};

	(void)state;
	CHECK(rules, TEMPLATE_SHAPE);
}

static void
what_is_no_template_is_told_with_its_place(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"{{", "t: line 1, column 1: the tag '{{' is not closed"},
	    {"a\n\xc3\xbc {{name}\n{{",
		"t: line 2, column 3: the tag '{{name}' is not closed"},
	    {"Hi {{name,\nsee {{place}}",
		"t: line 1, column 4: the tag '{{name,' is not closed"},
	    {"{{{a}}", "t: line 1, column 1: the tag '{{{a}}' is not closed"},
	    {"{{!a}", "t: line 1, column 1: the tag '{{!a}' is not closed"},
	    {"{{=a b}}",
		"t: line 1, column 1: the tag '{{=a b}}' is not closed"},
	    {"{{}}", "t: line 1, column 1: the tag '{{}}' has no name"},
	    {"{{{ }}}", "t: line 1, column 1: the tag '{{{ }}}' has no name"},
	    {"{{&}}", "t: line 1, column 1: the tag '{{&}}' has no name"},
	    {"{{# }}{{/ }}",
		"t: line 1, column 1: the tag '{{# }}' has no name"},
	    {"{{a..b}}",
		"t: line 1, column 1: the tag '{{a..b}}' has no name "
		"before or behind a dot"},
	    {"{{.a}}",
		"t: line 1, column 1: the tag '{{.a}}' has no name "
		"before or behind a dot"},
	    {"{{a.}}",
		"t: line 1, column 1: the tag '{{a.}}' has no name "
		"before or behind a dot"},
	    {"{{..}}",
		"t: line 1, column 1: the tag '{{..}}' has no name "
		"before or behind a dot"},
	    {"\n {{#a}}\nx\n",
		"t: line 2, column 2: the section 'a' is not "
		"closed"},
	    {"{{#a}}{{^b}}\n{{/b}}{{#c}}",
		"t: line 2, column 7: the section 'c' is not closed"},
	    {"{{#a}}\n{{/b}}{{/a}}",
		"t: line 2, column 1: '{{/b}}' closes the section of line 1, "
		"column 1, which has another name"},
	    {"{{#a}}{{#b}}{{/a}}{{/b}}",
		"t: line 1, column 13: '{{/a}}' closes the section of line 1, "
		"column 7, which has another name"},
	    {"{{#a}}{{/aa}}",
		"t: line 1, column 7: '{{/aa}}' closes the section of line 1, "
		"column 1, which has another name"},
	    {"x{{/a}}",
		"t: line 1, column 2: '{{/a}}' closes a section, and "
		"none is open"},
	    {"{{> part}}",
		"t: line 1, column 1: '{{> part}}': there are no "
		"partials here"},
	    {"{{<part}}{{/part}}",
		"t: line 1, column 1: '{{<part}}': there "
		"are no partials here"},
	    {"{{=a=}}",
		"t: line 1, column 1: the tag '{{=a=}}' sets no two "
		"delimiters, as {{=<% %>=}} does"},
	    {"{{=a b c=}}",
		"t: line 1, column 1: the tag '{{=a b c=}}' sets "
		"no two delimiters, as {{=<% %>=}} does"},
	    {"{{=a= b=}}",
		"t: line 1, column 1: the tag '{{=a= b=}}' sets no "
		"two delimiters, as {{=<% %>=}} does"},
	    {"{{= =}}",
		"t: line 1, column 1: the tag '{{= =}}' sets no two "
		"delimiters, as {{=<% %>=}} does"},
	    {"{{=| |=}}|a", "t: line 1, column 10: the tag '|a' is not closed"},
	};
	struct template *t;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(template_new(cases[i].text,
				     strlen(cases[i].text), "t", &t, &err),
		    -1);
		assert_string_equal(err.text, cases[i].error);
		assert_int_equal(err.status, EX_DATAERR);
	}
}

static void
sections_within_sections_have_a_bound(void **state)
{
	struct buf text = {0};
	struct template *t;
	struct error err = {0};
	int i;

	(void)state;
	for (i = 0; i < TEMPLATE_DEPTH_MAX; i++)
		buf_puts(&text, "{{#a}}");
	for (i = 0; i < TEMPLATE_DEPTH_MAX; i++)
		buf_puts(&text, "{{/a}}");
	assert_int_equal(template_new(text.data, text.len, "t", &t, &err), 0);
	template_free(t);
	buf_reset(&text);
	for (i = 0; i <= TEMPLATE_DEPTH_MAX; i++)
		buf_puts(&text, "{{#a}}");
	assert_int_equal(template_new(text.data, text.len, "t", &t, &err), -1);
	assert_string_equal(err.text,
	    "t: line 1, column 385: the section "
	    "'{{#a}}' stands in too many others");
	buf_clear(&text);
}

static void
render_fails_as(enum template_escape escape, const char *text, const char *json,
    size_t max, const char *error)
{
	struct buf out = BUF_WITH_MAX(max);
	struct template *t;
	struct error err = {0};
	struct data data;

	data_open(&data, json);
	assert_int_equal(template_new(text, strlen(text), "t", &t, &err), 0);
	assert_int_equal(
	    template_render(t, &data.value, escape, &out, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_string_equal(err.text, error);
	template_free(t);
	data_close(&data);
	buf_clear(&out);
}

static void
render_fails(const char *text, const char *json, size_t max, const char *error)
{
	render_fails_as(TEMPLATE_HTML, text, json, max, error);
}

static void
a_value_closes_what_it_opens_in_a_list_of_addresses(void **state)
{
	static const char *const values[][2] = {{"\\\"a", "\"a"},
	    {"(a (b)", "(a (b)"}, {"[", "["}, {"a (\\\\)", "a (\\)"}};
	struct buf json = {0}, error = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		buf_reset(&json);
		buf_reset(&error);
		buf_printf(&json, "{\"v\":\"%s\"}", values[i][0]);
		buf_printf(&error,
		    "t: line 1, column 11: '%s' has a quote or bracket that it "
		    "does not close",
		    values[i][1]);
		render_fails_as(TEMPLATE_ADDRESS, "a@x,{{!}} {{v}}, c@x",
		    buf_string(&json), 0, buf_string(&error));
	}
	buf_clear(&json);
	buf_clear(&error);
}

static void
what_cannot_be_rendered_is_told(void **state)
{
	static const char *const levels[] = {"a", "b", "c", "d", "e"};
	struct buf text = {0}, json = {0};
	size_t i, k;

	(void)state;
	render_fails("x\n {{a}}", "{\"a\":[1]}", 0,
	    "t: line 2, column 2: 'a' is a list, and no text");
	render_fails("{{{a.b}}}", "{\"a\":{\"b\":{}}}", 0,
	    "t: line 1, column 1: 'a.b' is an object, and no text");
	render_fails("{{.}}", "{}", 0,
	    "t: line 1, column 1: '.' is an object, and no text");
	render_fails("{{#l}}{{.}}{{/l}}", "{\"l\":[1234,1234,1]}", 8,
	    "t: more than 8 octets would become of it");
	render_fails("{{a}}", "{\"a\":\"<<<\"}", 8,
	    "t: more than 8 octets would become of it");
	render_fails(
	    "123456789", "{}", 8, "t: more than 8 octets would become of it");
	/* 64 * 64 * 64 * 64 * 64 times nothing. */
	for (i = 0; i < 5; i++) {
		buf_printf(&text, "{{#%s}}", levels[i]);
		buf_printf(&json, "%c\"%s\":[0", i == 0 ? '{' : ',', levels[i]);
		for (k = 1; k < 64; k++)
			buf_puts(&json, ",0");
		buf_putc(&json, ']');
	}
	for (i = 5; i-- > 0;)
		buf_printf(&text, "{{/%s}}", levels[i]);
	buf_putc(&json, '}');
	render_fails(
	    text.data, json.data, 0, "t: its sections stand there too often");
	buf_clear(&text);
	buf_clear(&json);
}

static void
the_names_of_a_template_can_be_asked_for(void **state)
{
	static const char text[] =
	    "Hi {{name}},\n{{! x }}\xc3\xbc{{{a.b}}}{{#vip}}\n{{ First Name "
	    "}}{{.}}{{^no}}{{name}}{{/no}}{{/vip}}{{&z}}";
	struct template *t;
	struct buf out = {0};
	struct error err = {0};
	const struct template_name *names;
	size_t count, i;

	(void)state;
	assert_int_equal(
	    template_new(text, sizeof(text) - 1, "t", &t, &err), 0);
	assert_false(template_is_plain(t));
	names = template_names(t, &count);
	for (i = 0; i < count; i++)
		buf_printf(&out, "%.*s %llu.%llu%s%s\n", (int)names[i].len,
		    names[i].name, (unsigned long long)names[i].line,
		    (unsigned long long)names[i].column,
		    names[i].dotted ? " dotted" : "",
		    names[i].in_section ? " inside" : "");
	assert_string_equal(buf_string(&out),
	    "name 1.4\na 2.10 dotted\nvip 2.19\nFirst Name 3.1 inside\n"
	    "no 3.22 inside\nname 3.29 inside\nz 3.52\n");
	template_free(t);
	buf_clear(&out);
}

static void
a_text_without_tags_is_plain(void **state)
{
	static const struct {
		const char *text;
		bool plain;
	} cases[] = {
	    {"", true},
	    {"Hi { {name} }}\n", true},
	    {"{{! nothing }}", false},
	    {"x{{a}}", false},
	};
	struct template *t;
	struct error err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(template_new(cases[i].text,
				     strlen(cases[i].text), "t", &t, &err),
		    0);
		assert_int_equal(template_is_plain(t), cases[i].plain);
		template_free(t);
	}
}

static void
the_rows_of_a_table_render_one_after_the_other(void **state)
{
	static const char *const names[] = {" email", "First Name ", "", ""};
	static const char text[] = "{{First Name}} <{{email}}>{{#x}}x{{/x}}";
	struct arena arena = {0};
	struct value row;
	struct template *t;
	struct buf out = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(value_of_columns(&arena, names, 4, &row, &err), 0);
	assert_int_equal(
	    template_new(text, sizeof(text) - 1, "t", &t, &err), 0);
	value_set_text(&row, 0, "ann@x.test", 10);
	value_set_text(&row, 1, "Ann", 3);
	template_render(t, &row, TEMPLATE_TEXT, &out, &err);
	value_set_text(&row, 0, "bob@x.test", 10);
	value_set_text(&row, 1, "", 0);
	template_render(t, &row, TEMPLATE_TEXT, &out, &err);
	assert_string_equal(buf_string(&out), "Ann <ann@x.test> <bob@x.test>");
	assert_null(value_member(&row, "email ", 6));
	assert_true(value_is_true(value_member(&row, "email", 5)));
	assert_false(value_is_true(value_member(&row, "First Name", 10)));
	template_free(t);
	buf_clear(&out);
	arena_clear(&arena);
}

static void
columns_of_one_name_are_refused(void **state)
{
	static const char *const names[] = {
	    "a", "b", "", "a\x1b", "", "a\x1b "};
	struct arena arena = {0};
	struct value row;
	struct error err = {0};

	(void)state;
	assert_int_equal(value_of_columns(&arena, names, 5, &row, &err), 0);
	assert_int_equal(value_of_columns(&arena, names, 6, &row, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_string_equal(
	    err.text, "columns 4 and 6 have the same name, 'a\\x1B'");
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_interpolated),
	    cmocka_unit_test(dotted_names_are_looked_up_part_by_part),
	    cmocka_unit_test(sections_stand_there_as_their_value_is),
	    cmocka_unit_test(lines_of_a_tag_alone_vanish),
	    cmocka_unit_test(delimiters_can_be_set),
	    cmocka_unit_test(nothing_is_escaped_in_a_text),
	    cmocka_unit_test(a_phrase_before_an_address_is_put_into_quotes),
	    cmocka_unit_test(
		the_shape_of_a_template_is_the_same_whatever_a_record_holds),
	    cmocka_unit_test(what_is_no_template_is_told_with_its_place),
	    cmocka_unit_test(sections_within_sections_have_a_bound),
	    cmocka_unit_test(
		a_value_closes_what_it_opens_in_a_list_of_addresses),
	    cmocka_unit_test(what_cannot_be_rendered_is_told),
	    cmocka_unit_test(the_names_of_a_template_can_be_asked_for),
	    cmocka_unit_test(a_text_without_tags_is_plain),
	    cmocka_unit_test(the_rows_of_a_table_render_one_after_the_other),
	    cmocka_unit_test(columns_of_one_name_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
