/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP types by number or name, of both families. */
#include "policy/read.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/number.h"

#define ICMP_MAX_FIELDS 40

struct icmp_name {
	const char *name;
	uint8_t type;
};

/* RFC 792, RFC 950, RFC 1256, RFC 1393, RFC 8335 */
static const struct icmp_name names4[] = {
	{"EchoReply", 0},
	{"DestinationUnreachable", 3},
	{"Redirect", 5},
	{"Echo", 8},
	{"EchoRequest", 8},
	{"RouterAdvertisement", 9},
	{"RouterSelection", 10},
	{"TimeExceeded", 11},
	{"ParameterProblem", 12},
	{"Timestamp", 13},
	{"TimestampReply", 14},
	{"Photuris", 40},
	{"ExtendedEchoRequest", 42},
	{"ExtendedEchoReply", 43},
};

/* RFC 4443, RFC 4861, RFC 2710, RFC 2894, RFC 4620, RFC 3122, RFC 6275, RFC 8335 */
static const struct icmp_name names6[] = {
	{"DestinationUnreachable", 1},
	{"PacketTooBig", 2},
	{"TimeExceeded", 3},
	{"ParameterProblem", 4},
	{"EchoRequest", 128},
	{"EchoReply", 129},
	{"MulticastListenerQuery", 130},
	{"MulticastListenerReport", 131},
	{"MulticastListenerDone", 132},
	{"RouterSolicitation", 133},
	{"RouterAdvertisement", 134},
	{"NeighborSolicitation", 135},
	{"NeighborAdvertisement", 136},
	{"RedirectMessage", 137},
	{"RouterRenumbering", 138},
	{"ICMPNodeInformationQuery", 139},
	{"ICMPNodeInformationResponse", 140},
	{"InverseNeighborDiscoverySolicitation", 141},
	{"InverseNeighborDiscoveryAdvertisement", 142},
	{"HomeAgentAddressDiscoveryRequest", 144},
	{"HomeAgentAddressDiscoveryReply", 145},
	{"MobilePrefixSolicitation", 146},
	{"MobilePrefixAdvertisement", 147},
	{"DuplicateAddressRequestCodeSuffix", 157},
	{"DuplicateAddressConfirmationCodeSuffix", 158},
	{"ExtendedEchoRequest", 160},
	{"ExtendedEchoReply", 161},
};

struct icmp_syntax {
	const char *family;
	const char *type;
	struct pos type_pos;
};

static int type_read(struct decoder *d, const struct node *n, void *out)
{
	struct icmp_syntax *s = (void *)((char *)out - offsetof(struct icmp_syntax, type));

	s->type_pos = n->pos;
	return decode_scalar(d, n, out);
}

static int type_unknown(struct decoder *d, const struct icmp_syntax *s,
			const struct icmp_name *names, size_t count)
{
	const char *all[ARRAY_SIZE(names6)];

	for (size_t i = 0; i < count; i++)
		all[i] = names[i].name;
	const char *near = nearest_word(s->type, all, count);
	if (near)
		return decode_fail(d, s->type_pos,
				   ".type: unknown ICMP type \"%.40s\"; did you mean \"%s\"?",
				   s->type, near);
	return decode_fail(d, s->type_pos,
			   ".type: expected 0 to 255 or the name of an ICMP type, found \"%.40s\"",
			   s->type);
}

static int type_resolve(struct decoder *d, const struct icmp_syntax *s, struct icmp *out)
{
	bool six = out->proto == IPPROTO_ICMPV6;
	const struct icmp_name *names = six ? names6 : names4;
	size_t count = six ? ARRAY_SIZE(names6) : ARRAY_SIZE(names4);
	uint64_t number;

	if (!number_parse(s->type, 0, 255, &number)) {
		out->type = (uint8_t)number;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i].name, s->type)) {
			out->type = names[i].type;
			return 0;
		}
	return type_unknown(d, s, names, count);
}

static int icmp_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("family", struct icmp_syntax, family, decode_text),
		FIELD_REQUIRED("type", struct icmp_syntax, type, type_read),
	};
	struct icmp_syntax s = {.family = "IPv4"};
	struct icmp *i = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (err)
		return err;
	if (strcmp(s.family, "IPv4") && strcmp(s.family, "IPv6"))
		return decode_fail(d, n->pos, ".family: expected IPv4 or IPv6, found \"%.20s\"",
				   s.family);
	i->pos = n->pos;
	i->proto = strcmp(s.family, "IPv6") ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	return type_resolve(d, &s, i);
}

int read_icmp_rule(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("fields", struct icmp_rule, fields, struct icmp, icmp_read),
	};
	struct icmp_rule *r = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), r);

	r->pos = n->pos;
	if (!err && r->fields.count > ICMP_MAX_FIELDS)
		err = decode_fail(d, r->fields.pos, ".fields: at most %d, found %u",
				  ICMP_MAX_FIELDS, r->fields.count);
	return err;
}
