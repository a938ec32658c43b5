/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Log: one line per event to stderr, key=value.
 *
 *     time=2026-01-31T12:00:00.123Z level=info msg="endpoint added" id=7 addr=10.0.0.5
 *
 * The message is a constant sentence; facts follow as keys.  Values are quoted when they hold
 * a space, a quote, '=' or a control character (which is escaped), so a line is always one line.
 * Not thread-safe beyond one write(2) per line, which is atomic enough for stderr.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/** log_level_from_str - 0 and *level, or -EINVAL; names: debug info warn error */
int log_level_from_str(const char *name, enum log_level *level);

/** log_set_level - lines below @level are not written (default: info) */
void log_set_level(enum log_level level);

/**
 * log_event - write one line
 * @msg: what happened
 * @...: pairs of key (const char *) and value (const char *; NULL is shown as empty), then NULL
 *
 * Numbers go through log_num().
 */
void log_event(enum log_level level, const char *msg, ...) __attribute__((sentinel));

/** log_num - @n as text for log_event(); one of 8 rotating buffers, valid until the eighth next call */
const char *log_num(long long n);

/**
 * log_err - write one line of level error, with err= the text of errno @err (its sign is ignored)
 * Return: -abs(@err), so that a function ends with `return log_err(errno, "cannot open %s", path);`
 */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_event(LOG_DEBUG, __VA_ARGS__, NULL)
#define log_info(...) log_event(LOG_INFO, __VA_ARGS__, NULL)
#define log_warn(...) log_event(LOG_WARN, __VA_ARGS__, NULL)
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__, NULL)

#endif
