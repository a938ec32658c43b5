/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The nftables table; see masquerade.h.
 *
 *      1. Only sources of this host's pod CIDRs are translated.
 *      2. Not for destinations of the pod CIDRs (a service of this host was translated to one of its
 *         pods), of cluster-cidr or of no-masquerade-cidr.
 *      3. A packet that stays on the host is never translated: it leaves by axo_host, or by no
 *         device.
 */
#include "loader/masquerade.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"

/* "add" before "delete": deleting what is not there is an error. */
static const char gone[] = "add table inet " MASQUERADE_TABLE "\n"
			   "delete table inet " MASQUERADE_TABLE "\n";

static void write_rules(FILE *to, const struct cidr_list *pods, const struct cidr_list *list)
{
	char pod[CIDR_STR_MAX], other[CIDR_STR_MAX];

	for (size_t p = 0; p < pods->count; p++)
		for (size_t i = 0; i < list->count; i++) {
			const char *ip = pods->items[p].family == 4 ? "ip" : "ip6";

			if (pods->items[p].family == list->items[i].family)
				fprintf(to, "\t\t%s saddr %s %s daddr %s return\n", ip,
					cidr_to_str(&pods->items[p], pod), ip,
					cidr_to_str(&list->items[i], other));
		}
}

static void write_table(FILE *to, const struct options *opt)
{
	char pod[CIDR_STR_MAX];

	fprintf(to, "table inet " MASQUERADE_TABLE " {\n\tchain postrouting {\n"
		    "\t\ttype nat hook postrouting priority 100; policy accept;\n"
		    "\t\toifname \"" AXO_DEV_HOST "\" return\n");
	write_rules(to, &opt->pod_cidr, &opt->pod_cidr);
	write_rules(to, &opt->pod_cidr, &opt->cluster_cidr);
	write_rules(to, &opt->pod_cidr, &opt->no_masquerade_cidr);
	for (size_t p = 0; p < opt->pod_cidr.count; p++)
		fprintf(to, "\t\t%s saddr %s masquerade\n",
			opt->pod_cidr.items[p].family == 4 ? "ip" : "ip6",
			cidr_to_str(&opt->pod_cidr.items[p], pod));
	fprintf(to, "\t}\n}\n");
}

/* The table as commands of nft(8), or without masquerading its removal; owned. */
static char *table_text(const struct options *opt)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fputs(gone, to);
	if (opt->masquerade)
		write_table(to, opt);
	return fclose(to) == 0 ? text : NULL;
}

static void cleanup_nft(struct nft_ctx **nft)
{
	if (*nft)
		nft_ctx_free(*nft);
}

/* libnftables says what is wrong in its own words, over several lines; the first one tells. */
static int run(const char *text, struct error *e)
{
	_cleanup_(cleanup_nft) struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	const char *said;

	if (!nft || nft_ctx_buffer_error(nft) != 0 || nft_ctx_buffer_output(nft) != 0)
		return error_set(e, ENOMEM, "no memory");
	if (nft_run_cmd_from_buffer(nft, text) == 0)
		return 0;
	said = nft_ctx_get_error_buffer(nft);
	return error_set(e, EIO,
			 "cannot write the nftables table inet " MASQUERADE_TABLE
			 ": %.*s; --masquerade off does without",
			 said ? (int)strcspn(said, "\n") : 0, said);
}

/* Off, and nothing there: a kernel without nftables is as good as any. */
int masquerade_apply(const struct options *opt, struct error *e)
{
	_cleanup_free_ char *text = NULL;

	if (!opt->masquerade) {
		masquerade_remove();
		return 0;
	}
	text = table_text(opt);
	return text ? run(text, e) : error_set(e, ENOMEM, "no memory");
}

int masquerade_remove(void)
{
	struct error e;

	run(gone, &e);
	return 0;
}
