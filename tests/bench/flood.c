/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A flood: UDP datagrams from many sources, as fast as this core sends them.
 *
 *     flood -c CPU -s SECONDS DEVICE MAC ADDRESS
 *
 * Sources are 198.18.0.0/15 (RFC 2544), MAC is the next hop's.  Ends after SECONDS or at SIGTERM, and
 * prints how many frames the device took, and nanoseconds.  Frames are made beforehand: sending is
 * one system call for BATCH of them, past the queueing discipline.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/number.h"
#include "tests/bench/ends.h"

#define FRAMES 4096
#define BATCH 128
#define QUEUE_BYTES (64 << 20) /* a flood does not wait for its receiver */
#define SECONDS_MAX 60
#define SOURCES 0xc6120000u /* 198.18.0.0/15 */
#define DISCARD_PORT 9

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	char data[18];
} __attribute__((packed));

static struct frame frames[FRAMES];
static struct iovec vectors[FRAMES];
static struct mmsghdr messages[FRAMES];
static volatile sig_atomic_t over;

static void end(int number)
{
	(void)number;
	over = 1;
}

static uint16_t header_sum(const void *ip)
{
	uint16_t half[sizeof(struct iphdr) / 2];
	uint32_t sum = 0;

	memcpy(half, ip, sizeof(half));
	for (size_t i = 0; i < sizeof(half) / sizeof(half[0]); i++)
		sum += half[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static void make_frame(struct frame *f, uint32_t number, const uint8_t *mac, struct in_addr to)
{
	/* A multiplier that visits every source once before the first one comes again. */
	uint32_t source = SOURCES | ((number * 40503u) & 0x1ffff);

	*f = (struct frame){
		.eth = {.h_source = {2, 0, 0, 0, 0, 1}, .h_proto = htons(ETH_P_IP)},
		.ip = {.version = 4,
		       .ihl = 5,
		       .tot_len = htons(sizeof(*f) - sizeof(f->eth)),
		       .ttl = 64,
		       .protocol = IPPROTO_UDP,
		       .saddr = htonl(source),
		       .daddr = to.s_addr},
		.udp = {.source = htons((uint16_t)(1024 + number % 60000)),
			.dest = htons(DISCARD_PORT),
			.len = htons(sizeof(*f) - sizeof(f->eth) - sizeof(f->ip))},
	};
	memcpy(f->eth.h_dest, mac, ETH_ALEN);
	f->ip.check = header_sum((const char *)f + sizeof(f->eth));
}

static void make_frames(const char *mac_text, const char *address)
{
	struct in_addr to;
	uint8_t mac[6];

	if (sscanf(mac_text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", mac, mac + 1, mac + 2, mac + 3,
		   mac + 4, mac + 5) != 6)
		errx(2, "'%s': expected a MAC", mac_text);
	if (inet_pton(AF_INET, address, &to) != 1)
		errx(2, "'%s': expected an IPv4 address", address);
	for (uint32_t i = 0; i < FRAMES; i++) {
		make_frame(&frames[i], i, mac, to);
		vectors[i] = (struct iovec){.iov_base = &frames[i], .iov_len = sizeof(frames[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
	}
}

static int open_device(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1, bytes = QUEUE_BYTES;

	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		err(1, "device %s", name);
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		err(1, "PACKET_QDISC_BYPASS");
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		err(1, "SO_SNDBUFFORCE");
	return fd;
}

static void pin(uint64_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "cannot pin to core %llu", (unsigned long long)cpu);
}

static void run(int fd, uint64_t seconds)
{
	uint64_t sent = 0, start = now_ns(), now = start;

	for (uint32_t at = 0; !over && now - start < seconds * 1000000000; at += BATCH) {
		int n = sendmmsg(fd, &messages[at % FRAMES], BATCH, 0);

		if (n > 0)
			sent += (uint64_t)n;
		now = now_ns();
	}
	printf("%llu %llu\n", (unsigned long long)sent, (unsigned long long)(now - start));
}

int main(int argc, char **argv)
{
	uint64_t cpu = 0, seconds = 10;
	int option;

	while ((option = getopt(argc, argv, "c:s:")) != -1) {
		if ((option != 'c' || number_parse(optarg, 0, 1023, &cpu)) &&
		    (option != 's' || number_parse(optarg, 1, SECONDS_MAX, &seconds)))
			errx(2, "flood -c CPU -s SECONDS DEVICE MAC ADDRESS");
	}
	if (argc - optind != 3)
		errx(2, "expected DEVICE MAC ADDRESS");
	signal(SIGTERM, end);
	make_frames(argv[optind + 1], argv[optind + 2]);
	pin(cpu);
	run(open_device(argv[optind]), seconds);
	return 0;
}
