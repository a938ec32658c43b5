/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prefixes, addresses and owners of the tests, by their text or number.
 */
#ifndef TESTS_UNIT_IPAM_TEXT_H
#define TESTS_UNIT_IPAM_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/attachment.h"
#include "lib/cidr.h"

/** cidr_of - "" = no family */
static inline struct cidr cidr_of(const char *text)
{
	struct cidr cidr = {.family = 0};
	struct error e;

	if (text[0] && cidr_parse(text, &cidr, &e) < 0)
		fail_msg("%s", e.msg);
	return cidr;
}

static inline struct axo_addr addr_of(const char *text)
{
	struct axo_addr addr;
	struct error e;

	if (addr_parse(text, &addr, &e) < 0)
		fail_msg("%s", e.msg);
	return addr;
}

/** owner_of - container number @n */
static inline struct attachment owner_of(int n)
{
	struct attachment a;
	char id[16];

	snprintf(id, sizeof(id), "c%d", n);
	assert_int_equal(attachment_set(&a, "net", id, "eth0", NULL), 0);
	return a;
}

#endif
