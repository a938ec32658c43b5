/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Netlink messages: building and reading; see nlmsg.h. */
#include "lib/nlmsg.h"

#include <string.h>

void nlmsg_raw(struct nlmsg *m, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(m->hdr.nlmsg_len);

	if (at + NLMSG_ALIGN(len) > sizeof(m->buf)) {
		m->overflow = true;
		return;
	}
	memset(m->buf + at, 0, NLMSG_ALIGN(len));
	if (len)
		memcpy(m->buf + at, data, len);
	m->hdr.nlmsg_len = (uint32_t)(at + len);
}

void nlmsg_start(struct nlmsg *m, uint16_t type, uint16_t flags, const void *fixed, size_t len)
{
	m->overflow = false;
	m->hdr = (struct nlmsghdr){
		.nlmsg_len = NLMSG_HDRLEN,
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
	};
	nlmsg_raw(m, fixed, len);
}

void nlmsg_put(struct nlmsg *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type};
	size_t before = m->hdr.nlmsg_len;

	nlmsg_raw(m, &a, sizeof(a));
	nlmsg_raw(m, data, len);
	if (m->overflow)
		m->hdr.nlmsg_len = (uint32_t)before;
}

void nlmsg_put_u8(struct nlmsg *m, uint16_t type, uint8_t v)
{
	nlmsg_put(m, type, &v, sizeof(v));
}

void nlmsg_put_u32(struct nlmsg *m, uint16_t type, uint32_t v)
{
	nlmsg_put(m, type, &v, sizeof(v));
}

void nlmsg_put_str(struct nlmsg *m, uint16_t type, const char *s)
{
	nlmsg_put(m, type, s, strlen(s) + 1);
}

size_t nlmsg_nest(struct nlmsg *m, uint16_t type)
{
	size_t start = NLMSG_ALIGN(m->hdr.nlmsg_len);

	nlmsg_put(m, type | NLA_F_NESTED, NULL, 0);
	return start;
}

void nlmsg_nest_end(struct nlmsg *m, size_t start)
{
	struct nlattr a;

	if (m->overflow)
		return;
	memcpy(&a, m->buf + start, sizeof(a));
	a.nla_len = (uint16_t)(m->hdr.nlmsg_len - start);
	memcpy(m->buf + start, &a, sizeof(a));
}

void nlattr_index(const void *data, size_t len, const struct nlattr **tb, size_t max)
{
	const uint8_t *p = data;

	memset(tb, 0, sizeof(*tb) * (max + 1));
	while (len >= NLA_HDRLEN) {
		const struct nlattr *a = (const struct nlattr *)p;
		uint16_t type = a->nla_type & NLA_TYPE_MASK;
		size_t step;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > len)
			return;
		if (type <= max)
			tb[type] = a;
		step = NLA_ALIGN(a->nla_len);
		if (step >= len)
			return;
		p += step;
		len -= step;
	}
}

const void *nlattr_data(const struct nlattr *a)
{
	return (const uint8_t *)a + NLA_HDRLEN;
}

size_t nlattr_len(const struct nlattr *a)
{
	return a ? a->nla_len - (size_t)NLA_HDRLEN : 0;
}

uint32_t nlattr_u32(const struct nlattr *a, uint32_t otherwise)
{
	uint32_t v;

	if (nlattr_len(a) < sizeof(v))
		return otherwise;
	memcpy(&v, nlattr_data(a), sizeof(v));
	return v;
}

void nlattr_str(const struct nlattr *a, char *out, size_t size)
{
	size_t len = nlattr_len(a);

	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(out, nlattr_data(a), len);
	out[len] = '\0';
}

const void *nlmsg_payload(const struct nlmsghdr *h, size_t fixed)
{
	return (const uint8_t *)h + NLMSG_HDRLEN + NLMSG_ALIGN(fixed);
}

size_t nlmsg_payload_len(const struct nlmsghdr *h, size_t fixed)
{
	size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	return h->nlmsg_len > head ? h->nlmsg_len - head : 0;
}
