#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define MS_NS 1000000ull
enum { TICK_MS = 10, SAMPLE_MS = 100, LOST_TOLD = 5 };

struct run {
	struct load *load;
	const struct options *opt;
	struct figures *f;
	struct pump pump;
	uint64_t next_tick, next_sample; /* ns */
	uint64_t start_ns;		 /* of measuring */
	struct redis_stats redis; /* as measuring began */
	int error; /* of the loop; sticks */
};

static bool
must_kill(const struct run *run)
{
	const struct load *load = run->load;

	return run->opt->kill_pid && !load->killed_ns &&
	       load->tally.published >= run->opt->kill_after;
}

static void
kill_server(struct run *run)
{
	struct load *load = run->load;

	for (uint32_t i = 0; i < load->stream_count; i++)
		load->streams[i].sent_before_kill = load->streams[i].sent;
	load->killed_ns = clock_ns();
	if (kill((pid_t)run->opt->kill_pid, SIGKILL))
		run->error = -errno;
}

static void
tick(struct run *run, uint64_t now)
{
	const struct options *opt = run->opt;
	uint64_t rss;

	run->next_tick = now + TICK_MS * MS_NS;
	clients_tick(run->load, now);
	if (now < run->next_sample || opt->pid_count == 0)
		return;
	run->next_sample = now + SAMPLE_MS * MS_NS;
	rss = probe_rss_bytes(opt->pids, opt->pid_count);
	if (rss > run->f->rss_peak)
		run->f->rss_peak = rss;
}

static void
turn(struct run *run, uint64_t until)
{
	uint64_t now = clock_ns();

	if (now >= run->next_tick)
		tick(run, now);
	if (until > run->next_tick)
		until = run->next_tick;
	if (!run->error)
		run->error = net_turn(&run->load->net,
				      until > now ? until - now : 0);
}

static void
rest(struct run *run, double seconds)
{
	uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);

	while (!run->error && clock_ns() < end)
		turn(run, end);
}

static double
server_cpu(const struct run *run)
{
	return probe_cpu_seconds(run->opt->pids, run->opt->pid_count);
}

static uint64_t
server_rss(const struct run *run)
{
	return probe_rss_bytes(run->opt->pids, run->opt->pid_count);
}

static void
set_up(struct run *run)
{
	struct load *load = run->load;
	uint64_t begin = clock_ns();
	uint64_t end = begin + (uint64_t)(run->opt->setup_timeout * 1e9);
	double cpu = server_cpu(run), own = probe_own_cpu_seconds();
	uint32_t next = 0;

	run->f->rss_before = run->f->rss_peak = server_rss(run);
	while (!run->error && load->tally.ready < load->client_count &&
	       clock_ns() < end) {
		while (next < load->client_count &&
		       load->tally.in_setup < run->opt->concurrency)
			client_start(&load->clients[next++]);
		turn(run, end);
	}
	run->f->setup_s = (double)(clock_ns() - begin) / 1e9;
	run->f->setup_cpu_s = server_cpu(run) - cpu;
	run->f->own_share = (probe_own_cpu_seconds() - own) / run->f->setup_s;
}

/* Somebody looks at the idle server meanwhile. */
static void
wait_for_cue(struct run *run)
{
	char byte;

	fprintf(stderr, "bayeux-load: ready\n");
	if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0)
		run->error = -errno;
	while (!run->error && (read(STDIN_FILENO, &byte, 1) > 0 ||
			       errno == EAGAIN || errno == EINTR)) {
		turn(run, clock_ns() + 50 * MS_NS);
		errno = 0; /* what read() leaves at the end */
	}
}

static void
publish_until(struct run *run, uint64_t end)
{
	uint64_t now;

	while (!run->error && !pump_done(&run->pump) &&
	       (now = clock_ns()) < end) {
		pump_run(&run->pump, now);
		if (must_kill(run))
			kill_server(run);
		turn(run, pump_next(&run->pump, end));
	}
}

/* Each slow client has all it can get: everything, or it was cut off. */
static bool
slow_satisfied(const struct run *run)
{
	const struct load *load = run->load;
	uint64_t sent = 0; /* they are subscribed to every stream */

	for (uint32_t i = 0; i < load->stream_count; i++)
		sent += load->streams[i].sent;
	for (uint32_t i = 0; i < run->opt->clients; i++) {
		const struct client *c = &load->clients[i];

		if (c->slow && !c->cut_off && c->slow_received < sent)
			return false;
	}
	return true;
}

/* Until nothing is missing, or for --drain seconds without any news. */
static void
drain(struct run *run, bool slow)
{
	const struct tally *tally = &run->load->tally;
	uint64_t patience = (uint64_t)(run->opt->drain * 1e9);
	uint64_t seen = 0, since = clock_ns();

	while (!run->error && (slow ? !slow_satisfied(run)
				    : load_in_flight(run->load) > 0)) {
		uint64_t now = clock_ns();
		uint64_t news = tally->deliveries + tally->acks +
				tally->refused + tally->slow_deliveries;

		if (news != seen) {
			seen = news;
			since = now;
		} else if (now - since > patience) {
			return;
		}
		turn(run, now + 50 * MS_NS);
	}
}

static void
set_paused(struct run *run, bool paused)
{
	uint32_t conns = LANES * run->opt->url_count;

	for (uint32_t i = 0; i < run->opt->clients; i++)
		for (uint32_t k = 0; run->load->clients[i].slow && k < conns;
		     k++)
			conn_pause(&run->load->clients[i].conns[k], paused);
}

static int
measure_begin(struct run *run)
{
	const struct tally *tally = &run->load->tally;
	struct figures *f = run->f;

	if (run->opt->redis && !probe_redis(run->opt->redis, &run->redis))
		return RUN_NO_REDIS;
	if (run->opt->announce)
		fprintf(stderr, "bayeux-load: measuring\n");
	hist_reset(&run->load->latency);
	run->start_ns = clock_ns();
	f->deliveries = tally->deliveries;
	f->published = tally->published;
	f->acks = tally->acks;
	f->polls = tally->polls;
	f->cpu_s = server_cpu(run);
	f->own_cpu_s = probe_own_cpu_seconds();
	return 0;
}

static void
measure_end(struct run *run, uint64_t stop_ns)
{
	const struct tally *tally = &run->load->tally;
	struct figures *f = run->f;

	f->cpu_s = server_cpu(run) - f->cpu_s;
	f->own_cpu_s = probe_own_cpu_seconds() - f->own_cpu_s;
	/* a server that stops reading must not raise its rate */
	if (stop_ns < tally->last_delivery_ns)
		stop_ns = tally->last_delivery_ns;
	f->elapsed_s = (double)(stop_ns - run->start_ns) / 1e9;
	f->deliveries = tally->deliveries - f->deliveries;
	f->published = tally->published - f->published;
	f->acks = tally->acks - f->acks;
	f->polls = tally->polls - f->polls;
	if (run->opt->scenario != SCENARIO_CONNECT_STORM && f->elapsed_s > 0)
		f->own_share = f->own_cpu_s / f->elapsed_s;
	if (run->opt->redis && probe_redis(run->opt->redis, &f->redis))
		redis_stats_since(&f->redis, &run->redis);
	if (run->load->killed_ns && tally->last_served_ns)
		f->recovery_s = (double)(tally->last_served_ns -
					 run->load->killed_ns) / 1e9;
	f->rss_after = server_rss(run);
	if (f->rss_after > f->rss_peak)
		f->rss_peak = f->rss_after;
}

static void
count_track(struct run *run, uint32_t client, uint32_t stream)
{
	const struct stream *s = &run->load->streams[stream];
	const struct client *c = &run->load->clients[client];
	const struct track *t = &c->tracks[client_track(c, stream)];
	uint32_t missing = t->missing_n + (s->sent - t->next);

	for (uint32_t m = 0; m < missing; m++) {
		uint32_t seq = m < t->missing_n
				       ? t->missing[m]
				       : t->next + (m - t->missing_n);

		if (run->opt->protocol == PROTOCOL_BAYEUX && !stream_acked(s, seq))
			run->f->lost_unacked++;
		else if (run->f->lost++ < LOST_TOLD)
			fprintf(stderr,
				"bayeux-load: lost: message %u of %u on stream "
				"%u, for subscriber %u\n",
				seq, s->sent, stream, client);
	}
}

static void
count_losses(struct run *run)
{
	const struct load *load = run->load;

	for (uint32_t s = 0; s < load->stream_count; s++) {
		run->f->expected += (uint64_t)load->streams[s].sent *
				    load->streams[s].subscribers;
		for (uint32_t i = 0; i < run->opt->clients; i++) {
			if (client_track(&load->clients[i], s) < 0)
				continue;
			if (load->clients[i].slow)
				run->f->slow_expected += load->streams[s].sent;
			else
				count_track(run, i, s);
		}
	}
	run->f->skipped = run->pump.skipped;
}

static int
measure(struct run *run)
{
	const struct options *opt = run->opt;
	uint64_t end;
	int rc;

	run->pump.begin_ns = run->pump.progress_ns = clock_ns();
	if (run->load->stream_count)
		publish_until(run, run->pump.begin_ns +
					   (uint64_t)(opt->warmup * 1e9));
	rc = measure_begin(run);
	if (rc)
		return rc;
	end = run->start_ns + (uint64_t)(opt->duration * 1e9);
	if (run->load->stream_count) {
		publish_until(run, end);
		if (pump_done(&run->pump))
			end = clock_ns();
		drain(run, false);
	} else {
		rest(run, opt->duration);
	}
	measure_end(run, end);
	return 0;
}

int
run_scenario(struct load *load, struct figures *f)
{
	struct run run = { .load = load, .opt = load->opt, .f = f };
	int rc;

	*f = (struct figures){ 0 };
	run.pump = (struct pump){ .load = load, .limit = load->opt->count };
	set_up(&run);
	if (load->tally.ready == 0 && load->client_count > 0)
		return run.error ? run.error : RUN_NOBODY_READY;
	if (load->tally.ready < load->client_count)
		fprintf(stderr,
			"bayeux-load: only %" PRIu64
			" of %u clients got ready\n",
			load->tally.ready, load->client_count);
	rest(&run, load->opt->settle);
	f->rss_ready = server_rss(&run);
	if (load->opt->on_cue)
		wait_for_cue(&run);
	set_paused(&run, true);
	rc = measure(&run);
	if (rc)
		return rc;
	if (load->opt->slow) {
		set_paused(&run, false);
		drain(&run, true);
	}
	count_losses(&run);
	for (uint32_t i = 0; i < load->client_count; i++)
		client_disconnect(&load->clients[i]);
	rest(&run, 0.05); /* lets the farewells out */
	return run.error;
}

bool
run_sound(const struct load *load, const struct figures *f)
{
	const struct tally *t = &load->tally;

	return f->lost == 0 && t->duplicated == 0 && t->unexpected == 0 &&
	       t->damaged == 0 && t->ready == load->client_count;
}
