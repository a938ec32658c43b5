// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines of /proc/net/tcp and tcp6: which of them are ssh sessions, and whose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cidr.h"
#include "loader/ssh_session.h"

#define REST " 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000000000000000"

/* As machines of little endian print them. */
static const struct {
	const char *line;
	const char *peer; /* NULL = no session */
} rows[] = {
	{"   0: 0100A8C0:0016 0200A8C0:C350 01" REST, "192.168.0.2"},
	{"  12: 00000000000000000000000000000001:0016 B80D0120000000000000000001000000:C350 01" REST,
	 "2001:db8::1"},
	{"   1: 0000000000000000FFFF00000100A8C0:0016 0000000000000000FFFF00000300A8C0:0400 01" REST,
	 "192.168.0.3"},
	{"   0: 0100A8C0:0016 0200A8C0:C350 06" REST, NULL},
	{"   0: 00000000:0016 00000000:0000 0A" REST, NULL},
	{"   0: 0100A8C0:C350 0200A8C0:0016 01" REST, NULL},
	{"   0: 0100A8C0:0017 0200A8C0:C350 01" REST, NULL},
	{"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when", NULL},
	{"   0: 0100A8C0:0016 0200A8:C350 01" REST, NULL},
	{"", NULL},
};

static void established_sessions_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct axo_addr peer = {0};
		char text[CIDR_STR_MAX];

		assert_int_equal(ssh_session_parse(rows[i].line, &peer), rows[i].peer != NULL);
		if (rows[i].peer)
			assert_string_equal(addr_to_str(&peer, text), rows[i].peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(established_sessions_are_found),
	};

	return cmocka_run_group_tests_name("ssh_session", tests, NULL, NULL);
}
