/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A JSON array as text, one element per line, made element by element:
 *
 *      [
 *      {"id":1},
 *      {"id":2}
 *      ]
 *
 * Nobody ever holds the whole array as json_t, and a reader may take it line by line.
 */
#ifndef LOADER_JSON_LIST_H
#define LOADER_JSON_LIST_H

#include <jansson.h>
#include <stdbool.h>

struct evbuffer;

/** json_list_begin - write the opening bracket */
void json_list_begin(struct evbuffer *out);

/** json_list_next - write what separates an element from the one before; *@any: there was one */
void json_list_next(struct evbuffer *out, bool *any);

/** json_list_add - json_list_next() and the text of @item, whose reference is taken; NULL is left out */
void json_list_add(struct evbuffer *out, bool *any, json_t *item);

/** json_list_end - write the closing bracket */
void json_list_end(struct evbuffer *out);

#endif
