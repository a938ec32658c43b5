/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The network configuration list; see conflist.h. */
#include "loader/conflist.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/file.h"

/*
 * Both cniVersion and cniVersions: runtimes of CNI 1.0 read the first and refuse "1.1.0" there,
 * those of 1.1 choose from the second.
 */
static json_t *plugin_axoneme(const struct options *opt)
{
	char socket[PATH_MAX];

	snprintf(socket, sizeof(socket), "%s/" AXO_SOCKET_NAME, opt->run_dir);
	return json_pack("{s:s, s:s, s:s, s:{s:b, s:b, s:b}}", "type", "axoneme-cni", "socket",
			 socket, "queueDir", opt->queue_dir, "capabilities", "ips", 1, "mac", 1,
			 "io.kubernetes.cri.pod-annotations", 1);
}

static json_t *plugin_portmap(void)
{
	return json_pack("{s:s, s:b, s:{s:b}}", "type", "portmap", "snat", 1, "capabilities",
			 "portMappings", 1);
}

char *conflist_text(const struct options *opt)
{
	json_t *list = json_pack("{s:s, s:[s,s,s,s], s:s, s:[o,o]}", "cniVersion", "1.0.0",
				 "cniVersions", "0.3.1", "0.4.0", "1.0.0", "1.1.0", "name",
				 "axoneme", "plugins", plugin_axoneme(opt), plugin_portmap());
	char *text = list ? json_dumps(list, JSON_INDENT(2)) : NULL;

	json_decref(list);
	return text;
}

int conflist_write(const struct options *opt, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	int r;

	if (!opt->cni_conf_dir)
		return 0;
	text = conflist_text(opt);
	if (!text)
		return error_set(e, ENOMEM, "no memory");
	snprintf(path, sizeof(path), "%s/" CONFLIST_NAME, opt->cni_conf_dir);
	r = dir_make(opt->cni_conf_dir, 0755);
	if (r == 0)
		r = file_write_atomic(path, text, strlen(text), 0644);
	return r < 0 ? error_set(e, r, "cannot write %.180s: %s", path, strerror(-r)) : 0;
}

int conflist_remove(const struct options *opt)
{
	char path[PATH_MAX];

	if (!opt->cni_conf_dir)
		return 0;
	snprintf(path, sizeof(path), "%s/" CONFLIST_NAME, opt->cni_conf_dir);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
