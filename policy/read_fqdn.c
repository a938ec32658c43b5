/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of the DNS: matchName or matchPattern, in toFQDNs and in DNS rules. */
#include "policy/read.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"

#define FQDN_MAX 255

static int name_check(struct decoder *d, struct pos pos, const char *text, const char *also)
{
	if (!*text || strlen(text) > FQDN_MAX)
		return decode_fail(d, pos, ": expected 1 to %d characters, found %zu", FQDN_MAX,
				   strlen(text));
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(also, *p))
			return decode_fail(d, pos, ": \"%.80s\": character '%c' is not allowed",
					   text, *p);
	return 0;
}

const char *read_name_normal(struct decoder *d, const char *text)
{
	size_t len = strlen(text);
	char *name = arena_text(d->arena, text, len);

	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

static int match_name(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	if (!err)
		err = name_check(d, n->pos, text, "-_.");
	if (!err)
		*(const char **)out = read_name_normal(d, text);
	return err;
}

static int match_pattern(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	if (!err)
		err = name_check(d, n->pos, text, "-_.*");
	if (!err)
		*(const char **)out = read_name_normal(d, text);
	return err;
}

int read_fqdn(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("matchName", struct fqdn, match_name, match_name),
		FIELD("matchPattern", struct fqdn, match_pattern, match_pattern),
	};
	struct fqdn *f = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), f);

	f->pos = n->pos;
	if (!err && !f->match_name == !f->match_pattern)
		err = decode_fail(d, n->pos,
				  ": expected exactly one of matchName and matchPattern");
	return err;
}
