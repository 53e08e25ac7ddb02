/* What the uplink tells becomes the engine's events, on the worker's thread. */
#include "redis/news.h"

#include <stdlib.h>

#include "redis/engine_private.h"

static void
tell_change(struct redis_engine *e, uint64_t seq, const struct note_text *note)
{
	enum { PORTION = 64 };
	struct str patterns[PORTION], rest = note->patterns;
	size_t n = 0;

	do {
		if (rest.n)
			patterns[n++] = text_cut_word(&rest);
		if (n == PORTION || !rest.n) {
			e->events->on_change(e->arg, seq, note->client_id,
					     note->word == NOTE_MORE ? '+' : '-',
					     patterns, n);
			n = 0;
		}
	} while (rest.n);
}

static void
tell_note(struct redis_engine *e, uint64_t seq, struct str text)
{
	struct note_text note = text_read_note(text);

	switch (note.word) {
	case NOTE_TAKEN:
		e->events->on_taken(e->arg, seq, note.client_id, note.turn, note.connect);
		break;
	case NOTE_GONE:
		e->events->on_gone(e->arg, seq, note.client_id, note.turn);
		break;
	case NOTE_MORE:
	case NOTE_LESS:
		tell_change(e, seq, &note);
		break;
	default:
		break;
	}
}

static void
on_news(struct mail *m)
{
	struct news *news = list_entry(m, struct news, mail);
	struct redis_engine *e = news->engine;
	struct str text = { news->text, news->n };

	switch (news->kind) {
	case NEWS_MESSAGE:
		e->events->on_message(e->arg, news->message);
		break;
	case NEWS_NOTE:
		tell_note(e, news->seq, text);
		break;
	case NEWS_WANTED:
		e->events->on_wanted(e->arg, text);
		break;
	case NEWS_DOWN:
		e->events->on_down(e->arg);
		break;
	case NEWS_UP:
		e->events->on_up(e->arg);
		break;
	case NEWS_ISLAND:
		e->events->on_island(e->arg, news->message, news->seq);
		break;
	case NEWS_MAINLAND:
		news->message->seq = news->seq;
		e->events->on_mainland(e->arg, news->message, news->k);
		break;
	case NEWS_RESTORE:
		e->restoring = news->k;
		e->events->on_restore(e->arg, news->seq != 0);
		break;
	case NEWS_BEAT:
		e->events->on_beat(e->arg, news->seq);
	}
	uplink_handled(e->crew->uplink, news->cost);
	news_free(news);
}

struct news *
news_new(enum news_kind kind, uint64_t seq, struct str text)
{
	struct news *news = calloc(1, sizeof(*news) + text.n);

	if (!news)
		return NULL;
	news->mail.run = on_news;
	news->kind = kind;
	news->seq = seq;
	news->n = text.n;
	if (text.n)
		memcpy(news->text, text.p, text.n);
	return news;
}

void
news_free(struct news *news)
{
	frozen_unref(news->message);
	free(news);
}

void
news_drop(struct mail *m)
{
	if (m->run == on_news)
		news_free(list_entry(m, struct news, mail));
}
