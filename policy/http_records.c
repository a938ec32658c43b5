/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of HTTP tables: equal ones are one. */
#include <stdlib.h>
#include <string.h>

#include "policy/http_lane.h"

uint32_t http_records_get(struct http_records *r, const uint32_t *words, uint32_t count)
{
	void **slot = map_slot(&r->index, words, count * sizeof(*words));

	if (*slot)
		return (uintptr_t)*slot;
	uint32_t start = r->count ? r->ends[r->count] : 0;
	r->words = reallocarray(r->words, start + count + 1, sizeof(*words));
	r->ends = reallocarray(r->ends, r->count + 2, sizeof(*r->ends));
	if (!r->words || !r->ends)
		abort();
	memcpy(r->words + start, words, count * sizeof(*words));
	r->ends[0] = 0;
	r->ends[++r->count] = start + count;
	*slot = (void *)(uintptr_t)r->count;
	return r->count;
}

void http_records_fini(struct http_records *r)
{
	map_fini(&r->index, NULL);
	free(r->words);
	free(r->ends);
	*r = (struct http_records){0};
}
