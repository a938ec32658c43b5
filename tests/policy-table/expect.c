/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Expect: what the reference evaluator says of packets between ends.
 *
 *      expect POLICY-FILE... <questions
 *
 * Questions are lines; ends are numbered from 0 in their order:
 *
 *      end ADDRESS LABELS PORTS        comma-separated; "-" = none; a port is NAME:NUMBER:PROTOCOL
 *      ask FROM TO PROTOCOL PORT       numbers; the port of ICMP is its type
 *
 * Each "ask" is answered with a line "allow" or "deny".  A packet has to pass the egress of its
 * sender and the ingress of its receiver, when these are pods.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/parse.h"
#include "tests/policy-reference/reference.h"

#define MAX_ENDS 32
#define MAX_LABELS 16
#define MAX_PORTS 8

/** struct named_end - @text: what the strings of @end point into */
struct named_end {
	struct reference_end end;
	char text[1024];
	const char *labels[MAX_LABELS];
	struct reference_port ports[MAX_PORTS];
	bool pod;
};

static struct named_end ends[MAX_ENDS];
static size_t end_count;

static void die(const char *what, const char *which)
{
	fprintf(stderr, "expect: %s: %s\n", which, what);
	exit(2);
}

static struct policy *file_parse(const char *file)
{
	static char text[1 << 20];
	struct policy *list = NULL;
	struct report r;
	FILE *in = fopen(file, "re");

	if (!in)
		die("cannot be opened", file);
	size_t len = fread(text, 1, sizeof(text), in);
	fclose(in);
	if (len == sizeof(text))
		die("is too long", file);
	report_init(&r, file);
	if (policy_parse(file, text, len, &r, &list)) {
		report_write(&r, stderr);
		die("is refused", file);
	}
	report_fini(&r);
	return list;
}

static void end_label(struct named_end *e, const char *label)
{
	static const char pod[] = "k8s:io.kubernetes.pod.namespace=";

	if (e->end.label_count == MAX_LABELS)
		die("too many labels", label);
	e->pod |= !strncmp(label, pod, sizeof(pod) - 1);
	e->labels[e->end.label_count++] = label;
}

static void end_port(struct named_end *e, char *text)
{
	char *number = strchr(text, ':');
	char *proto = number ? strchr(number + 1, ':') : NULL;

	if (!proto || e->end.port_count == MAX_PORTS)
		die("expected NAME:NUMBER:PROTOCOL", text);
	*number = 0;
	e->ports[e->end.port_count++] =
		(struct reference_port){text, (uint16_t)strtoul(number + 1, NULL, 10),
					(uint8_t)strtoul(proto + 1, NULL, 10)};
}

static void end_read(const char *line)
{
	struct named_end *e = &ends[end_count];
	char *save, *address, *labels, *ports;

	if (end_count == MAX_ENDS || strlen(line) >= sizeof(e->text))
		die("too many ends, or too long", line);
	strcpy(e->text, line);
	address = strtok_r(e->text, " \n", &save);
	labels = strtok_r(NULL, " \n", &save);
	ports = strtok_r(NULL, " \n", &save);
	if (!ports)
		die("expected ADDRESS LABELS PORTS", line);
	e->end.labels = e->labels;
	e->end.ports = e->ports;
	for (char *t = strtok_r(labels, ",", &save); t; t = strtok_r(NULL, ",", &save))
		if (strcmp(t, "-"))
			end_label(e, t);
	for (char *t = strtok_r(ports, ",", &save); t; t = strtok_r(NULL, ",", &save))
		if (strcmp(t, "-"))
			end_port(e, t);
	e->end.has_address = strcmp(address, "-");
	if (e->end.has_address && addr_parse(address, &e->end.address, NULL))
		die("is no address", address);
	end_count++;
}

static bool passes(const struct policy *policies, const struct named_end *subject,
		   const struct named_end *peer, const struct reference_packet *packet)
{
	struct reference_verdict v;

	if (!subject->pod)
		return true;
	reference_judge(policies, &subject->end, &peer->end, packet, true, &v);
	return v.allow;
}

static void question_answer(const struct policy *policies, const char *line)
{
	unsigned int from, to, proto, port;
	struct reference_packet p;

	if (sscanf(line, "%u %u %u %u", &from, &to, &proto, &port) != 4 || from >= end_count ||
	    to >= end_count)
		die("expected FROM TO PROTOCOL PORT", line);
	p = (struct reference_packet){
		.dir = AXO_DIR_EGRESS, .proto = (uint8_t)proto, .port = (uint16_t)port};
	bool allow = passes(policies, &ends[from], &ends[to], &p);
	p.dir = AXO_DIR_INGRESS;
	puts(allow && passes(policies, &ends[to], &ends[from], &p) ? "allow" : "deny");
}

int main(int argc, char **argv)
{
	struct policy *policies = NULL, **tail = &policies;
	char line[1024];

	for (int i = 1; i < argc; i++) {
		*tail = file_parse(argv[i]);
		while (*tail)
			tail = &(*tail)->next;
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "end ", 4))
			end_read(line + 4);
		else if (!strncmp(line, "ask ", 4))
			question_answer(policies, line + 4);
		else
			die("neither end nor ask", line);
	}
	policies_free(policies);
	return 0;
}
