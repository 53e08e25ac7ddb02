#include "bayeux/advice.h"

#include <jansson.h>

#include "util/number.h"

static double
number_of(const json_t *value)
{
	if (json_is_number(value))
		return json_number_value(value);
	if (json_is_true(value))
		return 1;
	if (json_is_string(value))
		return number_parse((struct str){ json_string_value(value),
						  json_string_length(value) });
	return 0;
}

double
advice_timeout_ms(const struct span *advice)
{
	const json_t *timeout;
	double ms = -1;
	json_t *whole;

	if (advice->type != SCAN_OBJECT)
		return -1;
	whole = json_loadb(advice->text.p, advice->text.n, JSON_ALLOW_NUL, NULL);
	timeout = json_object_get(whole, "timeout");
	if (timeout) {
		ms = number_of(timeout);
		ms = ms > 0 ? ms : 0; /* NAN too */
	}
	json_decref(whole);
	return ms;
}
