/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An agent for tests of the API server: real endpoint and identity tables, real pools, and
 * fake_parts.h in place of the rest (datapath, gateway, handlers that change state).
 *
 * It serves in a child process; fake_start() returns when it answers.  Its endpoints: 1
 * (web-0), 2 and 5 (web-1, eth0 and eth1).
 */
#ifndef TESTS_UNIT_LOADER_FAKE_AGENT_H
#define TESTS_UNIT_LOADER_FAKE_AGENT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>

#include "ipam/ipam.h"
#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/clock.h"
#include "loader/endpoint.h"
#include "loader/events.h"
#include "loader/identity.h"
#include "loader/metrics.h"
#include "tests/lib/wait.h"
#include "tests/unit/loader/fake_parts.h"

/**
 * struct fake - a serving agent, seen from its parent
 * @dir:      its run-dir
 * @socket:   of its API
 * @tcp:      it serves metrics on a TCP port
 * @metrics:  its metrics-listen, when @tcp
 * @starting: it is not ready
 * @datapath: maps, open in the parent, too; all 0 = none
 * @prepare:  called in the child before it serves, or NULL
 */
struct fake {
	char dir[64];
	char socket[96];
	char metrics[32];
	bool tcp;
	bool starting;
	struct datapath datapath;
	void (*prepare)(struct agent *agent);
	pid_t pid;
};

static void fake_endpoint(struct agent *agent, uint32_t id, const char *name, const char *ipv4,
			  const char *ipv6)
{
	struct endpoint *ep = calloc(1, sizeof(*ep));

	ep->id = id;
	attachment_set(&ep->attachment, "axoneme", name, id == 5 ? "eth1" : "eth0", NULL);
	attachment_device(&ep->attachment, ep->device);
	ep->namespace_ = strdup("default");
	ep->name = strdup(name);
	ep->netns = strdup("");
	ep->mtu = 1500;
	ep->ifindex = (int)id + 10;
	addr_parse(ipv4, &ep->ipv4, NULL);
	if (ipv6)
		addr_parse(ipv6, &ep->ipv6, NULL);
	ep->labels = calloc(1, sizeof(*ep->labels));
	ep->labels[0] = strdup("k8s:app=web");
	ep->label_count = 1;
	ep->ports = calloc(1, sizeof(*ep->ports));
	ep->ports[0] = (struct endpoint_port){"http", 80, IPPROTO_TCP};
	ep->port_count = 1;
	identity_ref(agent->identities, ep->labels, 1, &ep->identity, NULL);
	if (endpoint_insert(agent->endpoints, ep))
		abort();
}

static void fake_tables(struct agent *agent)
{
	struct ipam_config config = {.cooldown_ms = 1000};
	struct attachment owner;
	struct ipam_lease lease;

	agent->metrics = metrics_new();
	agent->endpoints = endpoint_table_new();
	agent->identities = identity_table_new();
	cidr_parse("10.0.0.0/24", &config.v4, NULL);
	cidr_parse("fd00::/64", &config.v6, NULL);
	ipam_new(&config, &agent->ipam, NULL);
	attachment_set(&owner, "axoneme", "c1", "eth0", NULL);
	ipam_take(agent->ipam, &owner, NULL, 0, 0, &lease, NULL);
	fake_endpoint(agent, 1, "web-0", "10.0.0.2", "fd00::2");
	fake_endpoint(agent, 2, "web-1", "10.0.0.3", NULL);
	fake_endpoint(agent, 5, "web-1", "10.0.0.4", NULL);
}

static void fake_stop_signal(evutil_socket_t fd, short what, void *base)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(base);
}

/* In the child.  Exit status: 0 = stopped in order; 3 = the events' mask was not cleared. */
static int fake_serve(struct fake *f)
{
	struct agent agent = {.datapath = &f->datapath, .ready = !f->starting};
	struct event *term;
	struct error e;

	agent.opt.run_dir = f->dir;
	agent.opt.metrics_listen = f->metrics;
	agent.opt.node_name = (char *)"n1";
	agent.started_ms = clock_us() / 1000;
	agent.base = event_base_new();
	/* Not looked into by the functions above, only whether they are there. */
	agent.queue = (struct queue *)&agent;
	agent.reaper = (struct reaper *)&agent;
	agent.flow_gc = (struct flow_gc *)&agent;
	agent.host_addresses = (struct host_addresses *)&agent;
	/* First: who can connect may already want it to stop. */
	term = evsignal_new(agent.base, SIGTERM, fake_stop_signal, agent.base);
	event_add(term, NULL);
	fake_tables(&agent);
	if (events_new(&agent.events, &agent))
		return 4;
	if (f->prepare)
		f->prepare(&agent);
	if (api_start(&agent.api, &agent, &e)) {
		fprintf(stderr, "fake agent: %s\n", e.msg);
		return 5;
	}
	event_base_dispatch(agent.base);
	event_free(term);
	api_stop(agent.api);
	events_free(agent.events);
	ipam_free(agent.ipam);
	endpoint_table_free(agent.endpoints);
	identity_table_free(agent.identities);
	metrics_free(agent.metrics);
	event_base_free(agent.base);
	return f->datapath.state.events ? 3 : 0;
}

static bool fake_answers_tcp(const struct fake *f)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_port = htons((uint16_t)atoi(strchr(f->metrics, ':') + 1));
	return !connect(fd, (struct sockaddr *)&addr, sizeof(addr));
}

/* The TCP socket is the last that the server makes. */
static bool fake_answers(const struct fake *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (waitpid(f->pid, NULL, WNOHANG) > 0)
		abort();
	strcpy(addr.sun_path, f->socket);
	return !connect(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	       (!f->tcp || fake_answers_tcp(f));
}

static void fake_dir(struct fake *f)
{
	strcpy(f->dir, "/tmp/axoneme-test-XXXXXX");
	if (!mkdtemp(f->dir))
		abort();
	snprintf(f->socket, sizeof(f->socket), "%s/axoneme.sock", f->dir);
}

/* A port that was free a moment ago. */
static void fake_metrics_port(struct fake *f)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(addr);

	if (bind(fd, (struct sockaddr *)&addr, len) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		abort();
	snprintf(f->metrics, sizeof(f->metrics), "127.0.0.1:%u", ntohs(addr.sin_port));
}

static void fake_start(struct fake *f)
{
	if (!*f->dir)
		fake_dir(f);
	if (f->tcp)
		fake_metrics_port(f);
	fflush(NULL);
	f->datapath.state = (struct axo_state){.generation = FAKE_GENERATION, .events = 0xff};
	f->pid = fork();
	if (f->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Not _exit(): the sanitizer looks for leaks, and a leak is another status. */
		exit(fake_serve(f));
	}
	if (!wait_until(fake_answers(f)))
		abort();
}

/* SIGTERM, as a service manager would; the child's exit status, or -1 */
static int fake_stop(struct fake *f)
{
	int status;

	if (f->pid <= 0 || kill(f->pid, SIGTERM) || waitpid(f->pid, &status, 0) < 0)
		return -1;
	f->pid = 0;
	unlink(f->socket);
	rmdir(f->dir);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
