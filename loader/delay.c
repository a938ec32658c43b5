/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The delay line as the agent has it; see delay.h.
 *
 * Counting what is lost: programs count packets in and out.  An agent that dies takes those that
 * its TAP held, so what is counted and not held when a device is made is lost; for a TAP likewise what has been
 * missing for two ticks while nothing moved (the kernel dropped it on its way).
 */
#include "loader/delay.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/chaos.h"
#include "axoneme/delay.h"
#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/delay_device.h"
#include "loader/hook.h"

/* What a TAP's thread may hold: 10,000 responses of 25 KB. */
#define LINE_BYTES ((size_t)256 << 20)
#define NS_PER_US 1000

/**
 * struct delay
 * @tun_fd:  for the next TAP, or -1
 * @device:  in use, if its mode is not AXO_DELAY_NONE
 * @error:   why there was no line at the last tick
 * @missing: by experiment: packets that were counted, and not held, at the last tick
 */
struct delay {
	struct agent *agent;
	int tun_fd;
	struct delay_device device;
	struct delay_worker *worker;
	struct delay_line *line;
	struct event *tick;
	bool wanted;
	struct error error;
	uint64_t missing[AXO_MAX_CHAOS];
};

static const struct timeval one_second = {.tv_sec = 1};

static void tell_programs(const struct delay *d, uint32_t mode)
{
	struct axo_delay value = {.ifindex = mode ? (uint32_t)d->device.in : 0, .mode = mode};
	uint32_t zero = 0;

	if (bpf_map_update_elem(datapath_map_fd(d->agent->datapath, MAP_DELAY), &zero, &value,
				BPF_ANY) < 0)
		log_err(errno, "cannot write " AXO_MAP_DELAY);
}

/* --- what is lost --- */

static uint64_t lost_get(const struct delay *d, uint32_t experiment)
{
	struct axo_delay_lost lost = {0};

	bpf_map_lookup_elem(datapath_map_fd(d->agent->datapath, MAP_DELAY_LOST), &experiment,
			    &lost);
	return lost.packets;
}

static uint64_t counted_get(const struct delay *d, uint32_t experiment)
{
	struct axo_chaos_run run = {0};

	bpf_map_lookup_elem(datapath_map_fd(d->agent->datapath, MAP_CHAOS_RUN), &experiment, &run);
	return run.in_flight;
}

static uint32_t holding(const struct delay *d, uint32_t experiment)
{
	return d->line ? delay_line_holding(d->line, experiment) : 0;
}

static void lost_set(struct delay *d, uint32_t experiment, uint64_t packets)
{
	struct axo_delay_lost lost = {.packets = packets};

	if (bpf_map_update_elem(datapath_map_fd(d->agent->datapath, MAP_DELAY_LOST), &experiment,
				&lost, BPF_ANY) < 0)
		log_err(errno, "cannot write " AXO_MAP_DELAY_LOST);
}

static void lost_check(struct delay *d, uint32_t experiment, bool at_once)
{
	uint64_t counted = counted_get(d, experiment);
	uint64_t missing = counted - lost_get(d, experiment) - holding(d, experiment);

	if (missing && (at_once || missing == d->missing[experiment % AXO_MAX_CHAOS]))
		lost_set(d, experiment, counted - holding(d, experiment));
	d->missing[experiment % AXO_MAX_CHAOS] = missing;
}

static void lost_check_all(struct delay *d, bool at_once)
{
	int fd = datapath_map_fd(d->agent->datapath, MAP_CHAOS_RUN);
	uint32_t key, *prev = NULL;

	for (int i = 0; i < AXO_MAX_CHAOS && !bpf_map_get_next_key(fd, prev, &key); i++) {
		if (key < AXO_MAX_CHAOS)
			lost_check(d, key, at_once);
		prev = &key;
	}
}

/* --- making and removing --- */

static int attach(struct delay *d, const char *name, struct error *e)
{
	const struct hook_device device = {
		.ifindex = d->device.out,
		.name = name,
		.prog = "from_delay",
		.prog_fd = datapath_prog_fd(d->agent->datapath, "from_delay"),
	};

	return hook_attach_device(d->agent->hooks, &device, e);
}

static int make_tap(struct delay *d, struct error *e)
{
	int r;

	if (d->tun_fd < 0)
		d->tun_fd = delay_tun_open(d->agent->opt.run_dir);
	if (d->tun_fd < 0)
		return error_set(e, d->tun_fd, "cannot open /dev/net/tun for the delay line: %s",
				 strerror(-d->tun_fd));
	r = delay_device_tap(d->agent->nl, d->tun_fd, &d->device, e);
	if (r < 0)
		return r;
	d->tun_fd = -1;
	r = attach(d, AXO_DEV_DELAY, e);
	if (r == 0) {
		r = delay_line_start(&d->line, d->worker, d->device.fd, LINE_BYTES, e);
		d->device.fd = -1;
	}
	return r;
}

static int make_fq(struct delay *d, struct error *e)
{
	int r = delay_device_fq(d->agent->nl, &d->device, e);

	if (r < 0)
		return r;
	return attach(d, AXO_DEV_DELAY_OUT, e);
}

static void unmake(struct delay *d)
{
	tell_programs(d, AXO_DELAY_NONE);
	delay_line_stop(d->line);
	d->line = NULL;
	if (d->device.fd >= 0)
		close(d->device.fd);
	d->device = (struct delay_device){.fd = -1};
}

/* fq first: it needs no thread, and what it holds outlives the agent. */
static int make_any(struct delay *d, struct error *e)
{
	const char *asked = d->agent->opt.chaos_delay;
	int r;

	if (!strcmp(asked, "tap"))
		return make_tap(d, e);
	r = make_fq(d, e);
	if (r == 0 || !strcmp(asked, "fq"))
		return r;
	log_debug("no delay line by fq", "err", e->msg);
	unmake(d);
	return make_tap(d, e);
}

static int make(struct delay *d, struct error *e)
{
	int r = make_any(d, e);

	if (r < 0) {
		unmake(d);
		return r;
	}
	if (d->device.empty)
		lost_check_all(d, true);
	tell_programs(d, d->device.mode);
	log_info("delay line made", "by", d->device.mode == AXO_DELAY_FQ ? "fq" : "tap");
	return 0;
}

/* --- life --- */

static void remake_if_broken(struct delay *d)
{
	struct error e = {0};

	if (!d->wanted ||
	    (d->device.mode != AXO_DELAY_NONE && !(d->line && delay_line_is_broken(d->line))))
		return;
	if (d->device.mode != AXO_DELAY_NONE)
		log_warn("the delay line's device is gone and is made again");
	unmake(d);
	/* Every second, so only what is new is worth a line. */
	if (make(d, &e) == 0)
		d->error.msg[0] = '\0';
	else if (strcmp(d->error.msg, e.msg) != 0)
		log_error("there is no delay line", "err", (d->error = e).msg);
}

static void tick_fired(evutil_socket_t fd, short what, void *arg)
{
	struct delay *d = arg;

	(void)fd;
	(void)what;
	remake_if_broken(d);
	if (d->line) {
		delay_line_alive(d->line, clock_us() * NS_PER_US);
		lost_check_all(d, false);
	}
}

int delay_prepare(struct delay **out, struct agent *agent, struct error *e)
{
	struct delay *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return error_set(e, ENOMEM, "no memory");
	d->agent = agent;
	d->device.fd = -1;
	r = delay_worker_start(&d->worker, e);
	if (r < 0) {
		free(d);
		return r;
	}
	/* Missing is no error before somebody wants it. */
	d->tun_fd = delay_tun_open(agent->opt.run_dir);
	*out = d;
	return 0;
}

int delay_start(struct delay *d, struct error *e)
{
	d->tick = event_new(d->agent->base, -1, EV_PERSIST, tick_fired, d);
	if (!d->tick)
		return error_set(e, ENOMEM, "no memory");
	return 0;
}

void delay_close(struct delay *d)
{
	if (!d)
		return;
	if (d->tick)
		event_free(d->tick);
	if (d->line)
		unmake(d);
	if (d->tun_fd >= 0)
		close(d->tun_fd);
	delay_worker_stop(d->worker);
	free(d);
}

/* A descriptor for the next TAP first: who has lost the right to open one keeps what there is. */
static void give_back(struct delay *d)
{
	if (d->line && d->tun_fd < 0)
		d->tun_fd = delay_tun_open(d->agent->opt.run_dir);
	if (d->line && d->tun_fd < 0) {
		delay_line_hasten(d->line, DELAY_ALL);
		return;
	}
	/* fq may still hold packets: its pair costs nothing and stays. */
	if (d->device.mode == AXO_DELAY_FQ)
		return;
	unmake(d);
	log_info("delay line removed");
}

int delay_want(struct delay *d, bool wanted, struct error *e)
{
	d->wanted = wanted;
	if (!wanted) {
		event_del(d->tick);
		if (d->device.mode != AXO_DELAY_NONE)
			give_back(d);
		return 0;
	}
	/* Adding it again would put it off. */
	if (!event_pending(d->tick, EV_TIMEOUT, NULL))
		event_add(d->tick, &one_second);
	if (d->device.mode != AXO_DELAY_NONE)
		return 0;
	return make(d, e);
}

void delay_hasten(struct delay *d, uint32_t experiment)
{
	if (d->line)
		delay_line_hasten(d->line, experiment);
}

uint64_t delay_in_flight(const struct delay *d, uint32_t experiment)
{
	uint64_t n = counted_get(d, experiment) - lost_get(d, experiment);

	return (int64_t)n < 0 ? 0 : n;
}

void delay_read_status(const struct delay *d, struct delay_status *out)
{
	static const char *const modes[] = {
		[AXO_DELAY_NONE] = "none", [AXO_DELAY_TAP] = "tap", [AXO_DELAY_FQ] = "fq"};

	*out = (struct delay_status){
		.asked = d->agent->opt.chaos_delay,
		.mode = modes[d->device.mode],
		.device = d->device.mode ? AXO_DEV_DELAY : "",
	};
	if (d->line)
		delay_line_read_stats(d->line, &out->line);
}
