#include "transport/upgrade.h"

#include <nettle/base64.h>
#include <nettle/sha1.h>
#include <stdio.h>

bool
upgrade_is_asked(const struct head *h)
{
	return head_has_token(h, STR("Upgrade"), STR("websocket"));
}

/* RFC 6455 4.2.2, point 5.4 */
static void
put_accept(struct str key, char accept[UPGRADE_ACCEPT_BYTES])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha;

	sha1_init(&sha);
	sha1_update(&sha, key.n, (const uint8_t *)key.p);
	sha1_update(&sha, sizeof(guid) - 1, (const uint8_t *)guid);
	sha1_digest(&sha, sizeof(digest), digest);
	base64_encode_raw(accept, sizeof(digest), digest);
	accept[UPGRADE_ACCEPT_BYTES - 1] = '\0';
}

static bool
is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/';
}

/* RFC 6455 4.2.1, point 5: sixteen bytes in base64. */
static bool
is_key(struct str key)
{
	size_t i;

	for (i = 0; i < key.n; i++)
		if (!is_base64(key.p[i]))
			break;
	return i == 22 && str_equal((struct str){ key.p + i, key.n - i }, STR("=="));
}

/* Its first bytes would be taken for frames. */
static bool
has_body(const struct head *h)
{
	const struct str *length = head_find(h, STR("Content-Length"));

	return (length && !str_equal(*length, STR("0"))) ||
	       head_find(h, STR("Transfer-Encoding"));
}

/* The texts are Faye's (websocket-driver: hybi), as far as it has any. */
int
upgrade_check(const struct head *h, char accept[UPGRADE_ACCEPT_BYTES],
	      char why[UPGRADE_WHY_BYTES])
{
	const struct str *key = head_find(h, STR("Sec-WebSocket-Key"));
	const struct str *version = head_find(h, STR("Sec-WebSocket-Version"));

	why[0] = '\0';
	if (!str_equal(h->method, STR("GET")) || h->minor != 1)
		snprintf(why, UPGRADE_WHY_BYTES, "A WebSocket begins with GET and HTTP/1.1");
	else if (!head_has_token(h, STR("Connection"), STR("Upgrade")))
		snprintf(why, UPGRADE_WHY_BYTES, "Missing handshake request header: Connection");
	else if (!version)
		snprintf(why, UPGRADE_WHY_BYTES,
			 "Missing handshake request header: Sec-WebSocket-Version");
	else if (head_count(h, STR("Sec-WebSocket-Version")) > 1)
		snprintf(why, UPGRADE_WHY_BYTES, "More than one Sec-WebSocket-Version");
	else if (!str_equal(*version, STR(UPGRADE_VERSION)))
		snprintf(why, UPGRADE_WHY_BYTES, "Unsupported WebSocket version: %.*s",
			 version->n < 32 ? (int)version->n : 32, version->p);
	else if (!key || key->n == 0)
		snprintf(why, UPGRADE_WHY_BYTES,
			 "Missing handshake request header: Sec-WebSocket-Key");
	else if (!is_key(*key) || head_count(h, STR("Sec-WebSocket-Key")) > 1)
		snprintf(why, UPGRADE_WHY_BYTES,
			 "Invalid handshake request header: Sec-WebSocket-Key");
	else if (has_body(h))
		snprintf(why, UPGRADE_WHY_BYTES, "A WebSocket request has no body");
	if (why[0])
		return 400;
	put_accept(*key, accept);
	return 0;
}
