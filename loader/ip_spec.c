/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is said of a prefix; see ip_spec.h. */
#include "loader/ip_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "loader/labels.h"
#include "policy/map.h"

#define SEPARATORS ", \t\r"

/* IPv4 stands mapped in the same trie: a prefix of IPv6 that has it inside would speak of both. */
static bool covers_mapped(const struct cidr *c)
{
	struct cidr mapped = {.addr = {.b = {[10] = 0xff, [11] = 0xff}}, .family = 6};
	struct axo_addr first;

	mapped.bits = c->bits;
	first = cidr_first(&mapped);
	return c->family == 6 && c->bits <= 96 && addr_cmp(&first, &c->addr) == 0;
}

int ip_cidr_parse(const char *text, struct cidr *cidr, struct error *e)
{
	struct cidr c;
	int r = strchr(text, '/') ? cidr_parse(text, &c, e) : cidr_parse_host(text, &c, e);

	if (r < 0)
		return r;
	if (covers_mapped(&c))
		return error_set(e, EINVAL,
				 "%.64s: has the mapped IPv4 addresses inside: expected a prefix "
				 "like 2000::/3",
				 text);
	*cidr = c;
	return 0;
}

struct axo_ipcache_key ip_key(const struct cidr *cidr)
{
	struct axo_ipcache_key key = {.prefixlen = cidr_mapped_bits(cidr)};

	memcpy(key.addr, cidr->addr.b, sizeof(key.addr));
	return key;
}

static int reserved_parse(const char *name, uint32_t *id, struct error *e)
{
	static const struct {
		uint32_t id;
		const char *name;
	} reserved[] = {
#define X(symbol, number, name) {number, name},
		AXO_RESERVED_IDENTITIES(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (!strcmp(reserved[i].name, name)) {
			*id = reserved[i].id;
			return 0;
		}
	}
	return error_set(e, EINVAL, "there is no reserved identity \"%.64s\"", name);
}

static int identity_check(uint32_t id, struct error *e)
{
	if (id == AXO_ID_UNKNOWN)
		return error_set(e, EINVAL, "identity 0 is nobody's");
	if (id == AXO_ID_HOST)
		return error_set(e, EINVAL,
				 "identity 1 (host) is that of this host's own addresses");
	return 0;
}

/* "[k8s:]key=value"; changes @text. */
static int label_add(struct label_set *set, char *text, struct error *e)
{
	char *equals = strchr(text, '=');
	const char *key = text;

	if (equals)
		*equals = '\0';
	if (!strncmp(key, "k8s:", 4))
		key += 4;
	if (!strcmp(key, LABELS_NAMESPACE_KEY))
		return label_set_put_namespace(set, equals ? equals + 1 : "", e);
	return label_set_put(set, text, equals ? equals + 1 : "", e);
}

static int labels_parse(const char *who, struct label_set *set, struct error *e)
{
	_cleanup_free_ char *copy = strdup(who);
	char *rest = copy, *label;
	int r = copy ? 0 : error_set(e, ENOMEM, "no memory");

	while (r == 0 && (label = strsep(&rest, SEPARATORS)))
		r = *label ? label_add(set, label, e) : 0;
	return r;
}

static int who_parse(const char *who, struct ip_spec *out, struct error *e)
{
	struct label_set set = {0};
	uint64_t number;
	int r;

	if (!number_parse(who, 0, UINT32_MAX, &number)) {
		out->identity = (uint32_t)number;
		return identity_check(out->identity, e);
	}
	if (!strncmp(who, "reserved:", 9)) {
		r = reserved_parse(who + 9, &out->identity, e);
		return r < 0 ? r : identity_check(out->identity, e);
	}
	r = labels_parse(who, &set, e);
	if (r == 0 && !set.count)
		r = error_set(e, EINVAL, "the identity is missing: expected a number or labels");
	if (r < 0) {
		label_set_fini(&set);
		return r;
	}
	out->identity = 0;
	out->labels = set.items;
	out->label_count = set.count;
	return 0;
}

static int room_make(struct ip_specs *s, struct error *e)
{
	size_t room = s->room ? s->room * 2 : 16;
	struct ip_spec *bigger;

	if (s->count < s->room)
		return 0;
	bigger = realloc(s->items, room * sizeof(*bigger));
	if (!bigger)
		return error_set(e, ENOMEM, "no memory");
	s->items = bigger;
	s->room = room;
	return 0;
}

int ip_specs_add(struct ip_specs *s, const char *cidr, const char *who, struct error *e)
{
	struct ip_spec spec = {0};
	int r = ip_cidr_parse(cidr, &spec.cidr, e);

	if (r == 0)
		r = room_make(s, e);
	if (r == 0)
		r = who_parse(who, &spec, e);
	if (r == 0)
		s->items[s->count++] = spec;
	return r;
}

void ip_specs_fini(struct ip_specs *s)
{
	for (size_t i = 0; i < s->count; i++)
		labels_free(s->items[i].labels, s->items[i].label_count);
	free(s->items);
	*s = (struct ip_specs){0};
}

/* 0, or the line on which the same prefix stood before; notes @line for those behind. */
static size_t seen_before(struct map *seen, const struct cidr *c, size_t line)
{
	struct axo_ipcache_key key = ip_key(c);
	void **slot = map_slot(seen, &key, sizeof(key));
	size_t before = (size_t)(uintptr_t)*slot;

	*slot = (void *)(uintptr_t)line;
	return before;
}

static int line_parse(char *line, size_t number, struct map *seen, struct ip_specs *out,
		      struct error *e)
{
	char *cidr = line + strspn(line, SEPARATORS), *who;
	size_t before;
	int r;

	cidr[strcspn(cidr, "#")] = '\0';
	if (!*cidr)
		return 0;
	who = cidr + strcspn(cidr, " \t");
	if (*who)
		*who++ = '\0';
	who += strspn(who, SEPARATORS);
	for (size_t n = strlen(who); n && strchr(SEPARATORS, who[n - 1]); n--)
		who[n - 1] = '\0';
	r = ip_specs_add(out, cidr, who, e);
	if (r < 0)
		return r;
	before = seen_before(seen, &out->items[out->count - 1].cidr, number);
	return before ? error_set(e, EINVAL, "%.64s stands on line %zu already", cidr, before) : 0;
}

int ip_file_parse(const char *file, char *text, size_t len, struct ip_specs *out, struct error *e)
{
	struct map seen = {0};
	struct error why = {0};
	char *line, *rest = text;
	size_t number = 0;
	int r = 0;

	if (strlen(text) != len)
		return error_set(e, EINVAL, "%.128s: is no text: it has a byte 0", file);
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = line_parse(line, ++number, &seen, out, &why);
	map_fini(&seen, NULL);
	return r < 0 ? error_set(e, r, "%.96s:%zu: %.140s", file, number, why.msg) : 0;
}
