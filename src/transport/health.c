#include "transport/health.h"

bool
health_is_asked(struct str method, struct str path)
{
	if (str_equal(method, STR("OPTIONS")) && str_equal(path, STR("/")))
		return true;
	return str_equal(path, STR("/health")) &&
	       (str_equal(method, STR("GET")) || str_equal(method, STR("HEAD")) ||
		str_equal(method, STR("OPTIONS")));
}
