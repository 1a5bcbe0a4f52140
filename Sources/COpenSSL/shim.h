#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static const long shim_one_line = XN_FLAG_ONELINE;

// Macros with casts that Swift does not import.
static inline BIO *shim_bio_from_memory(const void *bytes, int count) { return BIO_new_mem_buf(bytes, count); }
static inline long shim_bio_memory(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }
static inline EVP_PKEY *shim_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline EVP_PKEY *shim_generate_rsa(unsigned int bits) { return EVP_RSA_gen(bits); }
static inline void shim_free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }
static inline int shim_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline const GENERAL_NAME *shim_name(const GENERAL_NAMES *names, int index) { return sk_GENERAL_NAME_value(names, index); }
static inline const ASN1_IA5STRING *shim_dns_name(const GENERAL_NAME *name) {
    return name->type == GEN_DNS ? name->d.dNSName : NULL;
}
static inline int shim_revoked_count(X509_CRL *list) {
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(list);
    return revoked ? sk_X509_REVOKED_num(revoked) : 0;
}
// Writes a serial number in hexadecimal digits.
static inline int shim_print_revoked_serial(BIO *bio, X509_CRL *list, int index) {
    return i2a_ASN1_INTEGER(bio, X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(X509_CRL_get_REVOKED(list), index)));
}
static inline GENERAL_NAMES *shim_new_names(void) { return sk_GENERAL_NAME_new_null(); }
// Returns 1, or 0 when the name could not be added.
static inline int shim_add_dns_name(GENERAL_NAMES *names, const char *bytes, int count) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    if (name && text && ASN1_STRING_set(text, bytes, count)) {
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        if (sk_GENERAL_NAME_push(names, name)) return 1;
        text = NULL;
    }
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(name);
    return 0;
}
