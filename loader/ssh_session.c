/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Established ssh sessions; see ssh_session.h. */
#include "loader/ssh_session.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define LINE_SIZE 512
#define STATE_ESTABLISHED 1

/* Words of four bytes, each printed as a number of this machine. */
static int address_parse(const char *hex, struct axo_addr *out)
{
	size_t len = strlen(hex);
	struct axo_addr a = {.b = {[10] = 0xff, [11] = 0xff}};
	uint8_t *to = len == 8 ? a.b + 12 : a.b;

	if (len != 8 && len != 32)
		return -EINVAL;
	for (size_t i = 0; i < len / 8; i++) {
		unsigned int number;
		uint32_t word;

		if (sscanf(hex + i * 8, "%8x", &number) != 1)
			return -EINVAL;
		word = number;
		memcpy(to + i * 4, &word, sizeof(word));
	}
	*out = a;
	return 0;
}

int ssh_session_parse(const char *line, struct axo_addr *peer)
{
	unsigned int local_port, peer_port, state;
	char hex[33];

	if (sscanf(line, " %*d: %*[0-9A-F]:%4X %32[0-9A-F]:%4X %2X", &local_port, hex, &peer_port,
		   &state) != 4)
		return 0;
	return local_port == SSH_PORT && state == STATE_ESTABLISHED &&
	       address_parse(hex, peer) == 0;
}

static void list_read(const char *path, void (*fn)(const struct axo_addr *peer, void *arg),
		      void *arg)
{
	_cleanup_file_ FILE *f = fopen(path, "re");
	char line[LINE_SIZE];
	struct axo_addr peer;

	if (!f) {
		/* No IPv6 in this kernel, no list. */
		if (errno != ENOENT)
			log_err(errno, "cannot read %s: ssh sessions are not known", path);
		return;
	}
	while (fgets(line, sizeof(line), f))
		if (ssh_session_parse(line, &peer))
			fn(&peer, arg);
}

void ssh_sessions(void (*fn)(const struct axo_addr *peer, void *arg), void *arg)
{
	list_read("/proc/self/net/tcp", fn, arg);
	list_read("/proc/self/net/tcp6", fn, arg);
}
