/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the handlers of /v1/attachments share.
 */
#ifndef LOADER_API_ATTACHMENT_H
#define LOADER_API_ATTACHMENT_H

#include <stdbool.h>

#include "lib/attachment.h"
#include "lib/error.h"

struct agent;
struct api_request;

/** api_attachment_names - the three names in the request's body; false = the request was answered */
bool api_attachment_names(struct api_request *req, struct attachment *a);

/**
 * api_reply_committed - answer with @body (reference taken) once the open transaction is durable,
 * or with code 105
 */
void api_reply_committed(struct agent *agent, struct api_request *req, void *body);

#endif
