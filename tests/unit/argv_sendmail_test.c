/* argv_sendmail: what programs mean who call sendmail(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "options/argv_sendmail.h"
#include "options/personality.h"
#include "rfc5322/address.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS = 14 };

struct call {
	const char *argv[WORDS]; /* NULL: the end */
	const char *meant; /* as shown() has it; bare names are at h.test */
};

static int
count(const char *const *argv)
{
	int n = 0;

	while (n < WORDS && argv[n] != NULL)
		n++;
	return n;
}

static void
put_recipients(struct buf *out, struct arena *a, const struct strings *operands)
{
	static const struct address_params params = {
	    .what = "recipient", .domain = "h.test"};
	struct address_list list = {0};
	struct error err = {0};
	size_t i;

	for (i = 0; i < operands->count; i++)
		if (address_parse(
			a, operands->items[i], &params, &list, &err) == -1)
			fail_msg("%s", err.text);
	for (i = 0; i < list.count; i++)
		buf_printf(out, " %s", list.addresses[i].mailbox);
}

static void
put(struct buf *out, const char *letter, const char *value)
{
	if (value != NULL)
		buf_printf(out, " %s[%s]", letter, value);
}

/* "send -t f[ann@x.test] bob@x.test": the mode, what differs from nothing said,
 * the recipients. */
static void
show(struct buf *out, struct arena *a, const struct argv_sendmail *s)
{
	static const char *const modes[] = {"send", "smtp", "verify", "list",
	    "aliases", "flush", "version", "help"};
	static const char *const deliveries[] = {"", " background", " later"};
	const char selects[] = {s->selects, '\0'};

	buf_printf(out, "%s%s%s%s%s", modes[s->mode],
	    s->from_header ? " -t" : "", deliveries[s->delivery],
	    s->quiet ? " quiet" : "", s->no_aliases ? " -n" : "");
	if (s->verbose > 0)
		buf_printf(out, " v%u", s->verbose);
	put(out, "f", s->reverse_path);
	put(out, "F", s->full_name);
	put(out, "N", s->notify);
	put(out, "R", s->ret);
	put(out, "V", s->envelope_id);
	put(out, "A", s->aliases_file);
	put(out, "C", s->config_file);
	put(out, "L", s->log_tag);
	put(out, "X", s->traffic_log);
	put(out, selects, s->selection);
	put(out, "every", s->interval);
	put_recipients(out, a, &s->recipients);
}

static void
assert_means(const struct call *c)
{
	char **argv = (char **)(uintptr_t)c->argv;
	struct argv_sendmail s;
	struct arena a = {0};
	struct buf got = {0};
	struct error err = {0};
	int argc = count(c->argv);
	enum personality is = personality_of(argc, argv);

	if (is == PERSONALITY_SMTPSEND)
		fail_msg("%s is not taken for sendmail", c->argv[0]);
	if (argv_sendmail_read(is, argc, argv, &a, &s, &err) == -1)
		fail_msg("for '%s': %s", c->meant, err.text);
	show(&got, &a, &s);
	assert_string_equal(buf_string(&got), c->meant);
	buf_clear(&got);
	arena_clear(&a);
}

static void
programs_get_what_they_mean(void **state)
{
	static const struct call calls[] = {
	    /* Debian's cron 3.0pl1, as ps shows it; older ones; its MAILTO */
	    {{"/usr/sbin/sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem",
		 "root"},
		"send F[CronDaemon] root@h.test"},
	    {{"/usr/sbin/sendmail", "-i", "-FCronDaemon", "-oem", "ann"},
		"send F[CronDaemon] ann@h.test"},
	    {{"/usr/sbin/sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem",
		 "root,ann@x.test, Bob <bob@x.test>"},
		"send F[CronDaemon] root@h.test ann@x.test bob@x.test"},
	    /* cronie, MAILFMT; Vixie cron of Red Hat 7 */
	    {{"/usr/sbin/sendmail", "-FCronDaemon", "-i", "-odi", "-oem", "-oi",
		 "-t", "-f", "root"},
		"send -t f[root] F[CronDaemon]"},
	    {{"/usr/sbin/sendmail", "-FCronDaemon", "-i", "-odi", "-oem",
		 "root"},
		"send F[CronDaemon] root@h.test"},
	    /* FreeBSD's cron, MAILARGS */
	    {{"/usr/sbin/sendmail", "-FCronDaemon", "-odi", "-oem", "-oi",
		 "-t"},
		"send -t F[CronDaemon]"},
	    /* dcron, SENDMAIL_ARGS; BusyBox's crond */
	    {{"/usr/sbin/sendmail", "-t", "-oem", "-i"}, "send -t"},
	    {{"sendmail", "-ti"}, "send -t"},
	    /* systemd-cron, mail_for_job */
	    {{"/usr/sbin/sendmail", "-i", "-B8BITMIME", "root"},
		"send root@h.test"},
	    /* anacron, runjob.c */
	    {{"/usr/sbin/sendmail", "-FAnacron", "-odi", "root"},
		"send F[Anacron] root@h.test"},
	    /* at, atd.c, and Debian's; FreeBSD's atrun.c, two versions */
	    {{"/usr/sbin/sendmail", "ann"}, "send ann@h.test"},
	    {{"sendmail", "-i", "ann"}, "send ann@h.test"},
	    {{"sendmail", "-F", "Atrun Service", "-odi", "-oem", "ann"},
		"send F[Atrun Service] ann@h.test"},
	    {{"sendmail", "-F", "Atrun Service", "-odi", "-oem", "-t"},
		"send -t F[Atrun Service]"},
	    /* mutt: $sendmail, with use_envelope_from, dsn_notify, dsn_return,
	     * use_8bitmime */
	    {{"/usr/sbin/sendmail", "-oem", "-oi", "--", "bob@x.test",
		 "carl@x.test"},
		"send bob@x.test carl@x.test"},
	    {{"/usr/sbin/sendmail", "-oem", "-oi", "-B8BITMIME", "-f",
		 "ann@x.test", "-N", "failure,delay", "-R", "hdrs", "--",
		 "bob@x.test"},
		"send f[ann@x.test] N[failure,delay] R[hdrs] bob@x.test"},
	    {{"/usr/sbin/sendmail", "-oem", "-oi", "-f", "me@work.test", "-f",
		 "ann@x.test", "--", "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    /* git send-email, without and with --envelope-sender */
	    {{"/usr/sbin/sendmail", "-i", "git@x.test", "bob@x.test"},
		"send git@x.test bob@x.test"},
	    {{"/usr/sbin/sendmail", "-f", "ann@x.test", "-i", "git@x.test",
		 "bob@x.test"},
		"send f[ann@x.test] git@x.test bob@x.test"},
	    /* PHP: the default of sendmail_path, with the fifth parameter of
	     * mail(), with an address in php-fpm's pool */
	    {{"/usr/sbin/sendmail", "-t", "-i"}, "send -t"},
	    {{"/usr/sbin/sendmail", "-t", "-i", "-fann@x.test"},
		"send -t f[ann@x.test]"},
	    {{"/usr/sbin/sendmail", "-t", "-i", "-f", "webmaster@x.test"},
		"send -t f[webmaster@x.test]"},
	    {{"sendmail", "-ti", "-F", "Ally", "-f", "contact@x.test"},
		"send -t f[contact@x.test] F[Ally]"},
	    /* PHPMailer, SendmailSend; for qmail */
	    {{"/usr/sbin/sendmail", "-oi", "-fann@x.test", "-t"},
		"send -t f[ann@x.test]"},
	    {{"/usr/sbin/sendmail", "-oi", "-t"}, "send -t"},
	    {{"/usr/sbin/sendmail", "-fann@x.test", "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    /* Swift Mailer, Laravel 10 and Symfony Mailer */
	    {{"/usr/sbin/sendmail", "-bs"}, "smtp"},
	    {{"/usr/sbin/sendmail", "-bs", "-i"}, "smtp"},
	    /* alpine and pine, sendmail-path; nmh, mts sendmail/smtp */
	    {{"/usr/sbin/sendmail", "-bs", "-odi", "-oem"}, "smtp"},
	    {{"sendmail", "-bs", "-odb", "-oem", "-om"}, "smtp background"},
	    {{"sendmail", "-bs", "-odi", "-oem", "-om", "-ov"}, "smtp v1"},
	    /* Ruby's mail; nodemailer; Email::Sender of Perl */
	    {{"/usr/sbin/sendmail", "-i", "-f", "ann@x.test", "--",
		 "bob@x.test", "carl@x.test"},
		"send f[ann@x.test] bob@x.test carl@x.test"},
	    {{"sendmail", "-i", "-f", "ann@x.test", "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    /* Python's manual and most of what was made of it */
	    {{"/usr/sbin/sendmail", "-t", "-oi"}, "send -t"},
	    {{"/usr/sbin/sendmail", "-t", "-oi", "-f", "ann@x.test"},
		"send -t f[ann@x.test]"},
	    /* a Python filter that passes bounces on */
	    {{"/usr/sbin/sendmail", "-oi", "-f", "", "bob@x.test"},
		"send f[] bob@x.test"},
	    /* MIME::Lite; Mail::Mailer; Perl FAQ 9 */
	    {{"/usr/lib/sendmail", "-t", "-oi", "-oem"}, "send -t"},
	    {{"sendmail", "-t"}, "send -t"},
	    {{"/usr/lib/sendmail", "-oi", "-t", "-odq"}, "send -t later"},
	    /* unattended-upgrades, apt-listchanges, go-mail */
	    {{"/usr/sbin/sendmail", "-oi", "-t"}, "send -t"},
	    /* mdadm, logwatch, sudo's mailerflags */
	    {{"/usr/lib/sendmail", "-t"}, "send -t"},
	    /* popularity-contest, procmail's "!" */
	    {{"/usr/sbin/sendmail", "-oi", "survey@x.test"},
		"send survey@x.test"},
	    /* fail2ban, action.d/sendmail.conf */
	    {{"/usr/sbin/sendmail", "-f", "fail2ban@h.test", "root@h.test"},
		"send f[fail2ban@h.test] root@h.test"},
	    /* bsd-mailx, by the name it gives; with -v; GNU mailutils */
	    {{"send-mail", "-i", "--", "ann@x.test"}, "send ann@x.test"},
	    {{"send-mail", "-i", "-m", "-v", "ann", "bob"},
		"send v1 ann@h.test bob@h.test"},
	    {{"sendmail", "-oem", "-oi", "-froot", "ann"},
		"send f[root] ann@h.test"},
	    /* s-nail with -r */
	    {{"sendmail", "-i", "-F", "Ann Lee", "-f", "ann@x.test", "--",
		 "bob@x.test"},
		"send f[ann@x.test] F[Ann Lee] bob@x.test"},
	    /* Emacs, sendmail.el and message.el */
	    {{"sendmail", "-oi", "-f", "ann@x.test", "-oem", "-odb", "-t"},
		"send -t background f[ann@x.test]"},
	    {{"sendmail", "-oi", "-oA/home/ann/.aliases", "-oem", "-odb", "-t"},
		"send -t background A[/home/ann/.aliases]"},
	    /* slrn; a daemon that was ported to sendmail */
	    {{"sendmail", "-oi", "-t", "-oem", "-odb"}, "send -t background"},
	    {{"send-mail", "-t", "-i", "-oem"}, "send -t"},
	    /* dak of Debian's archive; WineTestBot */
	    {{"/usr/sbin/sendmail", "-odq", "-oi", "-t"}, "send -t later"},
	    /* build scripts in Perl */
	    {{"/usr/sbin/sendmail", "-odb", "-oee", "-oi", "-t"},
		"send -t background"},
	    /* dovecot's lda and sieve: a redirect and a vacation answer */
	    {{"/usr/sbin/sendmail", "-i", "-f", "ann@x.test", "--",
		 "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    {{"/usr/sbin/sendmail", "-i", "-f", "<>", "--", "bob@x.test"},
		"send f[] bob@x.test"},
	    /* a BBS's notice to an author */
	    {{"/usr/lib/sendmail", "-oi", "-oem", "-f", "<>", "ann"},
		"send f[] ann@h.test"},
	    /* a Perl bouncer */
	    {{"/usr/sbin/sendmail", "-f", "", "ann@x.test"},
		"send f[] ann@x.test"},
	    /* Postfix's FILTER_README; SpamAssassin behind its pipe(8) */
	    {{"/usr/sbin/sendmail", "-G", "-i", "-f", "ann@x.test", "--",
		 "bob@x.test", "carl@x.test"},
		"send f[ann@x.test] bob@x.test carl@x.test"},
	    {{"/usr/sbin/sendmail", "-oi", "-f", "ann@x.test", "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    /* majordomo, majordomo.cf */
	    {{"/usr/lib/sendmail", "-oi", "-oee", "-fowner@x.test",
		 "list@x.test"},
		"send f[owner@x.test] list@x.test"},
	    /* rmail of UUCP */
	    {{"sendmail", "-ee", "-oi", "-fann", "bob@x.test"},
		"send f[ann] bob@x.test"},
	    /* mail500 of OpenLDAP; its -oMr is a macro of Sendmail */
	    {{"sendmail", "-oMrLDAP", "-odi", "-oi", "-f", "ann@x.test",
		 "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    /* a mailer of the eighties, with the dash of a login shell */
	    {{"-sendmail", "-oi", "-f", "MAILER-DAEMON", "-t"},
		"send -t f[MAILER-DAEMON]"},
	    /* Trojita's default; sendEmail of Debian with -S */
	    {{"sendmail", "-bm", "-oi", "-f", "ann@x.test", "bob@x.test"},
		"send f[ann@x.test] bob@x.test"},
	    {{"sendmail", "-bm", "-t", "-v"}, "send -t v1"},
	    /* a mail appliance; a billing system */
	    {{"/usr/sbin/sendmail", "-bm", "-t", "-f", "ann@x.test"},
		"send -t f[ann@x.test]"},
	    {{"/usr/lib/sendmail", "-odq", "-f", "ccard@x.test", "-F",
		 "eBay Billing", "ann@x.test"},
		"send later f[ccard@x.test] F[eBay Billing] ann@x.test"},
	    /* Anope, OSBF-Lua; a Perl sender of attachments; a tutorial */
	    {{"/usr/sbin/sendmail", "-it"}, "send -t"},
	    {{"sendmail", "-itf", "ann@x.test"}, "send -t f[ann@x.test]"},
	    {{"sendmail", "-tif", "ann@x.test", "bob@x.test"},
		"send -t f[ann@x.test] bob@x.test"},
	    /* shells that name recipients twice: they add up */
	    {{"/usr/sbin/sendmail", "-toi", "ann@x.test,bob@x.test"},
		"send -t ann@x.test bob@x.test"},
	    {{"/usr/sbin/sendmail", "-f", "a@x.test", "-t", "bob@x.test", "-i"},
		"send -t f[a@x.test] bob@x.test"},
	    /* PlanetLab's API; a survey; a watcher of its own address */
	    {{"/usr/sbin/sendmail", "-N", "never", "-t", "-fann@x.test"},
		"send -t f[ann@x.test] N[never]"},
	    {{"sendmail", "-N", "success", "-r", "ann@x.test", "bob@x.test"},
		"send f[ann@x.test] N[success] bob@x.test"},
	    {{"/usr/sbin/sendmail", "-N", "never", "-f", "ann@x.test", "-v",
		 "bob@x.test"},
		"send v1 f[ann@x.test] N[never] bob@x.test"},
	    /* the manual of Sendmail: delivery status notifications */
	    {{"sendmail", "-N", "success,failure", "-R", "full", "-V", "QQ3141",
		 "-B", "8BITMIME", "ann@x.test"},
		"send N[success,failure] R[full] V[QQ3141] ann@x.test"},
	    /* CGI forms of the nineties, without aliases */
	    {{"/usr/lib/sendmail", "-n", "-t", "-F", "Ann Lee"},
		"send -t -n F[Ann Lee]"},
	    {{"/usr/sbin/sendmail", "-n", "-oi", "-t"}, "send -t -n"},
	    /* Solaris and TurnKey: by the daemon's configuration */
	    {{"/usr/lib/sendmail", "-Am", "-odi", "-oi", "root"},
		"send root@h.test"},
	    {{"sendmail", "-Am", "-d60.5", "-v", "ann@x.test"},
		"send v1 ann@x.test"},
	    {{"/usr/sbin/sendmail", "-Am", "-i", "-f", "root@localhost", "--",
		 "www-data@localhost"},
		"send f[root@localhost] www-data@localhost"},
	    {{"sendmail", "-Am", "-v", "-f<ann@x.test>", "<bob@x.test>"},
		"send v1 f[<ann@x.test>] bob@x.test"},
	    /* the faces database, a cron of MINIX's time; a Perl script */
	    {{"/usr/lib/sendmail", "-oeq", "-oi", "ann@x.test"},
		"send quiet ann@x.test"},
	    {{"/usr/lib/sendmail", "-oeq", "-t"}, "send -t quiet"},
	    /* vacation of Solaris */
	    {{"sendmail", "-f", "ann", "bob@x.test"}, "send f[ann] bob@x.test"},
	    /* a script that asks first */
	    {{"/usr/lib/sendmail", "-bv", "ann@x.test"}, "verify ann@x.test"},
	    /* check_mailq of Nagios; a login banner */
	    {{"/usr/bin/mailq"}, "list"},
	    {{"mailq", "-Ac"}, "list"},
	    {{"mailq", "-v"}, "list v1"},
	    {{"/usr/sbin/sendmail", "-bp"}, "list"},
	    /* packages that bring aliases */
	    {{"newaliases"}, "aliases"},
	    {{"/usr/sbin/sendmail", "-bi"}, "aliases"},
	    {{"sendmail", "-I"}, "aliases"},
	    {{"/usr/sbin/sendmail", "-bi", "-oA/etc/mail/lists"},
		"aliases A[/etc/mail/lists]"},
	    /* if-up.d, ppp's ip-up.d and cron of Sendmail's package */
	    {{"/usr/sbin/sendmail", "-q"}, "flush"},
	    {{"/usr/sbin/sendmail", "-qf", "-v"}, "flush v1"},
	    {{"/usr/sbin/sendmail", "-q30m"}, "flush every[30m]"},
	    {{"/usr/sbin/sendmail", "-Ac", "-q", "-L", "sm-msp-queue"},
		"flush L[sm-msp-queue]"},
	    {{"sendmail", "-Ac", "-q15m"}, "flush every[15m]"},
	    {{"sendmail", "-v", "-qRx.test"}, "flush v1 R[x.test]"},
	    {{"sendmail", "-qI4bXk2A"}, "flush I[4bXk2A]"},
	    {{"mailq", "-qSann@x.test"}, "list S[ann@x.test]"},
	    /* what asks which one it is */
	    {{"/usr/sbin/sendmail", "-bV"}, "version"},
	    {{"sendmail", "--version"}, "version"},
	    {{"sendmail", "--help"}, "help"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(calls); i++)
		assert_means(&calls[i]);
}

static void
letters_and_values_may_stand_in_any_form(void **state)
{
	static const struct call calls[] = {
	    {{"sendmail", "-rann", "b"}, "send f[ann] b@h.test"},
	    {{"sendmail", "-f", "  ", "b"}, "send f[] b@h.test"},
	    {{"sendmail", "-f<>", "b"}, "send f[] b@h.test"},
	    {{"sendmail", "b", "-f", "ann", "c"},
		"send f[ann] b@h.test c@h.test"},
	    {{"sendmail", "", "b", " "}, "send b@h.test"},
	    {{"sendmail", "-t", ""}, "send -t"},
	    {{"sendmail", "--", "-b", "--"}, "send -b@h.test --@h.test"},
	    {{"sendmail", "-b", "s"}, "smtp"},
	    {{"sendmail", "-ibs"}, "smtp"},
	    {{"sendmail", "-o", "em", "-o", "i", "b"}, "send b@h.test"},
	    {{"sendmail", "-e", "q", "b"}, "send quiet b@h.test"},
	    {{"sendmail", "-O", "DeliveryMode=q", "b"}, "send later b@h.test"},
	    {{"sendmail", "-OAliasFile=/a", "b"}, "send A[/a] b@h.test"},
	    {{"sendmail", "-O", "LogLevel=14", "-O", "IgnoreDots", "b"},
		"send b@h.test"},
	    {{"sendmail", "-B", "7BIT", "-h", "3", "-p", "SMTP:h", "b"},
		"send b@h.test"},
	    {{"sendmail", "-B8bitmime", "b"}, "send b@h.test"},
	    {{"sendmail", "-R", "HDRS", "b"}, "send R[hdrs] b@h.test"},
	    {{"sendmail", "-C", "/c", "-X", "/x", "-L", "tag", "-D/d", "-MX1",
		 "b"},
		"send C[/c] L[tag] X[/x] b@h.test"},
	    {{"sendmail", "-vvU", "-G", "-m", "-c", "-x", "b"},
		"send v2 b@h.test"},
	    {{"sendmail", "-o7", "-o8", "-om", "-oodt", "-oT3d", "b"},
		"send b@h.test"},
	    {{"sendmail", "-qGbig"}, "flush"},
	    {{"sendmail", "--sendmail", "-t"}, "send -t"},
	    {{"sendmail", "a: b, c;"}, "send b@h.test c@h.test"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(calls); i++)
		assert_means(&calls[i]);
}

static void
what_cannot_be_had_is_refused_by_name(void **state)
{
	static const struct {
		const char *argv[WORDS];
		const char *text;
	} cases[] = {
	    {{"sendmail"},
		"no recipients: they are named behind the options, or with -t "
		"in the header"},
	    {{"sendmail", "-i", ""},
		"no recipients: they are named behind the options, or with -t "
		"in the header"},
	    /* The address of a caller who has none takes the recipient's. */
	    {{"sendmail", "-f", "ann@x.test"},
		"no recipients: they are named behind the options, or with -t "
		"in the header"},
	    {{"sendmail", "-t", "-f"}, "-f needs a value"},
	    {{"sendmail", "-tf"}, "-f needs a value"},
	    {{"sendmail", "-f", "-i", "bob"}, "-f '-i' is not an address"},
	    {{"sendmail", "-", "bob"}, "unknown option '-'"},
	    {{"sendmail", "-a", "FILE", "bob"}, "unknown option '-a'"},
	    /* BusyBox has its own. */
	    {{"sendmail", "-amPLAIN", "-S", "h", "-t"}, "unknown option '-a'"},
	    {{"sendmail", "-iZ", "bob"}, "unknown option '-Z'"},
	    {{"sendmail", "--read-envelope-from", "-t"},
		"unknown option '--read-envelope-from'"},
	    {{"sendmail", "-t", "--sendmail"}, "unknown option '--sendmail'"},
	    {{"sendmail", "-s", "Subject", "bob"}, "unknown option '-s'"},
	    {{"sendmail", "-Qreason", "bob"}, "unknown option '-Q'"},
	    /* /etc/sysconfig/sendmail of SUSE */
	    {{"sendmail", "-L", "sendmail", "-Am", "-bd", "-q30m", "-om"},
		"-b 'd' is not known"},
	    {{"sendmail", "-bt"}, "-b 't' is not known"},
	    {{"sendmail", "-bP"}, "-b 'P' is not known"},
	    {{"sendmail", "-bpc"}, "-b 'pc' is not known"},
	    {{"sendmail", "-qp30s"}, "-q 'p30s' is not known"},
	    {{"sendmail", "-qR"}, "-q 'R' is not known"},
	    {{"sendmail", "-q!Rx"}, "-q '!Rx' is not known"},
	    /* Exim's, whose value would be a recipient */
	    {{"sendmail", "-oMr", "bsmtp", "bob"}, "-oM 'r' is not known"},
	    {{"sendmail", "-oMaa", "x", "bob"}, "-oM 'aa' is not known"},
	    {{"sendmail", "-or", "5m", "bob"}, "-o 'r' is not known"},
	    {{"sendmail", "-oX", "25", "bob"}, "-o 'X' is not known"},
	    {{"sendmail", "-od", "bob"}, "-o 'd' is not known"},
	    {{"sendmail", "-odx", "bob"},
		"-od 'x' is none of i, f (now), b, q, d (later)"},
	    {{"sendmail", "-O", "=x", "bob"}, "-O '=x' is not NAME=VALUE"},
	    {{"sendmail", "-N", "bounce", "bob"},
		"-N 'bounce' is neither never nor some of "
		"success,failure,delay"},
	    {{"sendmail", "-R", "all", "bob"},
		"-R 'all' is neither full nor hdrs"},
	    {{"sendmail", "-V", "a\nb", "bob"},
		"-V 'a\\nb' has a line break, which could reach a header or a command"},
	    {{"sendmail", "-A", "x", "bob"}, "-A 'x' is neither c nor m"},
	    {{"sendmail", "-h"}, "-h needs a value"},
	    {{"sendmail", "-bs", "-t"}, "-t and -bs cannot be combined"},
	    {{"sendmail", "-t", "-q"}, "-t and -q cannot be combined"},
	    {{"mailq", "-t"}, "-t and mailq cannot be combined"},
	    {{"sendmail", "-bs", "bob"},
		"-bs: there is nothing to be done with 'bob'"},
	    {{"sendmail", "-q", "30m"},
		"-q: there is nothing to be done with '30m'"},
	    {{"newaliases", "x"},
		"newaliases: there is nothing to be done with 'x'"},
	    {{"sendmail", "-bv"}, "-bv: no recipients to verify"},
	};
	struct argv_sendmail s;
	struct arena a = {0};
	struct error err;
	char **argv;
	int argc;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		argv = (char **)(uintptr_t)cases[i].argv;
		argc = count(cases[i].argv);
		err = (struct error){0};
		if (argv_sendmail_read(personality_of(argc, argv), argc, argv,
			&a, &s, &err) == 0)
			fail_msg("taken: %s", cases[i].text);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(err.status, EX_USAGE);
	}
	arena_clear(&a);
}

static void
the_name_or_a_word_of_sendmail_says_who_is_called(void **state)
{
	static const struct {
		enum personality is;
		const char *argv[WORDS];
	} cases[] = {
	    {PERSONALITY_SMTPSEND, {NULL}},
	    {PERSONALITY_SMTPSEND, {""}},
	    {PERSONALITY_SENDMAIL, {"sendmail"}},
	    {PERSONALITY_SENDMAIL, {"/usr/lib/sendmail", "-s", "x"}},
	    {PERSONALITY_SENDMAIL, {"./send-mail"}},
	    {PERSONALITY_MAILQ, {"/usr/bin/mailq", "-i"}},
	    {PERSONALITY_NEWALIASES, {"newaliases"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-t"}},
	    {PERSONALITY_SMTPSEND, {"/usr/lib/sendmail/smtpsend"}},
	    {PERSONALITY_SMTPSEND, {"Sendmail", "bob"}},
	    {PERSONALITY_SMTPSEND, {"sendmail.old", "bob"}},
	    {PERSONALITY_SMTPSEND, {"sendmail/", "bob"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "--sendmail"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "--sendmail", "-s"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-v", "--sendmail"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "--sendmail=x"}},
	    /* php.ini, muttrc, git's sendemail.smtpServer */
	    {PERSONALITY_SENDMAIL, {"smtpsend", "-t", "-i"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "-oem", "-oi", "--", "bob"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "-f", "ann", "-i", "bob"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "-fann", "-v", "-bs"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "-bs"}},
	    {PERSONALITY_SENDMAIL, {"smtpsend", "-ti", "-fann"}},
	    /* Nothing that could be a value, an operand or a guess */
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-f", "-i"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-s", "-i", "bob"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-t", "bob", "-i"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-t", "-", "-i"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "bob", "-i"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "--", "-i"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-b", "s"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-bsam@x.test"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-bd"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-tim@x.test"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-o"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-q"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-FCronDaemon", "-i"}},
	    {PERSONALITY_SMTPSEND, {"smtpsend", "-f"}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		if (personality_of(count(cases[i].argv),
			(char **)(uintptr_t)cases[i].argv) != cases[i].is)
			fail_msg("case %zu: %s %s", i, cases[i].argv[0],
			    cases[i].argv[1]);
}

static void
messages_begin_with_the_name_it_was_started_under(void **state)
{
	static const struct {
		const char *argv[2], *name;
	} cases[] = {
	    {{"/usr/sbin/sendmail", "root"}, "sendmail"},
	    {{"send-mail", "root"}, "send-mail"},
	    {{"-mailq"}, "mailq"},
	    {{"./newaliases"}, "newaliases"},
	    {{"/usr/bin/smtpsend", "--sendmail"}, "smtpsend"},
	    {{"/tmp/\033[2J", "-bs"}, "smtpsend"},
	    {{NULL}, "smtpsend"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_string_equal(
		    personality_name(cases[i].argv[0] == NULL ? 0 : 1,
			(char **)(uintptr_t)cases[i].argv),
		    cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(programs_get_what_they_mean),
	    cmocka_unit_test(letters_and_values_may_stand_in_any_form),
	    cmocka_unit_test(what_cannot_be_had_is_refused_by_name),
	    cmocka_unit_test(the_name_or_a_word_of_sendmail_says_who_is_called),
	    cmocka_unit_test(messages_begin_with_the_name_it_was_started_under),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
