/* curl: dlopen, typed against the library's own header. */
#include "transport/curl.h"

#include <dlfcn.h>
#include <stdint.h>

/* Both flavours export the same interface; the first is everywhere, the
 * second is what Debian's GnuTLS build is called. */
#define SONAME "libcurl.so.4"
#define SONAME_GNUTLS "libcurl-gnutls.so.4"

/*
 * What is opened at run time does not show among the needed libraries; this
 * note tells packaging tools (the "ELF dlopen metadata" convention).
 */
#define NOTE_OWNER "FDO"
#define NOTE_TYPE 0x407c0c0aU
#define NOTE                                                  \
	"[{\"feature\":\"url\","                              \
	"\"description\":\"user names and escapes in URLs\"," \
	"\"priority\":\"recommended\","                       \
	"\"soname\":[\"" SONAME "\",\"" SONAME_GNUTLS "\"]}]"

static const struct {
	uint32_t owner_size, text_size, type;
	char owner[sizeof(NOTE_OWNER)];
	_Alignas(uint32_t) char text[sizeof(NOTE)];
} note __attribute__((used, section(".note.dlopen"), aligned(4))) = {
    .owner_size = sizeof(NOTE_OWNER),
    .text_size = sizeof(NOTE),
    .type = NOTE_TYPE,
    .owner = NOTE_OWNER,
    .text = NOTE,
};

int
curl_open(struct curl_library *lib, struct error *err)
{
	/* Never unloaded: libcurl and what it brings along leave threads'
	 * keys and exit handlers behind. */
	const int flags = RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE;
	void *handle = dlopen(SONAME, flags);

	if (handle == NULL)
		handle = dlopen(SONAME_GNUTLS, flags);
	if (handle == NULL)
		return error_set(err, EX_OSERR,
		    "neither " SONAME " nor " SONAME_GNUTLS
		    " can be opened here");
#define X(name)                                                 \
	if ((lib->name = dlsym(handle, "curl_" #name)) == NULL) \
		return error_set(err, EX_OSERR,                 \
		    SONAME " is too old, it has no curl_" #name);
	CURL_FUNCTIONS(X)
#undef X
	return 0;
}
