#include "redis/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_HIREDIS_SSL

#include <arpa/inet.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls {
	SSL_CTX *settings;
	SSL *session; /* shared with the context, which goes first */
};

static bool
is_address(const char *host)
{
	struct in6_addr in6;
	struct in_addr in;

	return inet_pton(AF_INET, host, &in) == 1 || inet_pton(AF_INET6, host, &in6) == 1;
}

/* Whose certificate we want to see. */
static bool
expect_host(SSL *session, const char *host)
{
	char name[REDIS_URL_HOST_BYTES]; /* the macro below drops a const */

	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
	snprintf(name, sizeof(name), "%s", host);
	return SSL_set1_host(session, name) && SSL_set_tlsext_host_name(session, name);
}

static bool
make_session(struct tls *tls, const char *host)
{
	tls->settings = SSL_CTX_new(TLS_client_method());
	if (!tls->settings || !SSL_CTX_set_default_verify_paths(tls->settings) ||
	    !SSL_CTX_set_min_proto_version(tls->settings, TLS1_2_VERSION))
		return false;
	SSL_CTX_set_verify(tls->settings, SSL_VERIFY_PEER, NULL);
	tls->session = SSL_new(tls->settings);
	return tls->session && expect_host(tls->session, host);
}

int
tls_new(struct tls **out, redisContext *context, const char *host,
	char why[WIRE_WHY_BYTES])
{
	struct tls *tls = calloc(1, sizeof(*tls));

	ERR_clear_error();
	if (!tls || !make_session(tls, host)) {
		snprintf(why, WIRE_WHY_BYTES, "TLS cannot be set up");
		goto fail;
	}
	SSL_up_ref(tls->session);
	if (redisInitiateSSL(context, tls->session) != REDIS_OK) {
		snprintf(why, WIRE_WHY_BYTES, "%s", tls_why(tls, context->errstr));
		SSL_free(tls->session); /* it was not taken */
		goto fail;
	}
	*out = tls;
	return 0;
fail:
	tls_free(tls);
	return -EPROTO;
}

void
tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->session);
	SSL_CTX_free(tls->settings);
	free(tls);
}

bool
tls_is_agreed(const struct tls *tls)
{
	return SSL_is_init_finished(tls->session);
}

const char *
tls_why(const struct tls *tls, const char *otherwise)
{
	long rc = SSL_get_verify_result(tls->session);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (rc != X509_V_OK)
		return X509_verify_cert_error_string(rc);
	return reason ? reason : otherwise;
}

#else /* redis_url_parse() refuses rediss:// then */

int
tls_new(struct tls **out, redisContext *context, const char *host,
	char why[WIRE_WHY_BYTES])
{
	(void)out;
	(void)context;
	(void)host;
	snprintf(why, WIRE_WHY_BYTES, "no TLS in this build");
	return -EPROTO;
}

void
tls_free(struct tls *tls)
{
	(void)tls;
}

bool
tls_is_agreed(const struct tls *tls)
{
	(void)tls;
	return true;
}

const char *
tls_why(const struct tls *tls, const char *otherwise)
{
	(void)tls;
	return otherwise;
}

#endif
