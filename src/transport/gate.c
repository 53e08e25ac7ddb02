#include "transport/gate.h"

#include <stdio.h>

#include "transport/asked.h"
#include "transport/upgrade.h"

enum { SHOWN_BYTES = 100 };

/* Messages in a query: a page of any site may load that as a script (JSONP),
 * without Origin, and keep the Referer back. */
static bool
is_script_call(const struct head *head)
{
	return !upgrade_is_asked(head) && asked_by(head) == ASKED_QUERY;
}

/* `value` is hostile: of the log it gets a bounded piece, in one word. */
static void
say(struct gate *g, struct str value)
{
	char line[SHOWN_BYTES + 80], shown[SHOWN_BYTES + 1];
	size_t i, n = value.n < SHOWN_BYTES ? value.n : SHOWN_BYTES;

	for (i = 0; i < n; i++)
		shown[i] = value.p[i] > ' ' && value.p[i] < 0x7f ? value.p[i] : '?';
	shown[n] = '\0';
	snprintf(line, sizeof(line),
		 "gate: refused origin=%s (if it is yours, add it to origins)",
		 n ? shown : "unknown");
	log_limited(g->log, &g->lines, loop_now_ms(g->loop), 1, line);
}

bool
gate_admits(struct gate *g, const struct head *head)
{
	const struct str *told = head_find(head, STR("Origin"));
	bool admitted;

	if (g->origins.count == 0)
		return true;
	if (told) {
		admitted = origins_allow(&g->origins, *told);
	} else {
		/* Old browsers name the page alone; programs name nothing. */
		told = head_find(head, STR("Referer"));
		admitted = told ? origins_allow_page(&g->origins, *told)
				: !is_script_call(head);
	}
	if (!admitted) {
		g->refused++;
		say(g, told ? *told : STR(""));
	}
	return admitted;
}
