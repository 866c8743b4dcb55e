#include "transport/tls_binding.h"

#include <string.h>

void
tls_binding_read(struct transport_tls *info, const struct gnutls *g,
    gnutls_session_t session)
{
	gnutls_datum_t bytes = {0};

	info->exporter_size = 0;
	if (g->protocol_get_version(session) < GNUTLS_TLS1_3 &&
	    g->session_ext_master_secret_status(session) == 0)
		return;
	if (g->session_channel_binding(
		session, GNUTLS_CB_TLS_EXPORTER, &bytes) < 0)
		return;
	if (bytes.size == sizeof(info->exporter)) {
		memcpy(info->exporter, bytes.data, bytes.size);
		info->exporter_size = bytes.size;
	}
	(*g->free)(bytes.data);
}
