/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Readers: what decodes each part of a policy.  All are decode_fn (decode.h) unless they say
 * otherwise; the type of @out stands behind each.
 */
#ifndef POLICY_READ_H
#define POLICY_READ_H

#include "policy/decode.h"
#include "policy/rule.h"

/* read_selector.c */
int read_selector(struct decoder *d, const struct node *n, void *out);	   /* struct selector */
int read_selector_k8s(struct decoder *d, const struct node *n, void *out); /* keys are k8s: */
int read_namespaces(struct decoder *d, const struct node *n,
		    void *out); /* keys are labels of namespaces */
int read_label_set(struct decoder *d, const struct node *n, void *out); /* struct label_set */

/* selector_imply.c: what the kind of policy adds to a selector; not decode_fn */
void imply_subject_namespace(struct decoder *d, struct selector *s);
void imply_peer_namespace(struct decoder *d, struct selector *s);
void selector_warn(struct decoder *d, const struct selector *s);
void selector_require(struct decoder *d, struct selector *s, enum selector_op op, const char *key,
		      const char *value);

/* read_peer.c: struct peer each */
int read_peer_endpoints(struct decoder *d, const struct node *n, void *out);
int read_peer_entity(struct decoder *d, const struct node *n, void *out);
int read_peer_cidr(struct decoder *d, const struct node *n, void *out);
int read_peer_cidr_set(struct decoder *d, const struct node *n, void *out);
/** read_name_normal - a name of the DNS in lower case, without a final dot */
const char *read_name_normal(struct decoder *d, const char *text);

int read_peer_fqdn(struct decoder *d, const struct node *n, void *out);
int read_ip_block(struct decoder *d, const struct node *n, void *out);
int read_cidr(struct decoder *d, const struct node *n, void *out); /* struct cidr */

/* read_port.c */
int read_port_rule(struct decoder *d, const struct node *n, void *out);	     /* struct port_rule */
int read_port_rule_deny(struct decoder *d, const struct node *n, void *out); /* struct port_rule */
int read_port_number(struct decoder *d, const struct node *n, const char *text, struct port *out);
int read_port_end(struct decoder *d, const struct node *n, void *out); /* uint32_t */

/* read_icmp.c */
int read_icmp_rule(struct decoder *d, const struct node *n, void *out); /* struct icmp_rule */

/* read_l7.c: struct l7_syntax */
struct l7_syntax {
	struct pos pos;
	bool present;
	struct list http;
	struct list dns;
	struct list l7;
	const char *l7proto;
};
int read_regex(struct decoder *d, const struct node *n, void *out); /* const char * */
int read_l7_rules(struct decoder *d, const struct node *n, void *out);
int read_l7_item(struct decoder *d, const struct node *n, void *out);  /* struct chaos_rule */
int read_l7_proto(struct decoder *d, const struct node *n, void *out); /* const char * */

/* read_annotation.c */
int read_annotations(struct decoder *d, const struct node *n,
		     void *out); /* struct chaos_options, as it is before */

/* chaos_check.c: what depends on ports, or on the options of the policy; not decode_fn */
bool chaos_filters_same(const struct chaos_rule *a, const struct chaos_rule *b);
int chaos_ports_check(struct decoder *d, const struct port_rule *r);
int chaos_policy_check(struct decoder *d, const struct policy *p);

/* read_chaos.c */
int read_chaos_rule(struct decoder *d, const struct node *n, void *out); /* struct chaos_rule */
int chaos_rules_check(struct decoder *d, const struct list *rules);

/* read_fqdn.c: struct fqdn */
int read_fqdn(struct decoder *d, const struct node *n, void *out);

/* read_item.c: struct rule_item each */
int read_ingress(struct decoder *d, const struct node *n, void *out);
int read_ingress_deny(struct decoder *d, const struct node *n, void *out);
int read_egress(struct decoder *d, const struct node *n, void *out);
int read_egress_deny(struct decoder *d, const struct node *n, void *out);

/* read_rule.c, read_knp.c: struct rule */
int read_rule(struct decoder *d, const struct node *n, void *out);
int read_knp(struct decoder *d, const struct node *n, void *out);

/* read_object.c */
int read_document(struct decoder *d, const struct node *n, const char *file, struct policy **tail);

#endif
