#include <stdio.h>
#include <string.h>

#include "server/config.h"
#include "server/server.h"

int
main(int argc, char **argv)
{
	char error[CONFIG_ERROR_BYTES];
	struct config cfg;
	int rc = server_config_read(&cfg, argc, argv, stdout, error);

	if (rc < 0) {
		fprintf(stderr, "fayed: %s\n", strerror(-rc));
		return 1;
	}
	switch ((enum config_result)rc) {
	case CONFIG_EXIT_OK:
		return 0;
	case CONFIG_WRONG:
		fprintf(stderr, "%s\n", error);
		return 2;
	case CONFIG_RUN:
		break;
	}
	rc = server_run(&cfg);
	server_config_clear(&cfg);
	return rc;
}
