/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Streams: answers that are too long for one piece, or that do not end.
 *
 * The source is asked for the next piece only when the client's connection has taken the last
 * one, so a slow client costs one piece of memory and blocks nobody.  A client that goes away is
 * noticed at once, also when there is nothing to send.
 */
#ifndef LOADER_API_STREAM_H
#define LOADER_API_STREAM_H

#include <sys/queue.h>

#include "loader/api_request.h"

struct api_stream;
TAILQ_HEAD(api_streams, api_stream);

/**
 * struct api_source - where the pieces come from
 * @more:  append the next piece to @out, bounded work.  true = there is, or will be, more;
 *         adding nothing then waits for api_stream_wake()
 * @close: the stream is over, whoever ended it; frees @arg
 */
struct api_source {
	bool (*more)(void *arg, struct evbuffer *out);
	void (*close)(void *arg);
};

/**
 * api_stream_new - a stream that will answer @req; nothing is sent before api_stream_start()
 * Return: the stream, or NULL when there is no memory: then @req is still to be answered
 */
struct api_stream *api_stream_new(struct api_request *req, const struct api_source *source,
				  void *arg);

/**
 * api_stream_start - send the head with status 200, then pieces
 *
 * Takes @req: it is answered.  The stream may end before this returns.
 */
void api_stream_start(struct api_stream *s, const char *type);

/** api_stream_free - of one that was not started; @req and the source's @arg stay */
void api_stream_free(struct api_stream *s);

/** api_stream_wake - the source has something again.  The stream may end before this returns */
void api_stream_wake(struct api_stream *s);

/** api_stream_end - end it now (the agent stops); what was not sent is lost */
void api_stream_end(struct api_stream *s);

#endif
