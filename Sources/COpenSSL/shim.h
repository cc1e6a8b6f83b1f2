// OpenSSL, with functions for its function-like macros.
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// OpenSSL's function-like macros, as functions that Swift can call.
static inline long usher_SSL_CTX_set_min_tls12(SSL_CTX *context) {
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}
static inline long usher_SSL_CTX_set_modes(SSL_CTX *context) {
  return SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
}
static inline uint64_t usher_SSL_CTX_set_safe_options(SSL_CTX *context) {
  return SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                          SSL_OP_CIPHER_SERVER_PREFERENCE);
}
static inline long usher_SSL_CTX_disable_session_cache(SSL_CTX *context) {
  return SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline void usher_SSL_CTX_disable_tickets(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
}
static inline long usher_SSL_set_server_name(SSL *session, const char *name) {
  return SSL_set_tlsext_host_name(session, name);
}
static inline void usher_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void usher_BIO_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline EVP_PKEY *usher_new_P256_key(void) { return EVP_EC_gen("P-256"); }
static inline EVP_PKEY *usher_new_ed25519_key(void) {
  return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}
static inline X509_EXTENSION *usher_X509_extension(int nid, const char *value, X509 *issuer,
                                                   X509 *subject) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, subject, NULL, NULL, 0);
  return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}
static inline GENERAL_NAMES *usher_X509_alternative_names(const X509 *certificate) {
  return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int usher_GENERAL_NAMES_count(const GENERAL_NAMES *names) {
  return sk_GENERAL_NAME_num(names);
}
// The kind of a name (GEN_DNS and so on) and, for those that are strings, its bytes.
static inline int usher_GENERAL_NAMES_value(const GENERAL_NAMES *names, int index,
                                            const unsigned char **bytes, int *count) {
  const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
  switch (name->type) {
    case GEN_DNS:
    case GEN_URI:
    case GEN_EMAIL:
    case GEN_IPADD:
      *bytes = ASN1_STRING_get0_data(name->d.ia5);
      *count = ASN1_STRING_length(name->d.ia5);
  }
  return name->type;
}
static inline int usher_X509_CRL_revoke(X509_CRL *list, uint64_t serial, time_t at) {
  X509_REVOKED *entry = X509_REVOKED_new();
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  ASN1_TIME *time = ASN1_TIME_set(NULL, at);
  int done = entry && number && time && ASN1_INTEGER_set_uint64(number, serial) &&
             X509_REVOKED_set_serialNumber(entry, number) &&
             X509_REVOKED_set_revocationDate(entry, time) && X509_CRL_add0_revoked(list, entry);
  if (!done) X509_REVOKED_free(entry);
  ASN1_INTEGER_free(number);
  ASN1_TIME_free(time);
  return done;
}
// As RFC 2253 has it, but UTF-8 stays. Control characters are escaped, so that a name cannot forge
// a line of a log.
static inline int usher_X509_print_subject(BIO *out, const X509 *certificate) {
  return X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                            XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}
