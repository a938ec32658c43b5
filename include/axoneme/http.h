/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP: the state of a reader of one connection, and what it says of a request.
 *
 * bpf/lib/l7_http.h is the reader: pure functions on these structs, on a pool of tables (l7.h) and
 * on a chunk of bytes; the same code runs in programs and in userspace.  All structs live in map
 * memory (the verifier must not follow their values).  The owner of the memory sees to it that only
 * one CPU reads a connection at a time.
 *
 * Zeroed is a reader before the first byte.
 */
#ifndef AXONEME_HTTP_H
#define AXONEME_HTTP_H

#include "axoneme/l7.h"

/* X(symbol, number, "json_name", "what the operator reads").  Never renumber. */
#define AXO_HTTP_REASONS(X)                                                            \
	X(NONE, 0, "none", "allowed")                                                  \
	X(RULE, 1, "rule", "no rule allows the request")                               \
	X(METHOD, 2, "method", "no HTTP method where one must stand")                  \
	X(TARGET, 3, "target", "target of no known form, or a byte it may not have")   \
	X(PERCENT, 4, "percent", "invalid percent-encoding")                           \
	X(ENCODED, 5, "encoded", "encoded slash, backslash or control byte in a path") \
	X(DOTS, 6, "dots", "dot segments that servers read differently")               \
	X(VERSION, 7, "version", "neither HTTP/1.0 nor HTTP/1.1")                      \
	X(NEWLINE, 8, "newline", "a line that does not end in CR LF")                  \
	X(FOLD, 9, "fold", "a header line that starts with a blank")                   \
	X(NAME, 10, "name", "a header name with a byte it may not have")               \
	X(VALUE, 11, "value", "a control byte in a header value")                      \
	X(HOST, 12, "host", "Host missing, repeated or malformed")                     \
	X(LENGTH, 13, "length", "Content-Length repeated or not a plain number")       \
	X(CODING, 14, "coding", "Transfer-Encoding other than one plain chunked")      \
	X(CHUNK, 15, "chunk", "malformed chunk")                                       \
	X(TOO_LONG, 16, "too_long", "head of more than 64 KB")                         \
	X(CONNECT, 17, "connect", "CONNECT, and no rule names it")                     \
	X(UPGRADE, 18, "upgrade", "Upgrade, and no rule names it")                     \
	X(TABLE, 19, "table", "rules changed in the middle of a request")              \
	X(EARLY, 20, "early", "bytes behind a request for another protocol")

enum axo_http_reason {
#define X(symbol, number, json, text) AXO_HTTP_DENY_##symbol = number,
	AXO_HTTP_REASONS(X)
#undef X
};

/** enum axo_http_event - why the reader stopped before the end of the chunk, or at it */
enum axo_http_event {
	AXO_HTTP_MORE = 0,   /* all read, the head or the framing is open */
	AXO_HTTP_HEAD = 1,   /* a head is complete: result is valid */
	AXO_HTTP_BODY = 2,   /* all read, inside of data that may be skipped: http_skip() */
	AXO_HTTP_IDLE = 3,   /* a message ended that had a body */
	AXO_HTTP_DENY = 4,   /* not HTTP, or not safely: axo_http.reason; for good */
	AXO_HTTP_OPAQUE = 5, /* the rest of the connection is not read (tunnel, no rules) */
	AXO_HTTP_HOLD = 6,   /* another protocol was asked for: nothing may pass until the answer */
};

/**
 * struct axo_http - reader of one direction, for one lane
 * @left:      bytes of the body or chunk that are still to come; else scratch of the syntax
 * @method:    up to the last 8 bytes of the method, last one lowest
 * @held:      conditions on headers that hold
 * @named:     conditions whose header was seen
 * @row:       state of the automaton that runs
 * @classes:   byte offset of its classes in the pool
 * @lane:      offset of struct axo_l7_lane
 * @accept:    record of the target, 0 = nothing matches
 * @host:      record of Host, 0 = nothing matches
 * @authority: the same of an absolute target
 * @name:      record of the header name, 0 = none
 * @rule:      number of the first rule that allows the request, AXO_HTTP_NO_RULE = none
 * @chaos:     mask of chaos filters that match
 * @log:       conditions with mismatch LOG of @rule that do not hold
 * @origin:    position in the head = @origin + position in the chunk
 * @target_at, @target_end: position of the target in the head, as received
 * @host_at, @host_end: position of the value of Host in the head
 * @stack:     rows behind the slashes of the path
 * @pos, @len: in the chunk
 * @status:    responses: the status code
 * @event:     enum axo_http_event
 * @reason:    enum axo_http_reason, of AXO_HTTP_DENY
 * @mode:      what the next byte is (l7_http_mode.h)
 * @back:      mode behind what is being read
 * @count:     bytes of what is being read
 * @flags:     HTTP_* of l7_http_mode.h
 * @table:     AXO_L7_* flags of the table
 * @dots:      dots that a segment has started with
 * @depth, @deep: slashes on the stack, and the most there were
 * @response:  it reads responses
 */
struct axo_http {
	__u64 left;
	__u64 method;
	__u64 held;
	__u64 named;
	__u64 chaos;
	__u64 log;
	__u32 row;
	__u32 classes;
	__u32 lane;
	__u32 accept;
	__u32 host;
	__u32 authority;
	__u32 name;
	__u32 origin;
	__u32 target_at;
	__u32 target_end;
	__u32 host_at;
	__u32 host_end;
	__u32 stack[AXO_HTTP_DEPTH];
	__u16 pos;
	__u16 len;
	__u16 status;
	__u8 event;
	__u8 reason;
	__u8 mode;
	__u8 back;
	__u8 count;
	__u8 table;
	__u32 flags;
	__u8 dots;
	__u8 depth;
	__u8 deep;
	__u8 response;
	__u32 rule;
};

#define AXO_HTTP_NO_RULE 0xffffffffU

/**
 * struct axo_http_result - what is to be done with a request
 * @rule:    by enum axo_dir: number of the rule that allows it (struct axo_l7_candidate), or
 *           AXO_HTTP_NO_RULE
 * @chaos:   by enum axo_dir: mask of chaos filters that match (axo_chaos_rule.filter)
 * @log:     conditions with mismatch LOG of that rule that do not hold, of both directions
 * @method:  as in struct axo_http
 * @target_at, @target_end, @host_at, @host_end: as in struct axo_http
 * @head_len: bytes of the head
 * @denied:  the request is denied; then @reason
 * @reason:  enum axo_http_reason
 * @minor:   1 for HTTP/1.1, 0 for HTTP/1.0
 * @hold:    allowed, and asks for another protocol
 * @pad:     zero
 */
struct axo_http_result {
	__u32 rule[2];
	__u64 chaos[2];
	__u64 log;
	__u64 method;
	__u32 target_at;
	__u32 target_end;
	__u32 host_at;
	__u32 host_end;
	__u32 head_len;
	__u8 denied;
	__u8 reason;
	__u8 minor;
	__u8 hold;
};

/**
 * struct axo_http_conn - readers of a connection
 * @request:    by lane; @lanes of them are in use
 * @response:   of what the server sends
 * @result:     of the latest request head
 * @heads:      bit n: pending request n was a HEAD, the oldest is bit 0
 * @table:      by enum axo_dir: offset of the table, 0 = none
 * @generation: of the tables
 * @lanes:      how many
 * @lane_dir:   enum axo_dir of each
 * @pending:    requests without a final response
 * @enforce:    by enum axo_dir: its table has rules
 * @ready:      the readers have their tables
 * @pad:        zero
 */
struct axo_http_conn {
	struct axo_http request[AXO_L7_LANES];
	struct axo_http response;
	struct axo_http_result result;
	__u32 heads;
	__u32 table[2];
	__u32 generation[2];
	__u8 lanes;
	__u8 lane_dir[AXO_L7_LANES];
	__u8 pending;
	__u8 ready;
	__u8 enforce[2];
	__u8 pad[3];
};

/** struct axo_http_in - a chunk; 8 bytes may be read behind it: @bytes: from the packet */
struct axo_http_in {
	__u8 bytes[AXO_HTTP_CHUNK + 8];
};

#endif
