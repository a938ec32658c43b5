/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Netlink messages as bytes: build one, walk over one, send one and hear the answer.
 *
 * Private to lib/netlink*.c.  Written by hand because the plugin is linked statically (a quarter of
 * its start-up time is the dynamic linker) and libmnl comes only as a shared object.
 */
#ifndef LIB_NLMSG_H
#define LIB_NLMSG_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;

/**
 * struct nlmsg - a request under construction
 * @hdr, @buf: the bytes; hdr.nlmsg_len is kept right by every function
 * @overflow:  something did not fit: nlmsg_talk() answers -EMSGSIZE
 */
struct nlmsg {
	union {
		struct nlmsghdr hdr;
		uint8_t buf[2048];
	};
	bool overflow;
};

/** nlmsg_start - begin a request of @type; @fixed is the family's header (ifinfomsg, ...) */
void nlmsg_start(struct nlmsg *m, uint16_t type, uint16_t flags, const void *fixed, size_t len);

void nlmsg_put(struct nlmsg *m, uint16_t type, const void *data, size_t len);
void nlmsg_put_u8(struct nlmsg *m, uint16_t type, uint8_t v);
void nlmsg_put_u32(struct nlmsg *m, uint16_t type, uint32_t v);
void nlmsg_put_str(struct nlmsg *m, uint16_t type, const char *s);

/** nlmsg_nest - open a nested attribute; nlmsg_nest_end() takes what it returned */
size_t nlmsg_nest(struct nlmsg *m, uint16_t type);
void nlmsg_nest_end(struct nlmsg *m, size_t start);

/** nlmsg_raw - append bytes that are no attribute (the ifinfomsg inside VETH_INFO_PEER) */
void nlmsg_raw(struct nlmsg *m, const void *data, size_t len);

/**
 * nlattr_index - point @tb[type] at each attribute of type 0 to @max in @len bytes at @data
 *
 * Lengths are checked; attributes that do not fit end the walk.  nlattr_u32() and the like
 * return their default when the attribute is absent or short.
 */
void nlattr_index(const void *data, size_t len, const struct nlattr **tb, size_t max);
const void *nlattr_data(const struct nlattr *a);
size_t nlattr_len(const struct nlattr *a);
uint32_t nlattr_u32(const struct nlattr *a, uint32_t otherwise);

/** nlattr_str - copy the text of @a (may be NULL) to @out, cut to @size, always with a final 0 */
void nlattr_str(const struct nlattr *a, char *out, size_t size);

/** nlmsg_payload, nlmsg_payload_len - what follows the fixed header of @fixed bytes in a message */
const void *nlmsg_payload(const struct nlmsghdr *h, size_t fixed);
size_t nlmsg_payload_len(const struct nlmsghdr *h, size_t fixed);

typedef int (*nlmsg_fn)(const struct nlmsghdr *h, void *arg);

/**
 * nlmsg_talk - send @m and hear the whole answer
 * @fn: called for each message of the answer; NULL = none expected.  Its first negative return
 *      value is returned, after the rest of the answer has been read and left out
 * Return: 0, or the kernel's negative errno, its sentence in netlink_message()
 */
int nlmsg_talk(struct netlink *nl, struct nlmsg *m, nlmsg_fn fn, void *arg);

#endif
