#include "bayeux/advice.h"

/* The last of that name counts, as in JSON.parse. */
static struct span
find_timeout(const struct span *advice)
{
	struct span key, value, timeout = { 0 };
	struct scan sc;

	if (advice->type != SCAN_OBJECT)
		return timeout;
	/* It was read before, within the limit on nesting. */
	scan_init(&sc, advice->text, SCAN_DEPTH_LIMIT);
	if (scan_enter(&sc))
		return timeout;
	while (scan_member(&sc, &key) == 0 && scan_value(&sc, &value) == 0)
		if (span_is(&key, STR("timeout")))
			timeout = value;
	return timeout;
}

double
advice_timeout_ms(const struct span *advice)
{
	struct span timeout = find_timeout(advice);
	double ms = timeout.type == SCAN_TRUE ? 1 : span_number(&timeout);

	if (timeout.type == SCAN_ABSENT)
		return -1;
	return ms > 0 ? ms : 0; /* NAN too */
}
