#include "transport/metrics.h"

bool
metrics_is_asked(struct str method, struct str path)
{
	return str_equal(path, STR("/metrics")) &&
	       (str_equal(method, STR("GET")) || str_equal(method, STR("HEAD")));
}
