/* media_type: a table for what mail usually carries, so that the type does not
 * depend on what is installed; the system's table for the rest. */
#include "mime/media_type.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/charset.h"

#include "content/input.h"

enum {
	TABLE_MAX = 1 << 20, /* octets of the file */
	NAME_MAX_LEN = 127,  /* of a type or a subtype (RFC 6838 4.2) */
};

/* A row of the table, which is sorted by extension.  Without pointers, which
 * would have to be relocated whenever we start. */
struct media_type {
	char extension[9]; /* in small letters, without the dot */
	char type[74];
};

/*
 * Where two things have the same extension, the type is true of both:
 * - asc: armour, around a key, a signature or a message (RFC 3156 has it for
 *   keys and signatures): which one, the name does not tell; text it is.
 * - gpg, pgp: the binary kind.  application/pgp-encrypted is no such file, but
 *   the control part of a message (RFC 3156 4).
 * ts, key and crt are missing since no type is true of both kinds.
 * Programs are text/x-..., so that they are shown and travel as text.
 */
static const struct media_type types[] = {
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"ai", "application/postscript"},
    {"aif", "audio/x-aiff"},
    {"aiff", "audio/x-aiff"},
    {"amr", "audio/AMR"},
    {"apk", "application/vnd.android.package-archive"},
    {"asc", "text/plain"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/x-csrc"},
    {"cc", "text/x-c++src"},
    {"cer", "application/pkix-cert"},
    {"conf", "text/plain"},
    {"cpp", "text/x-c++src"},
    {"crl", "application/pkix-crl"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"deb", "application/vnd.debian.binary-package"},
    {"diff", "text/x-diff"},
    {"doc", "application/msword"},
    {"docx",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"dotx",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.template"},
    {"dwg", "image/vnd.dwg"},
    {"dxf", "image/vnd.dxf"},
    {"emf", "image/emf"},
    {"eml", "message/rfc822"},
    {"eps", "application/postscript"},
    {"epub", "application/epub+zip"},
    {"exe", "application/vnd.microsoft.portable-executable"},
    {"flac", "audio/flac"},
    {"geojson", "application/geo+json"},
    {"gif", "image/gif"},
    {"go", "text/x-go"},
    {"gpg", "application/octet-stream"},
    {"gpx", "application/gpx+xml"},
    {"gz", "application/gzip"},
    {"h", "text/x-chdr"},
    {"heic", "image/heic"},
    {"heif", "image/heif"},
    {"hpp", "text/x-c++hdr"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar"},
    {"ini", "text/plain"},
    {"iso", "application/x-iso9660-image"},
    {"jar", "application/java-archive"},
    {"java", "text/x-java"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jxl", "image/jxl"},
    {"kml", "application/vnd.google-earth.kml+xml"},
    {"log", "text/plain"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"markdown", "text/markdown"},
    {"mbox", "application/mbox"},
    {"md", "text/markdown"},
    {"mid", "audio/midi"},
    {"midi", "audio/midi"},
    {"mjs", "text/javascript"},
    {"mkv", "video/matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"mpp", "application/vnd.ms-project"},
    {"msg", "application/vnd.ms-outlook"},
    {"numbers", "application/vnd.apple.numbers"},
    {"odb", "application/vnd.oasis.opendocument.base"},
    {"odg", "application/vnd.oasis.opendocument.graphics"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"p12", "application/pkcs12"},
    {"p7c", "application/pkcs7-mime"},
    {"p7m", "application/pkcs7-mime"},
    {"p7s", "application/pkcs7-signature"},
    {"pages", "application/vnd.apple.pages"},
    {"patch", "text/x-diff"},
    {"pdf", "application/pdf"},
    {"pfx", "application/pkcs12"},
    {"pgp", "application/octet-stream"},
    {"php", "text/x-php"},
    {"pl", "text/x-perl"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"psd", "image/vnd.adobe.photoshop"},
    {"py", "text/x-python"},
    {"rar", "application/vnd.rar"},
    {"rb", "text/x-ruby"},
    {"rpm", "application/x-rpm"},
    {"rs", "text/x-rust"},
    {"rst", "text/x-rst"},
    {"rtf", "application/rtf"},
    {"sh", "text/x-sh"},
    {"sig", "application/pgp-signature"},
    {"sql", "application/sql"},
    {"sqlite", "application/vnd.sqlite3"},
    {"sqlite3", "application/vnd.sqlite3"},
    {"stl", "model/stl"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tex", "text/x-tex"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"txz", "application/x-xz"},
    {"vcard", "text/vcard"},
    {"vcf", "text/vcard"},
    {"vsd", "application/vnd.visio"},
    {"wasm", "application/wasm"},
    {"wav", "audio/vnd.wave"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"wmf", "image/wmf"},
    {"wmv", "video/x-ms-wmv"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"},
    {"xlsx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xps", "application/vnd.ms-xpsdocument"},
    {"xsl", "application/xslt+xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};

/* Order of s, whatever its case, and the table's small letters. */
static int
compare(const char *s, const char *small)
{
	char c;

	do {
		c = ascii_lower(*s++);
	} while (c == *small++ && c != '\0');
	return (unsigned char)c - (unsigned char)small[-1];
}

static const char *
built_in(const char *extension)
{
	size_t low = 0, high = sizeof(types) / sizeof(types[0]), middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = compare(extension, types[middle].extension);
		if (order == 0)
			return types[middle].type;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* What follows the last dot, NULL: nothing does. */
static const char *
extension_of(const char *filename)
{
	const char *slash = strrchr(filename, '/'), *dot;

	if (slash != NULL)
		filename = slash + 1;
	filename += strspn(filename, ".");
	dot = strrchr(filename, '.');
	return dot != NULL && dot[1] != '\0' ? dot + 1 : NULL;
}

/* RFC 2045 5.1 */
static bool
is_token_char(char c)
{
	return c > ' ' && c <= '~' && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* The length of the token at p. */
static size_t
token_length(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && is_token_char(*p))
		p++;
	return (size_t)(p - start);
}

static bool
is_type(const char *p, size_t n)
{
	size_t type = token_length(p, p + n), subtype;

	if (type == 0 || type > NAME_MAX_LEN || type == n || p[type] != '/' ||
	    ascii_equal_n(p, type, "multipart"))
		return false;
	subtype = token_length(p + type + 1, p + n);
	return subtype > 0 && subtype <= NAME_MAX_LEN &&
	    type + 1 + subtype == n;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Moves *p behind the next word of the line; its length, 0 at the end of the
 * line or before a comment. */
static size_t
next_word(const char **p, const char *end)
{
	const char *start;

	while (*p < end && is_space(**p))
		(*p)++;
	if (*p == end || **p == '#')
		return 0;
	for (start = *p; *p < end && !is_space(**p);)
		(*p)++;
	return (size_t)(*p - start);
}

/* The type that the line has for the extension, *n octets, or NULL. */
static const char *
match_line(const char *p, const char *end, const char *extension, size_t *n)
{
	const char *type;
	size_t len;

	*n = next_word(&p, end);
	type = p - *n;
	while ((len = next_word(&p, end)) > 0)
		if (ascii_equal_n(p - len, len, extension))
			return is_type(type, *n) ? type : NULL;
	return NULL;
}

static const char *
from_file(struct arena *a, const char *path, const char *extension)
{
	struct buf file = {0};
	const char *p, *end, *type = NULL;
	size_t line, n;

	input_first_lines(path, TABLE_MAX, &file);
	p = buf_string(&file);
	end = p + file.len;
	p += charset_mark(p, file.len);
	for (; p < end && type == NULL; p += line) {
		line = ascii_line(p, (size_t)(end - p));
		type = match_line(p, p + line, extension, &n);
	}
	if (type != NULL)
		type = arena_strndup(a, type, n);
	buf_clear(&file);
	return type;
}

const char *
media_type_of(struct arena *a, const char *filename, const char *table)
{
	const char *extension = extension_of(filename), *type;

	if (extension == NULL)
		return NULL;
	type = built_in(extension);
	if (type == NULL && table != NULL)
		type = from_file(a, table, extension);
	return type;
}
