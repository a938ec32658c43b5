/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attachments; see attachment.h. */
#include "lib/attachment.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "axoneme/names.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static int name_check(const char *what, const char *text, size_t max, struct error *e)
{
	size_t len = strlen(text);

	if (len == 0)
		return error_set(e, EINVAL, "%s is empty: expected [A-Za-z0-9][A-Za-z0-9_.-]*",
				 what);
	if (!isalnum((unsigned char)text[0]) || strspn(text, NAME_CHARS) != len)
		return error_set(e, EINVAL, "%s \"%.80s\": expected [A-Za-z0-9][A-Za-z0-9_.-]*",
				 what, text);
	if (len >= max)
		return error_set(e, EINVAL, "%s has %zu characters: expected at most %zu", what,
				 len, max - 1);
	return 0;
}

static int ifname_check(const char *text, struct error *e)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAMSIZ)
		return error_set(e, EINVAL,
				 "interface name \"%.80s\" has %zu characters: expected 1 to %d",
				 text, len, IFNAMSIZ - 1);
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return error_set(e, EINVAL, "interface name \"%s\" is not allowed", text);
	for (const char *p = text; *p; p++) {
		if (*p == '/' || *p == ':' || isspace((unsigned char)*p) ||
		    iscntrl((unsigned char)*p))
			return error_set(
				e, EINVAL,
				"interface name \"%s\": expected no '/', ':' or white space", text);
	}
	return 0;
}

int attachment_set(struct attachment *a, const char *network, const char *container_id,
		   const char *ifname, struct error *e)
{
	int r;

	r = name_check("network name", network, sizeof(a->network), e);
	if (r == 0)
		r = name_check("container id", container_id, sizeof(a->container_id), e);
	if (r == 0)
		r = ifname_check(ifname, e);
	if (r < 0)
		return r;
	memset(a, 0, sizeof(*a));
	memcpy(a->network, network, strlen(network));
	memcpy(a->container_id, container_id, strlen(container_id));
	memcpy(a->ifname, ifname, strlen(ifname));
	return 0;
}

bool attachment_equal(const struct attachment *a, const struct attachment *b)
{
	return !strcmp(a->container_id, b->container_id) && !strcmp(a->ifname, b->ifname) &&
	       !strcmp(a->network, b->network);
}

/* FNV-1a over the text and its final 0, so that parts cannot run into each other. */
static unsigned long long hash_text(unsigned long long h, const char *text)
{
	do {
		h ^= (unsigned char)*text;
		h *= 0x100000001b3ULL;
	} while (*text++);
	return h;
}

unsigned long long attachment_hash(const struct attachment *a)
{
	unsigned long long h = 0xcbf29ce484222325ULL;

	h = hash_text(h, a->network);
	h = hash_text(h, a->container_id);
	h = hash_text(h, a->ifname);
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	return h;
}

void attachment_device(const struct attachment *a, char name[static IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, AXO_DEV_POD_PREFIX "%012llx",
		 attachment_hash(a) & 0xffffffffffffULL);
}

bool attachment_is_device(const char *name)
{
	size_t prefix = strlen(AXO_DEV_POD_PREFIX);

	return strlen(name) == IFNAMSIZ - 1 && !strncmp(name, AXO_DEV_POD_PREFIX, prefix) &&
	       strspn(name + prefix, "0123456789abcdef") == IFNAMSIZ - 1 - prefix;
}
