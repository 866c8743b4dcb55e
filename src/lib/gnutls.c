#include "lib/gnutls.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LIBRARY "libgnutls.so.30"

/*
 * Tells packaging tools what will be opened, as DT_NEEDED would; see
 * https://systemd.io/ELF_DLOPEN_METADATA/.
 */
#define NOTE                                                               \
	"[{\"feature\":\"tls\",\"description\":\"TLS (smtps, STARTTLS)\"," \
	"\"priority\":\"required\",\"soname\":[\"" LIBRARY "\"]}]"

static const struct {
	uint32_t name_size, text_size, type;
	char name[4];
	char text[(sizeof(NOTE) + 3) / 4 * 4];
} note __attribute__((used, section(".note.dlopen"), aligned(4))) = {
    4,
    sizeof(NOTE),
    0x407c0c0a,
    "FDO",
    NOTE,
};

int
gnutls_open(struct gnutls *g, struct error *err)
{
#define NAME(name) "gnutls_" #name,
#define PLACE(name) offsetof(struct gnutls, name),
	static const char *const names[] = {GNUTLS_FUNCTIONS(NAME)};
	static const size_t places[] = {GNUTLS_FUNCTIONS(PLACE)};
#undef NAME
#undef PLACE
	void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);

	if (library == NULL) {
		error_set(err, EX_OSERR, "the library %s is needed: %s",
		    LIBRARY, dlerror());
		return error_hint(err, "install GnuTLS (Debian: libgnutls30)");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *symbol = dlsym(library, names[i]);

		if (symbol == NULL)
			return error_set(err, EX_OSERR,
			    "the library %s is too old: it has no %s", LIBRARY,
			    names[i]);
		/* Object and function pointers are alike (POSIX, dlsym). */
		memcpy((char *)g + places[i], &symbol, sizeof(symbol));
	}
	return 0;
}
