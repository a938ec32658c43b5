/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blast radius: how many of the host's endpoints a chaos policy selects.
 */
#ifndef LOADER_CHAOS_RADIUS_H
#define LOADER_CHAOS_RADIUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct endpoint;
struct policy;
struct policy_engine;

/** CHAOS_RADIUS_FEW - so many may always be selected; more only up to half of a namespace */
#define CHAOS_RADIUS_FEW 3

/**
 * struct chaos_radius - of the namespace in which most is selected
 * @namespace_: borrowed from an endpoint; "" = nothing is selected
 * @selected, @total: endpoints of the host in it
 * @all:        selected in all namespaces
 */
struct chaos_radius {
	const char *namespace_;
	size_t selected;
	size_t total;
	size_t all;
};

/** chaos_radius_of - as endpoints are now */
void chaos_radius_of(const struct policy_engine *p, const struct policy *policy,
		     struct chaos_radius *out);

/** chaos_radius_is_wide - more than a few, and more than half? */
bool chaos_radius_is_wide(const struct chaos_radius *r);

/** chaos_selects - does a rule of @policy that has chaos select @ep? */
bool chaos_selects(const struct policy_engine *p, const struct policy *policy,
		   const struct endpoint *ep);

#endif
