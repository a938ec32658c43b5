/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The directory of policy files: what comes, breaks, moves and goes, as the set then says. */
#include "tests/unit/loader/policy_world.h"

static void two(const char *file, const char *first, const char *second)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s", policy(first), policy(second));
	put(file, text);
}

static void files_come_change_and_go(void **state)
{
	(void)state;
	assert_string_equal(in_force(), "");
	put("a.yaml", policy("a"));
	wait_for("a", 0);
	put("b.json", policy("b"));
	put("c.yml", policy("c"));
	wait_for("a b c", 0);
	two("a.yaml", "a2", "a3");
	wait_for("a2 a3 b c", 0);
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	wait_for("b c", 0);
	agent_again();
	assert_string_equal(in_force(), "b c");
}

static void other_names_are_no_policies(void **state)
{
	(void)state;
	put("README", policy("readme"));
	put("a.yaml~", policy("backup"));
	put(".a.yaml.swp", policy("swap"));
	put(".hidden.yaml", policy("hidden"));
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	put("sub/inner.yaml", policy("inner"));
	look();
	assert_string_equal(in_force(), "");
	/* A directory with such a name is no file, and says so. */
	assert_int_equal(mkdir(path_of("dir.yaml"), 0700), 0);
	look();
	assert_string_equal(in_force(), "");
	assert_non_null(strstr(wrong("dir.yaml"), "expected a regular file"));
	assert_int_equal(rmdir(path_of("dir.yaml")), 0);
	/* Nobody writes into this one: it must not be waited for. */
	assert_int_equal(mkfifo(path_of("pipe.yaml"), 0600), 0);
	look();
	assert_non_null(strstr(wrong("pipe.yaml"), "expected a regular file"));
	assert_int_equal(unlink(path_of("pipe.yaml")), 0);
	wait_for("", 0);
}

static void a_broken_file_leaves_its_last_good_version(void **state)
{
	(void)state;
	two("a.yaml", "a1", "a2");
	put("b.yaml", policy("b"));
	wait_for("a1 a2 b", 0);
	/* The first document is good: it is not taken alone. */
	put("a.yaml", "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
		      "metadata: {name: a9, namespace: a}\nspec: {endpointSelector: {}}\n---\n"
		      "kind: [\n");
	wait_for("a1 a2 b", 1);
	assert_non_null(strstr(wrong("a.yaml"), "a.yaml:"));
	assert_string_equal(wrong("b.yaml"), "");
	/* It does not block others. */
	put("c.yaml", policy("c"));
	wait_for("a1 a2 b c", 1);
	/* What was good is known after a restart, too, while what stands there is not. */
	agent_again();
	assert_string_equal(in_force(), "a1 a2 b c");
	assert_int_equal(policy_dir_broken(world->engine.dir), 1);
	put("a.yaml", policy("a3"));
	wait_for("a3 b c", 0);
}

static void a_new_broken_file_is_not_in_force(void **state)
{
	(void)state;
	put("a.yaml", "kind: [");
	wait_for("", 1);
	agent_again();
	assert_string_equal(in_force(), "");
	assert_int_equal(policy_dir_broken(world->engine.dir), 1);
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	wait_for("", 0);
	assert_string_equal(wrong("a.yaml"), "");
}

static void a_broken_file_that_goes_takes_its_good_version_along(void **state)
{
	(void)state;
	put("a.yaml", policy("a"));
	wait_for("a", 0);
	put("a.yaml", "kind: [");
	wait_for("a", 1);
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	wait_for("", 0);
	agent_again();
	assert_string_equal(in_force(), "");
}

static void what_is_renamed_moves_with_its_name(void **state)
{
	(void)state;
	/* As editors write: a new file over the old one. */
	put("a.yaml", policy("a1"));
	wait_for("a1", 0);
	put("a.yaml.new", policy("a2"));
	assert_int_equal(rename(path_of("a.yaml.new"), path_of("a.yaml")), 0);
	wait_for("a2", 0);
	/* The same object under another name: never two of it, and never none. */
	assert_int_equal(rename(path_of("a.yaml"), path_of("b.yaml")), 0);
	look();
	assert_string_equal(in_force(), "a2");
	assert_int_equal(policy_dir_broken(world->engine.dir), 0);
	/* Out of sight, and out of the directory. */
	assert_int_equal(rename(path_of("b.yaml"), path_of(".b.yaml")), 0);
	wait_for("", 0);
	assert_int_equal(rename(path_of(".b.yaml"), path_of("b.yaml")), 0);
	wait_for("a2", 0);
}

static void swap(const char *version)
{
	assert_int_equal(symlink(version, path_of("..data_tmp")), 0);
	assert_int_equal(rename(path_of("..data_tmp"), path_of("..data")), 0);
}

/* A volume of a ConfigMap: a.yaml -> ..data/a.yaml, ..data -> ..1, and ..data is swapped. */
static void a_config_map_is_swapped(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("..1"), 0700), 0);
	put("..1/a.yaml", policy("a1"));
	put("..1/b.yaml", policy("b1"));
	swap("..1");
	assert_int_equal(symlink("..data/a.yaml", path_of("a.yaml")), 0);
	assert_int_equal(symlink("..data/b.yaml", path_of("b.yaml")), 0);
	wait_for("a1 b1", 0);
	/* An object goes from one file to the other: both change at once. */
	assert_int_equal(mkdir(path_of("..2"), 0700), 0);
	put("..2/a.yaml", policy("b1"));
	put("..2/b.yaml", policy("a1"));
	swap("..2");
	look();
	assert_string_equal(in_force(), "a1 b1");
	assert_int_equal(policy_dir_broken(world->engine.dir), 0);
	assert_string_equal(
		policy_set_source(world->engine.set,
				  policy_set_find(world->engine.set, POLICY_CNP, "a", "b1")),
		path_of("a.yaml"));
	/* One that is broken, and then a link to nothing. */
	assert_int_equal(mkdir(path_of("..3"), 0700), 0);
	put("..3/a.yaml", "kind: [");
	put("..3/b.yaml", policy("b3"));
	swap("..3");
	wait_for("b1 b3", 1);
	assert_int_equal(unlink(path_of("..3/a.yaml")), 0);
	swap("..3");
	wait_for("b3", 0);
}

static void the_second_file_of_a_name_is_told_of_the_first(void **state)
{
	(void)state;
	put("a.yaml", policy("same"));
	wait_for("same", 0);
	put("b.yaml", policy("same"));
	wait_for("same", 1);
	assert_non_null(strstr(wrong("b.yaml"), path_of("a.yaml")));
	/* When the first goes, the second has the name. */
	assert_int_equal(unlink(path_of("a.yaml")), 0);
	wait_for("same", 0);
}

static void what_does_not_fit_together_is_tried_one_by_one(void **state)
{
	(void)state;
	agent_end();
	put("a.yaml", policy("a"));
	put("b.yaml", policy("b"));
	fake_policy.full = 2;
	agent_begin();
	assert_string_equal(in_force(), "a b");
	fake_policy.full = 1;
	put("c.yaml", policy("c"));
	wait_for("a b", 1);
	assert_string_equal(wrong("c.yaml"), "it does not fit");
	/* What else has changed may have made room. */
	fake_policy.full = 0;
	policy_dir_again(world->engine.dir);
	wait_for("a b c", 0);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	struct stat st;

	(void)state;
	put("a.yaml", policy("a"));
	wait_for("a", 0);
	assert_int_equal(truncate(path_of("a.yaml"), 100 << 20), 0);
	assert_int_equal(stat(path_of("a.yaml"), &st), 0);
	/* truncate(2) alone is not watched: somebody closes it. */
	close(open(path_of("a.yaml"), O_WRONLY));
	wait_for("a", 1);
	assert_non_null(strstr(wrong("a.yaml"), "at most 16777216 bytes"));
}

static bool has_settled_since(const void *arg)
{
	return fake_policy.settled != *(const size_t *)arg;
}

static void a_directory_that_is_gone_changes_nothing(void **state)
{
	char away[96];
	size_t before;

	(void)state;
	snprintf(away, sizeof(away), "%s/away", world->root);
	put("a.yaml", policy("a"));
	wait_for("a", 0);
	assert_int_equal(rename(world->policies, away), 0);
	before = fake_policy.settled;
	assert_true(turn_until(has_settled_since, &before));
	assert_string_equal(in_force(), "a");
	agent_again();
	assert_string_equal(in_force(), "a");
	/* It comes back with something else; nobody tells, so the watch tries by itself. */
	assert_int_equal(mkdir(world->policies, 0700), 0);
	put("b.yaml", policy("b"));
	wait_for("b", 0);
	put("c.yaml", policy("c"));
	wait_for("b c", 0);
}

static void what_changed_while_nobody_looked_is_seen_at_the_start(void **state)
{
	(void)state;
	put("a.yaml", policy("a"));
	put("b.yaml", policy("b"));
	put("c.yaml", policy("c"));
	wait_for("a b c", 0);
	agent_end();
	put("a.yaml", policy("a2"));
	assert_int_equal(unlink(path_of("b.yaml")), 0);
	put("d.yaml", policy("d"));
	agent_begin();
	assert_string_equal(in_force(), "a2 c d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		ROW(files_come_change_and_go),
		ROW(other_names_are_no_policies),
		ROW(a_broken_file_leaves_its_last_good_version),
		ROW(a_new_broken_file_is_not_in_force),
		ROW(a_broken_file_that_goes_takes_its_good_version_along),
		ROW(what_is_renamed_moves_with_its_name),
		ROW(a_config_map_is_swapped),
		ROW(the_second_file_of_a_name_is_told_of_the_first),
		ROW(what_does_not_fit_together_is_tried_one_by_one),
		ROW(a_file_that_is_too_large_is_refused),
		ROW(a_directory_that_is_gone_changes_nothing),
		ROW(what_changed_while_nobody_looked_is_seen_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
