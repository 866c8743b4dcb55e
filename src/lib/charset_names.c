/*
 * charset_names: the labels of the WHATWG Encoding standard, 4.2, and those
 * beside them that mail has, by what they stand for.
 */
#include "lib/charset.h"

#include <string.h>

#include "lib/ascii.h"

/* Some of them are names of subsets that Windows has extended, and everybody
 * who writes them means the extended one. */
static const struct {
	struct charset_meaning meaning;
	const char *labels; /* in lower case, between spaces */
} table[] = {
    {{"UTF-8", NULL},
	" utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 "
	"x-unicode20utf8 utf-8n utf8mb4 cp65001 65001 csutf8 "},
    {{"UTF-7", NULL},
	" utf-7 utf7 unicode-1-1-utf-7 csunicode11utf7 "
	"x-unicode-2-0-utf-7 cp65000 "},
    {{"CP866", NULL}, " 866 cp866 csibm866 ibm866 "},
    {{"ISO-8859-2", NULL},
	" csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 "
	"iso_8859-2:1987 l2 latin2 latin-2 "},
    {{"ISO-8859-3", NULL},
	" csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 "
	"iso_8859-3:1988 l3 latin3 latin-3 "},
    {{"ISO-8859-4", NULL},
	" csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 "
	"iso_8859-4:1988 l4 latin4 latin-4 "},
    {{"ISO-8859-5", NULL},
	" csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 "
	"iso88595 iso_8859-5 iso_8859-5:1988 "},
    {{"ISO-8859-6", NULL},
	" arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 "
	"iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 "
	"iso_8859-6 iso_8859-6:1987 "},
    {{"ISO-8859-7", NULL},
	" csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 "
	"iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 "
	"sun_eu_greek "},
    {{"ISO-8859-8", NULL},
	" csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e "
	"iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual "
	"csiso88598i iso-8859-8-i logical "},
    {{"ISO-8859-10", NULL},
	" csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 "
	"latin6 "},
    {{"ISO-8859-13", NULL}, " iso-8859-13 iso8859-13 iso885913 "},
    {{"ISO-8859-14", NULL}, " iso-8859-14 iso8859-14 iso885914 "},
    {{"ISO-8859-15", NULL},
	" csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 "
	"latin9 latin-9 "},
    {{"ISO-8859-16", NULL}, " iso-8859-16 iso8859-16 iso885916 "},
    {{"KOI8-R", NULL}, " cskoi8r koi koi8 koi8-r koi8_r koi8r "},
    {{"KOI8-U", NULL}, " koi8-ru koi8-u koi8u "},
    {{"MACINTOSH", NULL}, " csmacintosh mac macintosh x-mac-roman macroman "},
    {{"MAC-CYRILLIC", NULL}, " x-mac-cyrillic x-mac-ukrainian maccyrillic "},
    {{"CP874", "TIS-620"},
	" dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 tis620 cstis620 "
	"windows-874 cp874 x-windows-874 "},
    {{"CP1250", NULL}, " cp1250 windows-1250 x-cp1250 win-1250 "},
    {{"CP1251", NULL},
	" cp1251 windows-1251 x-cp1251 win-1251 win1251 cswindows1251 "},
    /* What Windows leaves open are the controls of ISO 8859. */
    {{"CP1252", "ISO-8859-1"},
	" cp1252 windows-1252 x-cp1252 win-1252 x-ansi ansi cp819 "
	"csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
	"iso_8859-1 iso_8859-1:1987 l1 latin1 latin-1 iso-latin-1 8859_1 "
	"iso8859_1 "},
    {{"CP1253", NULL}, " cp1253 windows-1253 x-cp1253 win-1253 "},
    {{"CP1254", NULL},
	" cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 "
	"iso_8859-9 iso_8859-9:1989 l5 latin5 latin-5 windows-1254 "
	"x-cp1254 "},
    {{"CP1255", NULL}, " cp1255 windows-1255 x-cp1255 "},
    {{"CP1256", NULL}, " cp1256 windows-1256 x-cp1256 "},
    {{"CP1257", NULL}, " cp1257 windows-1257 x-cp1257 "},
    {{"CP1258", NULL}, " cp1258 windows-1258 x-cp1258 "},
    {{"GBK", "GB18030"},
	" chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk "
	"iso-ir-58 x-gbk csgbk cp936 ms936 windows-936 euc-cn euccn x-euc-cn "
	"gb2312-80 gb2312.1980-0 "},
    {{"GB18030", "GBK"},
	" gb18030 csgb18030 gb18030-2000 gb18030-2005 gb18030-2022 "},
    {{"CP950", "BIG5-HKSCS"},
	" big5 cn-big5 csbig5 x-x-big5 x-big5 big-5 cp950 ms950 windows-950 "
	"big5-eten "},
    {{"BIG5-HKSCS", "CP950"}, " big5-hkscs csbig5hkscs big5hkscs "},
    {{"EUC-JP-MS", NULL},
	" cseucpkdfmtjapanese euc-jp x-euc-jp eucjp x-euc ujis "
	"extended_unix_code_packed_format_for_japanese windows-51932 "},
    {{"ISO-2022-JP-2", NULL},
	" csiso2022jp iso-2022-jp iso2022-jp iso2022jp jis jis_encoding "
	"cp50220 cp50221 windows-50220 "},
    {{"CP932", NULL},
	" csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j "
	"x-sjis cswindows31j cp932 windows-932 x-ms-cp932 x-shift-jis "
	"x-shift_jis shiftjis "},
    {{"CP949", NULL},
	" cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 "
	"ks_c_5601-1989 ksc5601 ksc_5601 windows-949 ks_c_5601 "
	"ks_c_5601_1987 ks-c-5601 ks-c-5601-1987 ks-c5601 ksc-5601 "
	"ksc_5601-1987 ksc5601-1987 ksx1001 euckr x-euc-kr cp949 ms949 "
	"x-windows-949 uhc "},
    {{"ISO-2022-KR", NULL}, " csiso2022kr iso-2022-kr "},
};

const struct charset_meaning *
charset_meaning(const char *label, size_t n)
{
	char key[CHARSET_LABEL_MAX + 3] = " ";
	size_t i;

	while (n > 0 && ascii_is_blank(*label)) {
		label++;
		n--;
	}
	while (n > 0 && ascii_is_blank(label[n - 1]))
		n--;
	if (n == 0 || n > CHARSET_LABEL_MAX)
		return NULL;
	for (i = 0; i < n; i++)
		key[i + 1] = ascii_lower(label[i]);
	key[n + 1] = ' ';
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (memmem(table[i].labels, strlen(table[i].labels), key,
			n + 2) != NULL)
			return &table[i].meaning;
	return NULL;
}
