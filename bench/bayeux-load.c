/* bayeux-load: put a Bayeux server under a known load and account for every
 * message. Exit status: 0; 1 when the run was not sound; 2 for wrong usage;
 * 3 when it could not be made at all. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "report.h"

/* A connection is a file: take what the administrator grants. */
static void
raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static int
run_and_report(const struct options *opt)
{
	struct figures figures;
	struct load load;
	int rc, status;

	rc = load_init(&load, opt);
	if (!rc)
		rc = run_scenario(&load, &figures);
	if (rc) {
		fprintf(stderr, "bayeux-load: %s\n",
			rc == RUN_NOBODY_READY ? "nobody could connect"
			: rc == RUN_NO_REDIS   ? "no answer from Redis"
					       : strerror(-rc));
		status = 3;
	} else {
		if (opt->json)
			report_json(&load, &figures);
		else
			report_text(&load, &figures);
		status = run_sound(&load, &figures) || opt->allow_loss ? 0 : 1;
	}
	load_clear(&load);
	return status;
}

int
main(int argc, char **argv)
{
	struct options opt;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = options_parse(&opt, argc, argv);
	if (rc == OPTIONS_HELP) {
		fputs(options_usage, stdout);
		return 0;
	}
	if (rc)
		return 2;
	raise_file_limit();
	return run_and_report(&opt);
}
