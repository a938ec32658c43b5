/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Checking policy files where no agent runs; see policy_validate.h. */
#include "loader/cli/policy_validate.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "policy/node.h"
#include "policy/parse.h"

/* What is enforced today beside addresses, protocols and ports. */
#define FEATURES_ENFORCED 0

static void summary_write(const char *file, const struct policy *head, const struct report *r,
			  FILE *out)
{
	uint32_t objects = 0, rules = 0;

	for (const struct policy *p = head; p; p = p->next) {
		objects++;
		rules += p->refs;
	}
	fprintf(out, "%s: ok (%u objects, %u rules, %u warnings)\n", file, objects, rules,
		r->warnings);
}

static int file_validate(const char *file, FILE *out, FILE *err)
{
	const char *path = strcmp(file, "-") ? file : "/dev/stdin";
	_cleanup_free_ char *text = NULL;
	struct policy *head = NULL;
	struct report r;
	size_t len = 0;
	int bad = file_read(path, NODE_MAX_BYTES, &text, &len);

	if (bad == -EFBIG) {
		fprintf(err, "error: %s: larger than %u bytes\n", file, NODE_MAX_BYTES);
		return 1;
	}
	if (bad) {
		fprintf(err, "error: %s: %s\n", file, strerror(-bad));
		return 1;
	}
	report_init(&r, file);
	bad = policy_parse(file, text, len, &r, &head);
	if (!bad)
		bad = policy_check_features(head, FEATURES_ENFORCED, &r);
	report_write(&r, err);
	if (!bad)
		summary_write(file, head, &r, out);
	policies_free(head);
	report_fini(&r);
	return bad != 0;
}

int policy_validate(char *const *files, int count, FILE *out, FILE *err)
{
	int bad = 0;

	for (int i = 0; i < count; i++)
		bad += file_validate(files[i], out, err);
	return bad;
}
