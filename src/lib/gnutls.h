/*
 * gnutls: the functions of libgnutls, opened when TLS or an IDN is first needed.
 *
 * Linked, it would cost every run 2 ms, also those without TLS.  The members are
 * the library's functions without the prefix: g->record_recv(...) is
 * gnutls_record_recv(...).  A function that is needed besides these is one more
 * line in GNUTLS_FUNCTIONS.
 */
#ifndef LIB_GNUTLS_H
#define LIB_GNUTLS_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>

#include "lib/error.h"

#define GNUTLS_FUNCTIONS(X)                    \
	X(alert_get)                           \
	X(alert_get_name)                      \
	X(alert_send)                          \
	X(alert_send_appropriate)              \
	X(bye)                                 \
	X(certificate_allocate_credentials)    \
	X(certificate_free_credentials)        \
	X(certificate_get_peers)               \
	X(certificate_set_trust_list)          \
	X(certificate_type_get)                \
	X(certificate_verify_peers)            \
	X(check_version)                       \
	X(cipher_get)                          \
	X(cipher_get_name)                     \
	X(credentials_set)                     \
	X(deinit)                              \
	X(error_is_fatal)                      \
	X(free)                                \
	X(group_get)                           \
	X(group_get_name)                      \
	X(handshake)                           \
	X(hash)                                \
	X(hash_deinit)                         \
	X(hash_fast)                           \
	X(hash_init)                           \
	X(hmac_fast)                           \
	X(idna_map)                            \
	X(idna_reverse_map)                    \
	X(init)                                \
	X(kx_get)                              \
	X(kx_get_name)                         \
	X(pbkdf2)                              \
	X(priority_deinit)                     \
	X(priority_init)                       \
	X(priority_protocol_list)              \
	X(priority_set_direct)                 \
	X(protocol_get_name)                   \
	X(protocol_get_version)                \
	X(record_recv)                         \
	X(record_send)                         \
	X(server_name_set)                     \
	X(session_channel_binding)             \
	X(session_ext_master_secret_status)    \
	X(session_get_data2)                   \
	X(session_get_flags)                   \
	X(session_is_resumed)                  \
	X(session_set_data)                    \
	X(strerror)                            \
	X(transport_set_errno)                 \
	X(transport_set_ptr)                   \
	X(transport_set_pull_function)         \
	X(transport_set_pull_timeout_function) \
	X(transport_set_vec_push_function)     \
	X(utf8_password_normalize)             \
	X(x509_crl_deinit)                     \
	X(x509_crl_get_issuer_dn)              \
	X(x509_crl_get_next_update)            \
	X(x509_crl_get_raw_issuer_dn)          \
	X(x509_crl_get_this_update)            \
	X(x509_crl_import)                     \
	X(x509_crl_init)                       \
	X(x509_crl_verify)                     \
	X(x509_crt_check_issuer)               \
	X(x509_crt_check_revocation)           \
	X(x509_crt_deinit)                     \
	X(x509_crt_get_activation_time)        \
	X(x509_crt_get_crl_dist_points)        \
	X(x509_crt_get_dn)                     \
	X(x509_crt_get_expiration_time)        \
	X(x509_crt_get_issuer_dn)              \
	X(x509_crt_get_key_id)                 \
	X(x509_crt_get_raw_dn)                 \
	X(x509_crt_get_raw_issuer_dn)          \
	X(x509_crt_get_subject_alt_name2)      \
	X(x509_crt_import)                     \
	X(x509_crt_init)                       \
	X(x509_trust_list_add_cas)             \
	X(x509_trust_list_add_crls)            \
	X(x509_trust_list_deinit)              \
	X(x509_trust_list_get_issuer_by_dn)    \
	X(x509_trust_list_init)

/* Those of who shows a certificate of his own. */
#define GNUTLS_KEYS_FUNCTIONS(X)              \
	X(certificate_set_retrieve_function2) \
	X(certificate_set_verify_function)    \
	X(free)                               \
	X(pcert_deinit)                       \
	X(pcert_import_x509)                  \
	X(pkcs12_deinit)                      \
	X(pkcs12_import)                      \
	X(pkcs12_init)                        \
	X(pkcs12_simple_parse)                \
	X(pkcs12_verify_mac)                  \
	X(privkey_deinit)                     \
	X(privkey_import_url)                 \
	X(privkey_import_x509)                \
	X(privkey_import_x509_raw)            \
	X(privkey_init)                       \
	X(privkey_set_pin_function)           \
	X(pubkey_deinit)                      \
	X(pubkey_get_key_id)                  \
	X(pubkey_import_privkey)              \
	X(pubkey_init)                        \
	X(session_get_ptr)                    \
	X(session_set_ptr)                    \
	X(strerror)                           \
	X(x509_crt_deinit)                    \
	X(x509_crt_get_activation_time)       \
	X(x509_crt_get_expiration_time)       \
	X(x509_crt_get_key_id)                \
	X(x509_crt_list_import2)              \
	X(x509_crt_list_import_url)

struct gnutls_keys {
#define GNUTLS_MEMBER(name) __typeof__(&gnutls_##name) name;
	GNUTLS_KEYS_FUNCTIONS(GNUTLS_MEMBER)
#undef GNUTLS_MEMBER
};

struct gnutls {
#define GNUTLS_MEMBER(name) __typeof__(&gnutls_##name) name;
	GNUTLS_FUNCTIONS(GNUTLS_MEMBER)
#undef GNUTLS_MEMBER
};

/* As library_open. */
int gnutls_open(struct gnutls *, struct error *);
int gnutls_keys_open(struct gnutls_keys *, struct error *);

#endif
