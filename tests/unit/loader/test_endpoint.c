/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of endpoints, their texts, and their rows on disk. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "axoneme/limits.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "loader/endpoint.h"
#include "loader/endpoint_store.h"
#include "loader/endpoint_text.h"

static struct endpoint *endpoint_new(uint32_t id, const char *container, int ifindex)
{
	struct endpoint *ep = calloc(1, sizeof(*ep));

	assert_non_null(ep);
	ep->id = id;
	ep->ifindex = ifindex;
	assert_int_equal(attachment_set(&ep->attachment, "axoneme", container, "eth0", NULL), 0);
	attachment_device(&ep->attachment, ep->device);
	ep->namespace_ = strdup("default");
	ep->name = strdup(container);
	ep->netns = strdup("/run/netns/x");
	return ep;
}

static struct attachment attachment_of(const char *container)
{
	struct attachment a;

	assert_int_equal(attachment_set(&a, "axoneme", container, "eth0", NULL), 0);
	return a;
}

static void endpoint_is_found_by_id_attachment_and_device(void **state)
{
	struct endpoint_table *t = endpoint_table_new();
	struct endpoint *ep = endpoint_new(7, "c7", 107);
	struct attachment a = attachment_of("c7"), other = attachment_of("c8");

	(void)state;
	assert_int_equal(endpoint_insert(t, ep), 0);
	assert_ptr_equal(endpoint_by_id(t, 7), ep);
	assert_ptr_equal(endpoint_by_attachment(t, &a), ep);
	assert_ptr_equal(endpoint_by_ifindex(t, 107), ep);
	assert_null(endpoint_by_id(t, 8));
	assert_null(endpoint_by_id(t, 4000000000U));
	assert_null(endpoint_by_attachment(t, &other));
	endpoint_set_ifindex(t, ep, 108);
	assert_null(endpoint_by_ifindex(t, 107));
	assert_ptr_equal(endpoint_by_ifindex(t, 108), ep);
	endpoint_set_ifindex(t, ep, 0);
	assert_null(endpoint_by_ifindex(t, 108));
	assert_null(endpoint_by_ifindex(t, 0));
	endpoint_free(endpoint_remove(t, ep));
	assert_null(endpoint_by_attachment(t, &a));
	assert_int_equal(endpoint_count(t), 0);
	endpoint_table_free(t);
}

static void insert_refuses_what_is_there_and_ids_out_of_range(void **state)
{
	struct endpoint_table *t = endpoint_table_new();
	struct endpoint *same_id = endpoint_new(1, "c2", 2), *same_name = endpoint_new(2, "c1", 3);
	struct endpoint *zero = endpoint_new(0, "c0", 4);

	(void)state;
	assert_int_equal(endpoint_insert(t, endpoint_new(1, "c1", 1)), 0);
	assert_int_equal(endpoint_insert(t, same_id), -EEXIST);
	assert_int_equal(endpoint_insert(t, same_name), -EEXIST);
	assert_int_equal(endpoint_insert(t, zero), -ERANGE);
	zero->id = AXO_MAX_ENDPOINTS + 1;
	assert_int_equal(endpoint_insert(t, zero), -ERANGE);
	endpoint_free(same_id);
	endpoint_free(same_name);
	endpoint_free(zero);
	endpoint_table_free(t);
}

static void lowest_free_id_is_given_first(void **state)
{
	struct endpoint_table *t = endpoint_table_new();
	char name[16];

	(void)state;
	for (uint32_t i = 1; i <= 3000; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		assert_int_equal(endpoint_free_id(t), i);
		assert_int_equal(endpoint_insert(t, endpoint_new(i, name, (int)i)), 0);
	}
	endpoint_free(endpoint_remove(t, endpoint_by_id(t, 1500)));
	endpoint_free(endpoint_remove(t, endpoint_by_id(t, 40)));
	assert_int_equal(endpoint_free_id(t), 40);
	assert_int_equal(endpoint_insert(t, endpoint_new(40, "again", 5000)), 0);
	assert_int_equal(endpoint_free_id(t), 1500);
	assert_int_equal(endpoint_count(t), 2999);
	assert_ptr_equal(endpoint_by_ifindex(t, 2999), endpoint_by_id(t, 2999));
	endpoint_table_free(t);
}

static void mac_text_is_strict(void **state)
{
	static const char *const wrong[] = {"",
					    "0a:00:00:00:00",
					    "0a:00:00:00:00:0",
					    "0a:00:00:00:00:0g",
					    "0a-00-00-00-00-01",
					    "0a:00:00:00:00:01 ",
					    "0a:00:00:00:00:01:02"};
	char text[MAC_STR_MAX];
	uint8_t mac[6];

	(void)state;
	assert_int_equal(mac_from_str("0A:1b:00:ff:02:9c", mac), 0);
	assert_string_equal(mac_to_str(mac, text), "0a:1b:00:ff:02:9c");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(mac_from_str(wrong[i], mac), -EINVAL);
}

static int ports_of(struct endpoint *ep, const char *text, struct error *e)
{
	json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
	int r = endpoint_ports_from_json(ep, j, e);

	assert_non_null(j);
	json_decref(j);
	return r;
}

static void ports_are_read(void **state)
{
	struct endpoint *ep = endpoint_new(1, "c", 1);
	struct error e;

	(void)state;
	assert_int_equal(ports_of(ep,
				  "[{\"name\":\"http\",\"port\":80},"
				  "{\"name\":\"dns\",\"port\":53,\"protocol\":\"udp\"}]",
				  &e),
			 0);
	assert_int_equal(ep->port_count, 2);
	assert_string_equal(ep->ports[0].name, "http");
	assert_int_equal(ep->ports[0].proto, IPPROTO_TCP);
	assert_int_equal(ep->ports[1].port, 53);
	assert_int_equal(ep->ports[1].proto, IPPROTO_UDP);
	endpoint_free(ep);
}

static void wrong_ports_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"{}", "expected an array"},
		{"[1]", "ports[0]"},
		{"[{\"port\":80}]", "ports[0]"},
		{"[{\"name\":\"a\"}]", "ports[0].port"},
		{"[{\"name\":\"a\",\"port\":0}]", "1 to 65535"},
		{"[{\"name\":\"a\",\"port\":65536}]", "1 to 65535"},
		{"[{\"name\":\"a\",\"port\":\"80\"}]", "1 to 65535"},
		{"[{\"name\":\"\",\"port\":80}]", "1 to 15 characters"},
		{"[{\"name\":\"abcdefghijklmnop\",\"port\":80}]", "1 to 15 characters"},
		{"[{\"name\":\"a b\",\"port\":80}]", "letters"},
		{"[{\"name\":\"a\",\"port\":80,\"protocol\":\"ICMP\"}]", "TCP, UDP or SCTP"},
		{"[{\"name\":\"a\",\"port\":80,\"hostPort\":1}]", "unknown key \"hostPort\""},
	};
	struct endpoint *ep = endpoint_new(1, "c", 1);
	struct error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(ports_of(ep, rows[i].text, &e), -EINVAL);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("%s: \"%s\" is not in: %s", rows[i].text, rows[i].words, e.msg);
		assert_int_equal(ep->port_count, 0);
	}
	endpoint_free(ep);
}

/* With an open transaction. */
static sqlite3 *database(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* An endpoint with everything, its identity in @identities. */
static struct endpoint *rich_endpoint(struct identity_table *identities)
{
	struct endpoint *ep = endpoint_new(9, "c9", 12);
	json_t *labels = json_pack("[{s:s, s:s}]", "key", "app", "value", "we\"b");
	struct error e;

	assert_int_equal(mac_from_str("0a:00:00:00:00:09", ep->mac), 0);
	assert_int_equal(addr_parse("10.0.0.9", &ep->ipv4, &e), 0);
	assert_int_equal(addr_parse("fd00::9", &ep->ipv6, &e), 0);
	ep->mtu = 1450;
	assert_int_equal(endpoint_labels_from_json(ep, labels, &e), 0);
	assert_int_equal(ports_of(ep, "[{\"name\":\"sctp\",\"port\":9,\"protocol\":\"SCTP\"}]", &e),
			 0);
	assert_int_equal(identity_ref(identities, ep->labels, ep->label_count, &ep->identity, &e),
			 0);
	json_decref(labels);
	return ep;
}

static void stored_endpoint_comes_back_whole_but_lost(void **state)
{
	struct identity_table *before = identity_table_new(), *after = identity_table_new();
	struct endpoint_table *t = endpoint_table_new();
	struct endpoint *ep = rich_endpoint(before), *back;
	sqlite3 *db = database();
	struct endpoint_store *s;
	struct error e;

	(void)state;
	assert_int_equal(endpoint_store_open(db, &s, &e), 0);
	assert_int_equal(endpoint_store_save(s, ep, before, &e), 0);
	assert_int_equal(endpoint_store_load(s, t, after, &e), 0);
	back = endpoint_by_id(t, 9);
	assert_non_null(back);
	assert_true(attachment_equal(&back->attachment, &ep->attachment));
	assert_string_equal(back->device, ep->device);
	assert_string_equal(back->netns, "/run/netns/x");
	assert_memory_equal(back->mac, ep->mac, 6);
	assert_memory_equal(&back->ipv4, &ep->ipv4, sizeof(ep->ipv4));
	assert_memory_equal(&back->ipv6, &ep->ipv6, sizeof(ep->ipv6));
	assert_int_equal(back->mtu, 1450);
	assert_int_equal(back->label_count, 2);
	assert_string_equal(back->labels[0], "k8s:app=we\"b");
	assert_int_equal(back->ports[0].proto, IPPROTO_SCTP);
	assert_int_equal(back->state, ENDPOINT_LOST);
	assert_int_equal(back->identity, ep->identity);
	assert_int_equal(identity_by_id(after, ep->identity)->refs, 1);
	assert_int_equal(identity_cursor(after), identity_cursor(before));
	endpoint_store_close(s);
	sqlite3_close(db);
	endpoint_free(ep);
	endpoint_table_free(t);
	identity_table_free(before);
	identity_table_free(after);
}

static void deleted_endpoint_stays_away(void **state)
{
	struct identity_table *identities = identity_table_new();
	struct endpoint_table *t = endpoint_table_new();
	struct endpoint *ep = rich_endpoint(identities);
	sqlite3 *db = database();
	struct endpoint_store *s;
	struct error e;

	(void)state;
	assert_int_equal(endpoint_store_open(db, &s, &e), 0);
	assert_int_equal(endpoint_store_save(s, ep, identities, &e), 0);
	assert_int_equal(endpoint_store_delete(s, ep->id, &e), 0);
	assert_int_equal(endpoint_store_delete(s, 4711, &e), 0);
	assert_int_equal(endpoint_store_load(s, t, identities, &e), 0);
	assert_int_equal(endpoint_count(t), 0);
	endpoint_store_close(s);
	sqlite3_close(db);
	endpoint_free(ep);
	endpoint_table_free(t);
	identity_table_free(identities);
}

static void damaged_rows_and_newer_formats_are_refused(void **state)
{
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{"UPDATE endpoint SET mac = 'x'", "endpoint 9: MAC \"x\""},
		{"UPDATE endpoint SET ipv4 = '10.0.0'", "endpoint 9: "},
		{"UPDATE endpoint SET labels = '{'", "endpoint 9: labels"},
		{"UPDATE endpoint SET ports = '[1]'", "endpoint 9: ports[0]"},
		{"UPDATE endpoint SET identity = 1", "stored identity 1"},
		{"UPDATE endpoint SET network = '../x'", "endpoint 9: network"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct identity_table *identities = identity_table_new(),
				      *after = identity_table_new();
		struct endpoint_table *t = endpoint_table_new();
		struct endpoint *ep = rich_endpoint(identities);
		sqlite3 *db = database();
		struct endpoint_store *s;
		struct error e;

		assert_int_equal(endpoint_store_open(db, &s, &e), 0);
		assert_int_equal(endpoint_store_save(s, ep, identities, &e), 0);
		assert_int_equal(sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL), SQLITE_OK);
		assert_true(endpoint_store_load(s, t, after, &e) < 0);
		if (!strstr(e.msg, rows[i].words))
			fail_msg("%s: \"%s\" is not in: %s", rows[i].sql, rows[i].words, e.msg);
		endpoint_store_close(s);
		sqlite3_exec(db, "UPDATE endpoint_meta SET value = 2 WHERE key = 'format'", NULL,
			     NULL, NULL);
		assert_int_equal(endpoint_store_open(db, &s, &e), -EPROTONOSUPPORT);
		sqlite3_close(db);
		endpoint_free(ep);
		endpoint_table_free(t);
		identity_table_free(identities);
		identity_table_free(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_is_found_by_id_attachment_and_device),
		cmocka_unit_test(insert_refuses_what_is_there_and_ids_out_of_range),
		cmocka_unit_test(lowest_free_id_is_given_first),
		cmocka_unit_test(mac_text_is_strict),
		cmocka_unit_test(ports_are_read),
		cmocka_unit_test(wrong_ports_are_refused_with_their_place),
		cmocka_unit_test(stored_endpoint_comes_back_whole_but_lost),
		cmocka_unit_test(deleted_endpoint_stays_away),
		cmocka_unit_test(damaged_rows_and_newer_formats_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
