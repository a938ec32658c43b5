/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Views of the pool of HTTP tables: whole pages around the words that are asked for. */
#include "loader/l7_pool.h"

#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "axoneme/l7.h"

int l7_words_open(int fd, uint32_t at, uint32_t count, struct l7_words *view)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), begin = (size_t)at * sizeof(uint32_t);
	size_t first = begin / page * page, bytes = begin + count * sizeof(uint32_t) - first;
	void *pages;

	assert(count && at < AXO_L7_POOL_WORDS && count <= AXO_L7_POOL_WORDS - at);
	pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)first);
	if (pages == MAP_FAILED)
		return -errno;
	view->pages = pages;
	view->bytes = bytes;
	view->word = (uint32_t *)((char *)pages + (begin - first));
	return 0;
}

void l7_words_close(struct l7_words *view)
{
	if (view->pages)
		munmap(view->pages, view->bytes);
	view->pages = NULL;
	view->word = NULL;
}
