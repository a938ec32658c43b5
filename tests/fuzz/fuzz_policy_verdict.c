/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random policies: the compiler agrees with the reference.  The input is but the seed. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/policy-reference/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct compare_result r = {0};
	uint64_t seed = size;

	for (size_t i = 0; i < size && i < 64; i++)
		seed = (seed ^ data[i]) * 0x100000001b3ull;
	compare_seed(seed, &r);
	if (r.mismatches)
		abort();
	return 0;
}
