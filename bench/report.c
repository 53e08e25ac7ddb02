#include "report.h"

#include <inttypes.h>
#include <stdio.h>

static double
ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static double
ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static double
quantile_ms(const struct hist *h, double q)
{
	return ms(hist_quantile(h, q));
}

static double
rss_per_client(const struct load *load, const struct figures *f)
{
	return ratio((double)f->rss_ready - (double)f->rss_before,
		     load->client_count);
}

static void
text_setup(const struct load *load, const struct figures *f)
{
	const struct tally *t = &load->tally;

	printf("  setup       %" PRIu64 " of %u clients ready in %.3f s = %.0f/s, "
	       "p50 %.1f ms, max %.1f ms, errors %" PRIu64,
	       t->ready, load->client_count, f->setup_s,
	       ratio((double)t->ready, f->setup_s),
	       quantile_ms(&load->setup_time, 0.5), ms(load->setup_time.max),
	       t->setup_errors);
	if (load->opt->pid_count)
		printf(", server CPU %.3f ms/client",
		       ratio(f->setup_cpu_s * 1e3, load->client_count));
	printf("\n");
}

static void
text_server(const struct load *load, const struct figures *f)
{
	printf("  server      CPU %.3f s in %.2f s (%.0f %% of a core)",
	       f->cpu_s, f->elapsed_s, 100 * ratio(f->cpu_s, f->elapsed_s));
	if (f->deliveries)
		printf(", %.2f CPU s per million deliveries",
		       f->cpu_s * 1e6 / (double)f->deliveries);
	if (f->acks)
		printf(", %.1f per million publishes",
		       f->cpu_s * 1e6 / (double)f->acks);
	printf("\n  server RSS  before %.1f MB, %u clients ready %.1f MB "
	       "(%.2f kB each), peak %.1f MB, after %.1f MB\n",
	       (double)f->rss_before / 1e6, load->client_count,
	       (double)f->rss_ready / 1e6, rss_per_client(load, f) / 1e3,
	       (double)f->rss_peak / 1e6, (double)f->rss_after / 1e6);
}

static void
text_messages(const struct load *load, const struct figures *f)
{
	const struct tally *t = &load->tally;

	printf("  published   %" PRIu64 " = %.0f/s, acknowledged %" PRIu64
	       ", refused %" PRIu64 ", skipped %" PRIu64 "\n",
	       f->published, ratio((double)f->published, f->elapsed_s),
	       f->acks, t->refused, f->skipped);
	printf("  delivered   %" PRIu64 " = %.0f/s\n", f->deliveries,
	       ratio((double)f->deliveries, f->elapsed_s));
	printf("  latency     p50 %.2f ms, p99 %.2f, p99.9 %.2f, max %.2f\n",
	       quantile_ms(&load->latency, 0.5),
	       quantile_ms(&load->latency, 0.99),
	       quantile_ms(&load->latency, 0.999), ms(load->latency.max));
	printf("  lost %" PRIu64 " (and %" PRIu64 " never acknowledged), "
	       "duplicated %" PRIu64 ", out of order %" PRIu64
	       ", unexpected %" PRIu64 ", damaged %" PRIu64 "\n",
	       f->lost, f->lost_unacked, t->duplicated, t->reordered,
	       t->unexpected, t->damaged);
}

void
report_text(const struct load *load, const struct figures *f)
{
	const struct options *opt = load->opt;
	const struct tally *t = &load->tally;

	printf("%s: %s, %u subscribers, %u publishers, %u channels, %s, "
	       "payload %u B, %s loop\n",
	       *opt->name ? opt->name : "bayeux-load",
	       scenario_names[opt->scenario], opt->clients, opt->publishers,
	       opt->channels,
	       opt->protocol == PROTOCOL_BAYEUX
		       ? transport_names[opt->transport]
		       : protocol_names[opt->protocol],
	       opt->payload, opt->rate > 0 ? "open" : "closed");
	text_setup(load, f);
	if (opt->pid_count)
		text_server(load, f);
	if (load->stream_count)
		text_messages(load, f);
	if (t->losses)
		printf("  connections lost %" PRIu64 ", sessions resumed "
		       "%" PRIu64 ", new handshakes %" PRIu64 ", sent again "
		       "%" PRIu64 "\n",
		       t->losses, t->resumed, t->rehandshakes, t->resent);
	if (opt->slow)
		printf("  slow        %u clients not reading: %" PRIu64
		       " cut off; got %" PRIu64 " of %" PRIu64
		       " messages once they read\n",
		       opt->slow, t->slow_closed, t->slow_deliveries,
		       f->slow_expected);
	if (opt->redis)
		printf("  redis       %" PRIu64
		       " commands = %.1f per publish, CPU %.2f s\n",
		       f->redis.commands,
		       ratio((double)f->redis.commands, (double)f->published),
		       f->redis.cpu_s);
	if (load->killed_ns)
		printf("  killed      %" PRIu64 " of %u served again, the last "
		       "after %.0f ms\n",
		       t->served_again, opt->clients, f->recovery_s * 1e3);
	printf("  this tool   %.0f %% of a core%s\n", 100 * f->own_share,
	       f->own_share > 0.9 ? " - IT MAY BE THE BOTTLENECK" : "");
}

static void
json_count(const char *name, uint64_t n)
{
	printf(",\"%s\":%" PRIu64, name, n);
}

static void
json_real(const char *name, double v)
{
	printf(",\"%s\":%.4f", name, v);
}

static void
json_setup(const struct load *load, const struct figures *f)
{
	json_count("ready", load->tally.ready);
	json_count("not_ready", load->client_count - load->tally.ready);
	json_count("setup_errors", load->tally.setup_errors);
	json_real("setup_s", f->setup_s);
	json_real("setup_per_s", ratio((double)load->tally.ready, f->setup_s));
	json_real("setup_cpu_s", f->setup_cpu_s);
	json_real("setup_p50_ms", quantile_ms(&load->setup_time, 0.5));
	json_real("setup_max_ms", ms(load->setup_time.max));
}

static void
json_redis_calls(const struct redis_stats *stats)
{
	const char *comma = "";

	printf(",\"redis_calls\":{");
	for (unsigned i = 0; i < stats->names; i++) {
		if (stats->by_name[i].calls == 0)
			continue;
		printf("%s\"%s\":%" PRIu64, comma, stats->by_name[i].name,
		       stats->by_name[i].calls);
		comma = ",";
	}
	printf("}");
}

static void
json_server(const struct load *load, const struct figures *f)
{
	json_real("server_cpu_s", f->cpu_s);
	json_real("cpu_s_per_million_deliveries",
		  ratio(f->cpu_s * 1e6, (double)f->deliveries));
	json_real("cpu_s_per_million_publishes",
		  ratio(f->cpu_s * 1e6, (double)f->acks));
	json_count("rss_before", f->rss_before);
	json_count("rss_ready", f->rss_ready);
	json_count("rss_peak", f->rss_peak);
	json_count("rss_after", f->rss_after);
	json_real("rss_per_client", rss_per_client(load, f));
	json_count("redis_commands", f->redis.commands);
	json_real("redis_cpu_s", f->redis.cpu_s);
	json_redis_calls(&f->redis);
	json_real("tool_share", f->own_share);
}

static void
json_messages(const struct load *load, const struct figures *f)
{
	const struct tally *t = &load->tally;

	json_real("elapsed_s", f->elapsed_s);
	json_count("published", f->published);
	json_count("acked", f->acks);
	json_real("acked_per_s", ratio((double)f->acks, f->elapsed_s));
	json_count("refused", t->refused);
	json_count("skipped", f->skipped);
	json_count("deliveries", f->deliveries);
	json_real("deliveries_per_s",
		  ratio((double)f->deliveries, f->elapsed_s));
	json_real("p50_ms", quantile_ms(&load->latency, 0.5));
	json_real("p99_ms", quantile_ms(&load->latency, 0.99));
	json_real("p999_ms", quantile_ms(&load->latency, 0.999));
	json_real("max_ms", ms(load->latency.max));
	json_count("polls", f->polls);
	json_real("polls_per_s", ratio((double)f->polls, f->elapsed_s));
	json_count("expected", f->expected);
	json_count("delivered", t->deliveries);
	json_count("lost", f->lost);
	json_count("lost_unacked", f->lost_unacked);
	json_count("duplicated", t->duplicated);
	json_count("sent_again", t->resent);
	json_count("out_of_order", t->reordered);
	json_count("unexpected", t->unexpected);
	json_count("damaged", t->damaged);
	json_count("slow_closed", t->slow_closed);
	json_count("slow_deliveries", t->slow_deliveries);
	json_count("slow_expected", f->slow_expected);
	json_count("connections_lost", t->losses);
	json_count("resumed", t->resumed);
	json_count("rehandshakes", t->rehandshakes);
	json_count("pings", load->net.pings);
	json_count("served_again", t->served_again);
	json_real("recovery_ms", f->recovery_s * 1e3);
}

void
report_json(const struct load *load, const struct figures *f)
{
	const struct options *opt = load->opt;

	printf("{\"name\":\"%s\",\"scenario\":\"%s\",\"protocol\":\"%s\","
	       "\"transport\":\"%s\"",
	       opt->name, scenario_names[opt->scenario],
	       protocol_names[opt->protocol],
	       transport_names[opt->transport]);
	json_count("clients", opt->clients);
	json_count("idle_ws", opt->idle_ws);
	json_count("idle_polling", opt->idle_polling);
	json_count("publishers", opt->publishers);
	json_count("channels", opt->channels);
	json_count("payload", opt->payload);
	json_real("rate", opt->rate);
	json_setup(load, f);
	json_messages(load, f);
	json_server(load, f);
	printf(",\"ok\":%s}\n", run_sound(load, f) ? "true" : "false");
}
