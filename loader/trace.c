/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Removing every trace; see trace.h. */
#include "loader/trace.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "axoneme/names.h"
#include "lib/attachment.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "loader/conflist.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/delay_device.h"
#include "loader/gateway.h"
#include "loader/instance.h"
#include "loader/masquerade.h"

/* A group of its own, so that all go in one request; see loader/reaper.c. */
#define TRACE_GROUP 0x61786f02

/** struct removal - what failed first */
struct removal {
	struct netlink *nl;
	struct error *e;
	int result;
	unsigned int devices;
};

static void note(struct removal *r, int err, const char *what)
{
	if (err < 0 && r->result == 0)
		r->result = error_set(r->e, err, "cannot remove %.200s: %s", what, strerror(-err));
}

/* A list while devices change is safe: changes come from another socket. */
static int device_mark(const struct link *link, void *arg)
{
	struct removal *r = arg;
	struct link_opts dying = {.set_group = true, .group = TRACE_GROUP};
	int err;

	if (!attachment_is_device(link->name) || strcmp(link->kind, "veth") != 0)
		return 0;
	err = link_set(r->nl, link->ifindex, &dying);
	if (err == 0)
		r->devices++;
	else if (err != -ENODEV)
		note(r, err, link->name);
	return 0;
}

static void devices_remove(struct removal *r)
{
	_cleanup_netlink_ struct netlink *list = NULL;
	int err = netlink_open(&list);

	if (err == 0)
		err = netlink_open(&r->nl);
	if (err == 0)
		err = link_list(list, device_mark, r);
	note(r, err, "devices of pods");
	if (err < 0)
		return;
	if (r->devices) {
		err = link_del_group(r->nl, TRACE_GROUP);
		note(r, err == -ENODEV ? 0 : err, "devices of pods");
	}
	note(r, gateway_remove(r->nl), AXO_DEV_HOST);
	note(r, delay_device_remove(r->nl), AXO_DEV_DELAY);
	netlink_close(r->nl);
}

static void file_remove(struct removal *r, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) &&
	    unlink(path) < 0 && errno != ENOENT)
		note(r, -errno, path);
}

/* Only what the agent pins: programs, and names that begin as those of maps and links do. */
static bool is_ours(const char *name)
{
	static const char *const prefixes[] = {"axo_", "link_"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return datapath_is_program(name);
}

static void pins_remove(struct removal *r, const char *path)
{
	_cleanup_dir_ DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (is_ours(entry->d_name))
			file_remove(r, path, entry->d_name);
	}
	if (rmdir(path) < 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EBUSY)
		note(r, -errno, path);
}

/* Queued DELs are for pods whose devices are gone now. */
static void queue_remove(struct removal *r, const char *path)
{
	_cleanup_dir_ DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strstr(entry->d_name, ".del"))
			file_remove(r, path, entry->d_name);
	}
	rmdir(path);
}

/* Directories go if nothing of somebody else is in them. */
static void files_remove(struct removal *r, const struct options *opt)
{
	file_remove(r, opt->run_dir, AXO_SOCKET_NAME);
	file_remove(r, opt->state_dir, AXO_DB_NAME);
	file_remove(r, opt->state_dir, AXO_DB_NAME "-wal");
	file_remove(r, opt->state_dir, AXO_DB_NAME "-shm");
	file_remove(r, opt->state_dir, DB_LOCK_NAME);
	file_remove(r, opt->state_dir, AXO_PREFILTER_KEPT);
	queue_remove(r, opt->queue_dir);
	rmdir(opt->run_dir);
	rmdir(opt->state_dir);
}

int traces_remove(const struct options *opt, struct error *e)
{
	struct removal r = {.e = e};
	_cleanup_close_ int lock = -1;
	int held = db_lock_held(opt->state_dir);

	if (held > 0)
		return error_set(e, EBUSY,
				 "an agent runs with state directory %.150s: expected it stopped",
				 opt->state_dir);
	held = instance_lock_netns(&lock, e);
	if (held < 0)
		return held;
	/* First the file that makes runtimes send new pods. */
	note(&r, conflist_remove(opt), CONFLIST_NAME);
	devices_remove(&r);
	masquerade_remove();
	pins_remove(&r, opt->bpffs_dir);
	files_remove(&r, opt);
	log_info("traces removed", "devices", log_num(r.devices), "complete",
		 r.result ? "no" : "yes");
	return r.result;
}
