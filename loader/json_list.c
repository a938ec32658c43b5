/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON arrays line by line; see json_list.h. */
#include "loader/json_list.h"

#include <event2/buffer.h>

static int to_evbuffer(const char *text, size_t len, void *out)
{
	return evbuffer_add(out, text, len);
}

void json_list_begin(struct evbuffer *out)
{
	evbuffer_add(out, "[", 1);
}

void json_list_next(struct evbuffer *out, bool *any)
{
	if (*any)
		evbuffer_add(out, ",\n", 2);
	else
		evbuffer_add(out, "\n", 1);
	*any = true;
}

void json_list_add(struct evbuffer *out, bool *any, json_t *item)
{
	if (!item)
		return;
	json_list_next(out, any);
	json_dump_callback(item, to_evbuffer, out, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(item);
}

void json_list_end(struct evbuffer *out)
{
	evbuffer_add(out, "\n]\n", 3);
}
