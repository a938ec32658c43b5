/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The log; see log.h.  A line is built in one buffer and written by one write(2). */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"

static enum log_level min_level = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* Behind this a value ends: an escape, the closing quote and the newline still fit. */
#define VALUE_END (sizeof(((struct line *)NULL)->buf) - 7)

struct line {
	char buf[2048];
	size_t len;
};

int log_level_from_str(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (!strcmp(name, level_names[i])) {
			*level = i;
			return 0;
		}
	}
	return -EINVAL;
}

void log_set_level(enum log_level level)
{
	min_level = level;
}

const char *log_num(long long n)
{
	static char bufs[8][24];
	static unsigned int next;
	char *buf = bufs[next++ % 8];
	snprintf(buf, sizeof(bufs[0]), "%lld", n);
	return buf;
}

/* The last bytes stay free for the newline. */
static void line_char(struct line *l, char c)
{
	if (l->len < sizeof(l->buf) - 2)
		l->buf[l->len++] = c;
}

static void line_text(struct line *l, const char *s)
{
	for (; *s; s++)
		line_char(l, *s);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool needs_quotes(const char *s)
{
	if (!*s)
		return true;
	for (; *s; s++)
		if (*s == ' ' || *s == '"' || *s == '=' || *s == '\\' || is_control(*s))
			return true;
	return false;
}

/* At most four characters. */
static void line_escaped(struct line *l, char c)
{
	char hex[8];

	if (c == '"' || c == '\\') {
		line_char(l, '\\');
		line_char(l, c);
	} else if (c == '\n') {
		line_text(l, "\\n");
	} else if (is_control(c)) {
		snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)c);
		line_text(l, hex);
	} else {
		line_char(l, c);
	}
}

static void line_value(struct line *l, const char *s)
{
	if (!needs_quotes(s)) {
		line_text(l, s);
		return;
	}
	/* A quote is opened only where it can be closed; an escape is never cut. */
	if (l->len >= VALUE_END)
		return;
	line_char(l, '"');
	for (; *s && l->len < VALUE_END; s++)
		line_escaped(l, *s);
	line_char(l, '"');
}

static void line_pair(struct line *l, const char *key, const char *value)
{
	if (l->len)
		line_char(l, ' ');
	line_text(l, key);
	line_char(l, '=');
	line_value(l, value ? value : "");
}

static void line_begin(struct line *l, enum log_level level, const char *msg)
{
	struct timespec now;
	struct tm tm;
	char stamp[32];
	char full[48];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(full, sizeof(full), "%s.%03ldZ", stamp, now.tv_nsec / 1000000);
	line_pair(l, "time", full);
	line_pair(l, "level", level_names[level]);
	line_pair(l, "msg", msg);
}

static void line_end(struct line *l)
{
	l->buf[l->len++] = '\n';
	/* A log that cannot be written has nowhere to say so. */
	if (write(STDERR_FILENO, l->buf, l->len) < 0)
		return;
}

void log_event(enum log_level level, const char *msg, ...)
{
	struct line l = {.len = 0};
	const char *key;
	va_list ap;

	if (level < min_level)
		return;
	line_begin(&l, level, msg);
	va_start(ap, msg);
	while ((key = va_arg(ap, const char *)))
		line_pair(&l, key, va_arg(ap, const char *));
	va_end(ap);
	line_end(&l);
}

int log_err(int err, const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	log_event(LOG_ERROR, msg, "err", strerror(abs(err)), NULL);
	return -abs(err);
}
