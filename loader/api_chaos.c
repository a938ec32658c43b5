/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GET /v1/chaos, POST /v1/chaos/stop (docs/api.md). */
#include "loader/api_chaos.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/chaos_json.h"
#include "loader/db.h"
#include "loader/policy_internal.h"

void api_chaos_get(struct agent *agent, struct api_request *req)
{
	json_t *list = json_array();

	for (struct experiment *x = chaos_next(agent->chaos, NULL); x;
	     x = chaos_next(agent->chaos, x))
		json_array_append_new(list, chaos_json(agent, x));
	api_reply(req, list);
}

/**
 * struct stopping - one that waits for the commit and for the grace period
 * @numbers: experiments that were stopped, @count
 * @waiting: for how many of both; the last one answers
 * @gone:    the server has answered by itself
 */
struct stopping {
	struct agent *agent;
	struct api_request *req;
	uint32_t numbers[AXO_MAX_CHAOS];
	size_t count;
	int waiting;
	bool gone;
	struct error e;
};

static void stopping_part(struct stopping *s)
{
	json_int_t draining = 0;

	if (--s->waiting)
		return;
	for (size_t i = 0; i < s->count && !s->gone; i++) {
		const struct experiment *x = chaos_by_number(s->agent->chaos, s->numbers[i]);

		draining += x ? (json_int_t)chaos_in_flight(s->agent->chaos, x) : 0;
	}
	if (!s->gone && s->e.code)
		api_fail(s->req, API_DATABASE, "%s", s->e.msg);
	else if (!s->gone)
		api_reply(s->req, json_pack("{s:I, s:I}", "stopped", (json_int_t)s->count,
					    "draining", draining));
	free(s);
}

static void stopping_committed(void *arg, const struct error *e)
{
	struct stopping *s = arg;

	if (e) {
		s->e = *e;
		s->e.code = e->code ? e->code : -EIO;
	}
	stopping_part(s);
}

static void stopping_settled(void *arg, bool settled)
{
	struct stopping *s = arg;

	s->gone |= !settled;
	stopping_part(s);
}

/* The answer comes when it is durable, and when no program is left that saw it run. */
static void answer_later(struct stopping *s)
{
	struct error e = {.code = -ENOMEM, .msg = "no memory"};

	s->waiting = 2;
	if (policy_settle(s->agent->policy, stopping_settled, s) < 0) {
		api_fail(s->req, API_DATABASE, "%s", e.msg);
		free(s);
		return;
	}
	if (db_wait(s->agent->db, stopping_committed, s, &e) < 0)
		stopping_committed(s, &e);
}

static bool is_meant(const struct experiment *x, const char *name)
{
	return !name || !strcmp(x->policy, name) || !strcmp(x->name, name);
}

static bool is_over(const struct experiment *x)
{
	enum chaos_state s = chaos_state(x);

	return s != CHAOS_STATE_RUNNING && s != CHAOS_STATE_SCHEDULED;
}

/* Return: how many are meant, or negative errno. */
static int stop_all(struct stopping *s, const char *name, struct error *e)
{
	struct chaos *c = s->agent->chaos;
	int meant = 0;

	for (struct experiment *x = chaos_next(c, NULL); x; x = chaos_next(c, x)) {
		int r;

		if (!is_meant(x, name))
			continue;
		meant++;
		if (is_over(x))
			continue;
		r = chaos_stop(c, x, e);
		if (r < 0)
			return r;
		s->numbers[s->count++] = x->row.number;
	}
	return meant;
}

void api_chaos_stop(struct agent *agent, struct api_request *req)
{
	const char *name;
	struct stopping *s;
	struct error e;
	int r;

	if (!api_keys_check(req, "name", NULL) || !api_text(req, "name", false, &name))
		return;
	s = calloc(1, sizeof(*s));
	if (!s) {
		api_fail(req, API_TRY_LATER, "the agent has no memory for the answer");
		return;
	}
	s->agent = agent;
	s->req = req;
	r = stop_all(s, name, &e);
	if (r == 0 && name)
		api_fail(
			req, API_NOT_FOUND,
			"there is no experiment %.200s: expected NAMESPACE/NAME of a policy, or the "
			"name that `axoneme chaos list` shows",
			name);
	else if (r < 0)
		api_fail(req, API_KERNEL, "%s", e.msg);
	else
		return answer_later(s);
	free(s);
}
